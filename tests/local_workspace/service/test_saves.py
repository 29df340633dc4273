import os
import socket

import pytest

from local_workspace.runtime.errors import SetupError
from local_workspace.runtime.home import open_home, write_atomically
from local_workspace.service import control, saves


def quiet(message):
    assert message


@pytest.fixture
def home(home_root):
    home = open_home(home_root)
    (home.tables / "t.parquet").write_bytes(b"rows" * 1000)
    (home.tables / "link").symlink_to("t.parquet")
    (home.root / "secrets.json").write_text("{}")
    (home.root / "secrets.json").chmod(0o600)
    return home


@pytest.fixture
def running(home, monkeypatch):
    monkeypatch.setattr(control, "is_running", lambda _: True)


def test_a_saved_home_comes_back_whole(home):
    saves.save(home.root, "first", quiet)
    (home.tables / "t.parquet").write_bytes(b"other")
    (home.tables / "new").touch()
    saves.load(home.root, "first", True, quiet)
    assert (home.tables / "t.parquet").read_bytes() == b"rows" * 1000
    assert not (home.tables / "new").exists()
    assert os.readlink(home.tables / "link") == "t.parquet"
    assert (home.root / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert home.root.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in home.root.parent.iterdir()) == ["home", "home.saved"]


def test_a_home_that_is_gone_comes_back(home):
    saves.save(home.root, "first", quiet)
    control.destroy(home.root)
    assert saves.names(home.root) == ["first"]
    saves.load(home.root, "first", False, quiet)
    assert (home.tables / "t.parquet").exists()
    open_home(home.root)


def test_what_belongs_to_processes_is_left_out(home):
    (home.run / "spark.pid").touch()
    with socket.socket(socket.AF_UNIX) as listener:
        place = os.getcwd()
        os.chdir(home.root)  # a socket's path must be short
        listener.bind("s")
        os.chdir(place)
    target = saves.save(home.root, "first", quiet)
    assert list((target / "run").iterdir()) == [] and not (target / "s").exists()


def test_a_running_workspace_is_neither_saved_nor_replaced(home, running):
    with pytest.raises(SetupError, match="Stop it first: python -m local_workspace down"):
        saves.save(home.root, "first", quiet)
    assert not saves.folder(home.root).exists()


def test_a_home_is_dropped_only_where_that_is_said(home):
    saves.save(home.root, "first", quiet)
    with pytest.raises(SetupError, match="Save it first, or drop it with --replace"):
        saves.load(home.root, "first", False, quiet)


def test_a_copy_that_fails_leaves_nothing_behind(home, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copystat", full)
    with pytest.raises(SetupError, match="No space left"):
        saves.save(home.root, "first", quiet)
    assert list(saves.folder(home.root).iterdir()) == []


@pytest.mark.parametrize("name", ["", ".hidden", "../up", "a/b", "a" * 65])
def test_a_name_stays_within_its_folder(home, name):
    with pytest.raises(SetupError, match="can't be the name"):
        saves.save(home.root, name, quiet)


def test_refusals_name_what_there_is(home, tmp_path):
    saves.save(home.root, "first", quiet)
    with pytest.raises(SetupError, match="saved already"):
        saves.save(home.root, "first", quiet)
    with pytest.raises(SetupError, match="Nothing is saved as second.*: first"):
        saves.load(home.root, "second", True, quiet)
    with pytest.raises(SetupError, match="no workspace home"):
        saves.save(tmp_path / "empty", "first", quiet)
    write_atomically(saves.folder(home.root) / "first" / "VERSION", "1")
    with pytest.raises(SetupError, match="written by version 1"):
        saves.load(home.root, "first", True, quiet)
