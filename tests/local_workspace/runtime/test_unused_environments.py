"""Environments that nobody uses are removed; those in use are not."""

import os
import subprocess
import sys

import pytest
from filelock import FileLock

from local_workspace.runtime.unused_environments import UNUSED_DAYS, remove_unused, used

DAY = 86_400
NOW = 1_700_000_000.0


@pytest.fixture
def environment(tmp_path):
    """Makes an environment that was last used some days before NOW."""

    def make(name, days):
        place = tmp_path / name
        with used(place, lambda: NOW - days * DAY):
            (place / "bin").mkdir(parents=True)
        return place

    return make


def left(root):
    return sorted(path.name for path in root.iterdir() if path.is_dir())


def test_what_was_not_used_for_long_is_removed(tmp_path, environment):
    environment("old", UNUSED_DAYS + 1)
    environment("new", UNUSED_DAYS - 1)
    with used(environment("used", UNUSED_DAYS + 1), lambda: NOW):
        pass
    environment("a.unfinished", UNUSED_DAYS + 1)  # of a build that was killed
    remove_unused(tmp_path, lambda: NOW)
    assert left(tmp_path) == ["new", "used"]


def test_what_a_process_runs_from_stays(tmp_path, environment):
    place = environment("old", UNUSED_DAYS + 1)
    waiting = [sys.executable, "-c", "input()"]
    for command, variables in (([*waiting, str(place / "bin")], {}), (waiting, {"PATH": f"{place / 'bin'}:/bin"})):
        with subprocess.Popen(command, stdin=subprocess.PIPE, env=os.environ | variables) as process:
            remove_unused(tmp_path, lambda: NOW)
            process.communicate(b"\n")
        assert left(tmp_path) == ["old"]
    remove_unused(tmp_path, lambda: NOW)
    assert left(tmp_path) == []


def test_one_that_is_being_taken_stays(tmp_path, environment):
    place = environment("old", UNUSED_DAYS + 1)
    with FileLock(place.with_name("old.lock")):
        remove_unused(tmp_path, lambda: NOW)
    assert left(tmp_path) == ["old"]
