import os
import subprocess
import sys

import pytest

from local_workspace.kernel.volume_paths import VolumePaths
from local_workspace.runtime.home import Home

PROGRAM = """
import errno, glob, os, pathlib, shutil
from local_workspace.kernel import volume_paths
volume_paths.install()
root = pathlib.Path("/Volumes/main/sales/raw")
(root / "new").mkdir()
with open(root / "new" / "a.txt", "w") as file:
    file.write("salt")
assert os.listdir(str(root)) == ["new"] and os.path.exists(root / "new/a.txt")
assert glob.glob("/Volumes/main/sales/raw/**/*.txt", recursive=True) == ["/Volumes/main/sales/raw/new/a.txt"]
shutil.copy(root / "new/a.txt", root / "b.txt")
paths = str(root / "b.txt"), str(root / "c.txt")
for function in (os.rename, os.replace, os.link, os.symlink):
    for positional, named in ((paths, {}), (paths[:1], {"dst": paths[1]}), ((), {"src": paths[0], "dst": paths[1]})):
        try:
            function(*positional, **named)
        except OSError as error:
            assert (error.errno, error.filename, error.filename2) == (errno.ENOSYS, *paths)
        else:
            raise AssertionError(function)
os.mkdir(path=str(root / "named"))
os.rmdir(path=str(root / "named"))
shutil.move(root / "b.txt", root / "c.txt")
assert sorted(path.name for path in root.iterdir()) == ["c.txt", "new"] and (root / "c.txt").read_text() == "salt"
import pandas
pandas.DataFrame({"x": [1]}).to_csv(root / "d.csv", index=False)
assert pandas.read_csv("/Volumes/main/sales/raw/d.csv").x[0] == 1
shutil.rmtree(root / "new")
try:
    open(root / "c.txt", "a")
except OSError as error:
    print(error)
"""
ELSEWHERE = """
import os, pathlib, sys
from local_workspace.kernel import volume_paths
volume_paths.install()
folder = pathlib.Path(sys.argv[1])
(folder / "a").write_text("salt")
(folder / "b").symlink_to(folder / "a")
(folder / "c").hardlink_to(folder / "b")
(folder / "c").rename(folder / "d").replace(folder / "e")
os.rename(src=folder / "e", dst=folder / "f")
os.symlink(folder, folder / "g", True)
"""


def test_pythons_file_functions_reach_volumes(tmp_path):
    (tmp_path / "volumes/sales/raw").mkdir(parents=True)
    (tmp_path / "catalog").write_text("main")
    env = {**os.environ, "LOCAL_WORKSPACE_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert "Volumes take no appends or random writes" in done.stdout and "/Volumes/main/sales/raw/c.txt" in done.stdout
    assert sorted(os.listdir(tmp_path / "volumes/sales/raw")) == ["c.txt", "d.csv"]


def test_elsewhere_they_are_as_ever(tmp_path):
    env = {**os.environ, "LOCAL_WORKSPACE_HOME": str(tmp_path)}
    folder = tmp_path / "folder"
    folder.mkdir()
    subprocess.run([sys.executable, "-c", ELSEWHERE, folder], env=env, check=True)
    assert sorted(os.listdir(folder)) == ["a", "b", "f", "g"]
    assert (folder / "b").readlink() == folder / "a" and (folder / "g" / "f").read_text() == "salt"


@pytest.mark.parametrize(
    "path", ["/Volumes/other/sales/raw/a", "/Volumes/main/sales", "/tmp/a", "a", b"/Volumes/main/s/v", 3]
)
def test_other_paths_stay(tmp_path, path):
    (tmp_path / "catalog").write_text("main")
    assert VolumePaths(Home(tmp_path)).local(path) is path


def test_a_path_does_not_leave_its_volume(tmp_path):
    (tmp_path / "catalog").write_text("main")
    paths = VolumePaths(Home(tmp_path))
    assert paths.local("/Volumes/main/s/v/../../../../etc/passwd") == "/Volumes/main/s/v/../../../../etc/passwd"
    assert paths.local("/Volumes/MAIN/S/V/a b") == str(tmp_path / "volumes/s/v/a b")
