import socket
import stat
import tempfile
from pathlib import Path

import pytest

from local_workspace.runtime import sockets
from local_workspace.runtime.errors import SetupError
from local_workspace.runtime.home import open_home

DEEP = Path(f"a folder of Zoë's {'è' * 60}") / f"Zoë #1, {'ß' * 30}"


@pytest.fixture
def temporary(tmp_path_factory, monkeypatch) -> Path:
    """The system's folder for temporary files, with a short path as on real systems."""
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        monkeypatch.setattr(tempfile, "tempdir", made)
        yield Path(made)


def test_sockets_of_a_short_home_lie_in_it(temporary):
    home = open_home(temporary / "home")
    assert home.socket("mlflow").parent == home.run
    assert home.socket("mlflow") != home.socket("endpoint-a-1")


def test_a_socket_of_a_home_with_a_long_path_can_be_opened_and_is_its_users_alone(tmp_path, temporary):
    home = open_home(tmp_path / DEEP)
    path = home.socket(f"endpoint-{'x' * 63}-1000")
    assert len(str(home.root)) > 150 and path.is_absolute() and path.parent.parent == temporary
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
    sockets.remove(home.run)
    sockets.remove(home.run)
    assert not path.parent.exists() and home.run.exists()


def test_a_kernels_sockets_lie_in_a_place_with_a_short_path(tmp_path, temporary, monkeypatch):
    assert sockets.temporary_parent() is None
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / DEEP))
    assert sockets.temporary_parent() == "/tmp"


def test_two_homes_have_two_folders(tmp_path, temporary):
    folders = {open_home(tmp_path / name / DEEP).socket("mlflow").parent for name in ("a", "b")}
    assert len(folders) == 2


def test_a_folder_that_others_may_write_is_refused(tmp_path, temporary):
    home = open_home(tmp_path / DEEP)
    home.socket("mlflow").parent.chmod(0o777)
    with pytest.raises(SetupError, match="open to others"):
        open_home(tmp_path / DEEP)


def test_a_link_in_the_folders_place_is_refused(tmp_path, temporary):
    home = open_home(tmp_path / DEEP)
    folder = home.socket("mlflow").parent
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(SetupError, match="someone else"):
        open_home(tmp_path / DEEP)
