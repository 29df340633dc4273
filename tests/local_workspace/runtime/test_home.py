import pytest

from local_workspace.runtime import home as homes
from local_workspace.runtime.errors import SetupError
from local_workspace.runtime.home import open_home, write_atomically


def test_a_new_home_belongs_to_its_user_only(home_root):
    home = open_home(home_root)
    assert home.root.stat().st_mode & 0o077 == 0
    assert home.tables.is_dir() and home.volumes.is_dir()


def test_a_home_of_another_version_is_refused_and_left_alone(home_root):
    open_home(home_root)
    (home_root / "VERSION").write_text("99")
    with pytest.raises(SetupError, match="version 99.*LOCAL_WORKSPACE_HOME"):
        open_home(home_root)
    assert (home_root / "VERSION").read_text() == "99"


def test_a_directory_with_other_things_is_refused(home_root):
    home_root.mkdir()
    (home_root / "holiday.jpg").write_text("x")
    with pytest.raises(SetupError, match="no workspace home"):
        open_home(home_root)
    assert [path.name for path in home_root.iterdir()] == ["holiday.jpg"]


def test_a_path_that_sparks_metastore_does_not_take_is_refused(tmp_path):
    with pytest.raises(SetupError, match="has a ';'. Name another one"):
        open_home(tmp_path / "a;b")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_before_anything_is_written(home_root, monkeypatch):
    monkeypatch.setattr(homes, "MIN_FREE_BYTES", 2**80)
    with pytest.raises(SetupError, match="GiB are free"):
        open_home(home_root)
    assert not home_root.exists()


def test_a_write_that_fails_leaves_the_old_text(tmp_path):
    target = tmp_path / "a.json"
    write_atomically(target, "old")
    with pytest.raises(TypeError):
        write_atomically(target, 5)
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]
    assert target.stat().st_mode & 0o077 == 0
