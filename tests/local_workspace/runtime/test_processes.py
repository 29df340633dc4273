import json
import os
import signal
import subprocess
import sys

import psutil
import pytest

from local_workspace.runtime.home import open_home
from local_workspace.runtime.prepared_python import ForkedProcess, PreparedPython
from local_workspace.runtime.processes import Child, Processes, await_ready, live_process, started
from waiting import eventually, has_ended

SLEEPER = [sys.executable, "-c", "import signal; signal.pause()"]


@pytest.fixture
def processes(home_root):
    return Processes(open_home(home_root))


def test_a_child_ends_with_its_whole_group(processes):
    code = (
        "import signal, subprocess, sys; "
        "subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']); "
        "print('up', flush=True); signal.pause()"
    )
    child = processes.spawn("pair", [sys.executable, "-c", code])
    await_ready(child, lambda: "up" in child.log.read_text(), "the pair")
    grandchild = psutil.Process(child.pid).children()[0]
    child.terminate()
    assert not child.alive()
    eventually(lambda: has_ended(grandchild))


def test_what_goes_on_after_its_leader_is_ended_too(processes):
    code = (
        "import subprocess, sys; "
        "left = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']); print(left.pid, flush=True)"
    )
    child = processes.spawn("leader", [sys.executable, "-c", code])
    child.wait()
    left = psutil.Process(int(child.log_tail()))
    child.terminate()
    eventually(lambda: has_ended(left))


def test_another_process_with_the_id_of_a_child_that_has_ended_is_left_alone(processes, tmp_path):
    other = processes.spawn("other", SLEEPER)
    ended = ForkedProcess(other.pid)
    ended.end(0)
    Child("ended", ended, other.log, tmp_path / "ended.pid").terminate()
    assert other.alive()
    other.terminate()


def test_a_group_of_which_only_ended_processes_are_left_is_no_error(processes, monkeypatch):
    """macOS answers PermissionError to a signal for such a group."""
    child, killpg = processes.spawn("ends", SLEEPER), os.killpg

    def as_on_macos(group: int, number: int) -> None:
        if number == signal.SIGKILL:
            raise PermissionError(1, "Operation not permitted")
        killpg(group, number)

    monkeypatch.setattr(os, "killpg", as_on_macos)
    child.terminate()
    assert not child.alive()


def test_a_child_that_dies_while_starting_is_an_error_with_its_last_words(processes):
    child = processes.spawn("broken", [sys.executable, "-c", "raise SystemExit('no such disk')"])
    with pytest.raises(RuntimeError, match="no such disk"):
        await_ready(child, lambda: False, "the broken one")


def test_a_child_that_never_gets_ready_is_an_error(processes):
    child = processes.spawn("slow", SLEEPER)
    with pytest.raises(RuntimeError, match="not ready within"):
        await_ready(child, lambda: False, "the slow one", timeout=0.3)
    child.terminate()


def test_what_a_killed_daemon_left_behind_is_ended(processes, home_root):
    child = processes.spawn("orphan", SLEEPER)
    assert Processes(open_home(home_root)).reap() == ["orphan"]
    child.wait(10)
    assert not child.alive()
    assert Processes(open_home(home_root)).reap() == []


def test_another_process_with_a_recycled_id_is_left_alone(processes, home_root):
    child = processes.spawn("mine", SLEEPER)
    mark = home_root / "run" / "mine.pid"
    mark.write_text(json.dumps({"pid": child.pid, "started": 1.0}))
    assert Processes(open_home(home_root)).reap() == []
    assert child.alive()
    child.terminate()


class EndsAtOnce(PreparedPython):
    """Starts what has ended, and is gone, before anybody can look at it."""

    def fork(self, argv, env, cwd, stdout=1, stderr=2):
        process = subprocess.Popen(argv, env=env, cwd=cwd, stdout=stdout, stderr=stderr)
        process.wait()
        return process


def test_a_fork_that_ends_at_once_is_a_child_nevertheless(home_root):
    child = Processes(open_home(home_root), EndsAtOnce(["this"])).spawn("gone", [sys.executable, "-m", "this"])
    assert child.wait() == 0
    assert "Zen" in child.log_tail()
    child.terminate()
    assert not list(open_home(home_root).run.glob("gone.pid"))


def test_a_process_is_known_after_the_clock_was_set(processes, monkeypatch):
    child = processes.spawn("sleeper", SLEEPER)
    process = psutil.Process(child.pid)
    since, boot, create_time = started(process), psutil.boot_time(), psutil.Process.create_time
    monkeypatch.setattr(psutil, "boot_time", lambda: boot + 3600)  # as Linux reckons it, from its clock
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: create_time(self) + 3600)
    assert live_process(child.pid, since) == process
    child.terminate()
    assert live_process(child.pid, since) is None
