import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from local_workspace.runtime import browser_modules, software
from local_workspace.runtime.browser_modules import PACKAGES, Package, fetch
from local_workspace.runtime.errors import SetupError

FILE = "META-INF/resources/webjars/crumb/1.0/index.js"


def jar(text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo(FILE), text)
    return content.getvalue()


@pytest.fixture
def one(monkeypatch):
    """One package, `crumb`, instead of those of the pages."""
    package = Package("crumb", "1.0", hashlib.sha256(jar("export {}")).hexdigest(), "index.js", "crumb")
    monkeypatch.setattr(browser_modules, "PACKAGES", (package,))


def repository(text: str):
    """Fetches a jar with `text` in it, whatever is wanted."""

    def retrieve(jars: list[str], folder: Path, what: str) -> None:
        assert jars == ["org.webjars.npm:crumb:1.0"]
        (folder / "crumb-1.0.jar").write_bytes(jar(text))

    return retrieve


def test_the_file_is_taken_out_of_its_jar_and_another_versions_folder_goes(one, tmp_path):
    (tmp_path / "browser-old").mkdir()
    fetch(tmp_path / "browser-new", repository("export {}"))
    assert [path.name for path in tmp_path.iterdir()] == ["browser-new"]
    assert {path.name: path.read_text() for path in (tmp_path / "browser-new").iterdir()} == {
        "crumb-1.0.js": "export {}"
    }


def test_a_jar_that_was_changed_is_refused_and_leaves_nothing_to_use(one, tmp_path):
    with pytest.raises(SetupError, match="org.webjars.npm:crumb:1.0 is not the file"):
        fetch(tmp_path / "browser-new", repository("alert(1)"))
    assert not (tmp_path / "browser-new").exists()


def test_a_repository_that_does_not_answer_says_so(one, tmp_path):
    def away(jars: list[str], folder: Path, what: str) -> None:
        raise SetupError(f"Could not fetch {what}; is the network reachable?")

    with pytest.raises(SetupError, match="the scripts of the workspace's pages; is the network reachable"):
        fetch(tmp_path / "browser-new", away)


def test_every_import_of_the_fetched_scripts_is_fetched_too():
    folder = software.ensure(print).browser_modules
    known = set(browser_modules.IMPORTS)
    for package in PACKAGES:
        for line in (folder / package.served).read_text().splitlines():
            if line.startswith("import ") and " from " in line:
                wanted = line.rpartition(" from ")[2].strip("'\"; ")
                assert wanted in known, f"{package.artifact} imports {wanted}"
