import sys

import pytest

from disks import Disk
from local_workspace.engines.health import HealthEngine
from local_workspace.engines.health.usage import usages
from local_workspace.runtime.errors import ApiError
from local_workspace.runtime.home import open_home
from local_workspace.runtime.processes import Processes
from waiting import eventually

FAMILY = "import subprocess, sys; print('up', flush=True); subprocess.run([sys.executable, '-c', 'input()'])"


@pytest.fixture
def processes(home_root):
    made = Processes(open_home(home_root))
    yield made
    for each in made.spawned():
        each.child.terminate(grace=0)


def sleeper(processes, name, code="import signal; print('up', flush=True); signal.pause()"):
    child = processes.spawn(name, [sys.executable, "-c", code])
    eventually(lambda: child.log.read_text(), lambda text: "up" in text)
    return child


def health(processes, **more):
    return HealthEngine(processes.home, processes, more.get("states", {}), more.get("failures", {}), Disk().space)


def test_the_service_and_each_process_are_listed_with_what_they_use(processes):
    sleeper(processes, "spark")
    sleeper(processes, "app-desk")
    rows = health(processes, states={"spark": lambda: "starting"}).list()
    assert [(row["title"], row["state"]) for row in rows] == [
        ("Workspace service", "RUNNING"),
        ("Apache Spark", "STARTING"),
        ("App desk", "RUNNING"),
    ]
    assert all(row["memory_bytes"] > 1024**2 and row["started_at"] and row["processes"] == 1 for row in rows)


def test_a_restart_is_counted_and_a_task_that_has_ended_is_left_out(processes):
    for _ in range(2):
        sleeper(processes, "mlflow").terminate(grace=0)
    sleeper(processes, "run-1").terminate(grace=0)
    row = health(processes).list()[-1]
    assert (row["name"], row["state"], row["restarts"], row["started_at"]) == ("mlflow", "STOPPED", 1, None)


def test_what_a_process_has_started_counts_with_it(processes):
    child = sleeper(processes, "postgres-p", FAMILY.replace("input()", "import signal; signal.pause()"))
    eventually(lambda: usages([child.pid])[child.pid].processes, 2)


def test_an_engine_that_did_not_start_says_why(processes):
    rows = health(processes, failures={"postgres": "no disk"}).list()
    assert [(row["name"], row["state"], row["message"]) for row in rows[1:]] == [("postgres", "FAILED", "no disk")]


def test_the_end_of_a_log_is_shown(processes):
    sleeper(processes, "spark").log.write_text("x" * 300_000 + "last line")
    log = health(processes).log("spark")
    assert len(log) < 300_000 and log.endswith("last line")
    assert health(processes).log("workspace") == ""


@pytest.mark.parametrize("name", ["other", "../secrets", ""])
def test_there_is_no_log_of_anything_else(processes, name):
    with pytest.raises(ApiError, match="no engine"):
        health(processes).log(name)
