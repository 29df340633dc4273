"""The tools of faults, as far as they are installed."""

import os
import shutil
import subprocess
import sys
import time

import psutil
import pytest

import fault_tools
from fault_plan import DISK_ERROR, JUMP, KILL
from fault_tools import Clock
from local_workspace.engines.postgres import account

NOW = "import time; print(time.time(), time.monotonic())"
SYNCING = """
import os, sys
with open(sys.argv[1], "wb") as file:
    while True:
        file.write(b"x")
        file.flush()
        try:
            os.fsync(file.fileno())
            print("synced", flush=True)
        except OSError as error:
            print(error, flush=True)
"""


def test_a_missing_tool_is_named_with_the_way_to_install_it(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert fault_tools.missing([KILL]) == []
    assert fault_tools.missing([DISK_ERROR]) == ["A disk that fails takes strace: apt-get install strace"]


def test_a_clock_jumps_on_and_back_for_the_processes_that_follow_it(tmp_path):
    if missing := fault_tools.missing([JUMP]):
        pytest.skip(missing[0])
    clock = Clock(tmp_path / "clock")
    before = now(clock)
    clock.jump(3600)
    later = now(clock)
    clock.jump(-4200)
    earlier = now(clock)
    assert 3600 <= later[0] - before[0] < 4000 and -4200 <= earlier[0] - later[0] < -3800
    assert before[1] < later[1] < earlier[1], "the monotonic clock goes on"


def test_a_process_that_becomes_another_user_s_follows_the_clock_too(tmp_path):
    if missing := fault_tools.missing([JUMP]):
        pytest.skip(missing[0])
    clock = Clock(tmp_path / "clock")
    command = account.as_account([shutil.which("date"), "+%s"])
    environment = {**os.environ, **clock.environment}
    clock.jump(3600)
    account.let_through(clock.path)
    clock.path.chmod(0o644)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert 3500 < int(done.stdout) - time.time() < 3700


def test_each_fsync_of_a_process_fails_for_a_while(tmp_path):
    if os.geteuid() or not shutil.which("strace"):
        pytest.skip("a disk that fails takes root and strace")
    command = [sys.executable, "-c", SYNCING, str(tmp_path / "file")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "synced\n"
        fault_tools.fail_to_sync(psutil.Process(process.pid), 1)
        for wanted in ("[Errno 5] Input/output error\n", "synced\n"):
            assert wanted in process.stdout
        process.kill()


def now(clock: Clock) -> list[float]:
    environment = {**os.environ, **clock.environment}
    done = subprocess.run([sys.executable, "-c", NOW], env=environment, capture_output=True, text=True, check=True)
    return [float(each) for each in done.stdout.split()]
