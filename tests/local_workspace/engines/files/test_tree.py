"""Files by the paths of the Files API."""

from pathlib import Path

import pytest

from local_workspace.engines.files import FileTree, check_length
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.partial_files import PartialFiles


class Folder(FileTree):
    """The files of one folder."""

    def __init__(self, root: Path) -> None:
        super().__init__(PartialFiles(root / "partial"))
        self._root = root

    def resolve(self, path: str) -> Path:
        return self._root.joinpath(*path.strip("/").split("/"))


def test_a_listing_leaves_out_what_is_gone(tmp_path):
    """A file may be deleted between the listing and the question for its size, as a link that leads nowhere is."""
    (tmp_path / "here").write_text("x")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert [entry["name"] for entry in Folder(tmp_path).list_directory("/")] == ["here"]


@pytest.mark.parametrize("path", ["/" + "é" * 126, "/a" * 101, f"/{'a' * 249}" * 9])
def test_a_path_that_no_file_system_takes_is_refused(path):
    with pytest.raises(ApiError, match="is too long") as refused:
        check_length(path)
    assert refused.value.status == 400


def test_a_long_path_is_taken():
    check_length("/" + "é" * 125)
    check_length("/a" * 100)
