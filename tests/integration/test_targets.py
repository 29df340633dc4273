"""Both targets from an empty home to nothing left, as a user would run them. The tests follow one another.

They run in a catalog of the user's own: the notebooks' own tests run in the default one.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest
from databricks.sdk import WorkspaceClient

from waiting import eventually, has_ended

REPO = Path(__file__).resolve().parents[2]
type Entries = dict[tuple[str, str], dict]

CATALOG = "my_kitchens"
IN_CATALOG = ["-p", f"CATALOG={CATALOG}"]
# Few orders; the notebooks run the replay themselves.
SMALL = [*IN_CATALOG, "-p", "START_DAY=6", "-p", "SCHEDULE_MINUTES=60"]
LAST_RUN = re.compile(r"last run (\w+)")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("targets") / "home"


@pytest.fixture(scope="module")
def environment(home):
    hidden = ("DATABRICKS_", "MLFLOW_", "SPARK_", "CASPERS_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
    return {**kept, "CASPERS_HOME": str(home)}


@pytest.fixture(scope="module", autouse=True)
def nothing_left(environment, home):
    yield
    if home.exists():
        subprocess.run([sys.executable, "-m", "local_workspace", "destroy", "--home", str(home)], check=True)


@pytest.fixture(scope="module")
def runbook(environment):
    def run(*arguments: str, code: int = 0) -> str:
        result = subprocess.run(
            [sys.executable, "runbook.py", *arguments],
            cwd=REPO,
            env=environment,
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert result.returncode == code, f"{arguments}\n{result.stdout}\n{result.stderr}"
        return result.stdout

    return run


@pytest.fixture(scope="module")
def exported(runbook) -> str:
    """The shell lines that point clients at the workspace."""
    return runbook("--env")


@pytest.fixture(scope="module")
def seen() -> list[Entries]:
    """What there was at the end of each test that looked: the next one begins with it."""
    return []


@pytest.fixture
def entries(runbook, seen) -> Callable[[], Entries]:
    def look() -> Entries:
        found = json.loads(runbook("--status", "--json", *IN_CATALOG))
        seen.append({(entry["type"], entry["name"].removeprefix(f"{CATALOG}.")): entry for entry in found})
        return seen[-1]

    return look


def of_type(found: Entries, kind: str) -> list[dict]:
    return [entry for (type_, _), entry in found.items() if type_ == kind]


def healthy(found: Entries) -> None:
    broken = [entry for entry in found.values() if entry["state"].startswith(("ERROR", "MISSING", "UNKNOWN"))]
    assert not broken
    assert {word for job in of_type(found, "job") for word in LAST_RUN.findall(job["state"])} == {"SUCCESS"}
    assert {endpoint["state"] for endpoint in of_type(found, "endpoint")} == {"READY"}
    assert [app["state"] for app in of_type(found, "app")] == ["RUNNING"]


def duplicates(uri: str, table: str, key: str) -> int:
    with psycopg.connect(uri) as connection:
        return connection.execute(f"SELECT count(*) - count(DISTINCT {key}) FROM {table}").fetchone()[0]


def test_default_makes_the_refund_track_and_no_complaint_object(runbook, entries):
    output = runbook("--target", "default", *SMALL)
    assert "Databricks_App_Refund_Manager" in output
    found = entries()
    healthy(found)
    assert not [name for _, name in found if name.lower().startswith("complaint") or "complaint" in name.lower()]
    assert len(of_type(found, "postgres_project")) == 1
    assert found["table", "recommender.refund_recommendations"]["rows"] > 1000


def test_all_adds_the_complaint_track_and_makes_nothing_of_the_refund_track_twice(runbook, entries, seen):
    before = seen[-1]
    runbook("--target", "all", *SMALL)
    found = entries()
    assert set(before) <= set(found)
    assert not [name for _, name in set(found) - set(before) if "refund" in name]
    healthy(found)
    assert len(of_type(found, "postgres_project")) == 2
    assert found["table", "complaints.complaint_responses"]["rows"] > 100
    assert len(of_type(found, "job")) == 5


def test_the_complaint_stream_again_makes_nothing_twice(runbook, entries, seen):
    before = seen[-1]  # the agent's notebook is like that of refunds, which `all` has run again after `default`
    runbook("--target", "all", "--from", "Complaint_Generator_Stream", *SMALL)
    after = entries()
    assert set(after) == set(before)
    healthy(after)
    uris = {entry["name"]: entry["url"] for entry in of_type(after, "postgres_project")}
    refunds = next(uri for name, uri in uris.items() if "refund" in name)
    complaints = next(uri for name, uri in uris.items() if "complaint" in name)
    assert duplicates(refunds, "recommender.refund_recommendations", "order_id") == 0
    assert duplicates(complaints, "complaints.complaint_responses", "complaint_id") == 0
    assert duplicates(complaints, "complaints.complaint_responses", "order_id") == 0


def test_the_official_clients_find_the_workspace_through_env(exported, environment):
    script = (
        "import os, mlflow; from databricks.sdk import WorkspaceClient; "
        "print([c.name for c in WorkspaceClient().catalogs.list()], "
        "sorted(m.name for m in mlflow.MlflowClient().search_registered_models()))"
    )
    shell = f"{exported}\nexec {sys.executable} -c '{script}'"
    result = subprocess.run(["bash", "-c", shell], env=environment, capture_output=True, text=True, check=True)
    assert f"['{CATALOG}']" in result.stdout and "refund_agent" in result.stdout


def test_the_scoring_job_looks_at_both_agents_calls_and_refuses_none(exported):
    variables = dict(re.findall(r"^export (\w+)=(\S+)$", exported, re.M))
    w = WorkspaceClient(host=variables["DATABRICKS_HOST"], token=variables["DATABRICKS_TOKEN"])
    job = next(iter(w.jobs.list(name=f"Agent Scoring ({CATALOG})")))
    run = w.jobs.run_now(job.job_id).result()  # raises if it fails
    scored = json.loads(w.jobs.get_run_output(run.tasks[0].run_id).notebook_output.result)
    assert set(scored) == {f"/Shared/caspers_{kind}_agent_{CATALOG}" for kind in ("refund", "complaint")}
    assert [sample["refused"] for sample in scored.values()] == [0, 0]


def test_stop_ends_everything_and_the_next_run_resumes_it(runbook, entries, seen, home):
    before = seen[-1]
    pid = json.loads((home / "connection.json").read_text())["pid"]
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    runbook("--stop")
    eventually(lambda: [process for process in family if not has_ended(process)], [])
    runbook("--status", code=1)

    runbook("--target", "all", "--only", "Databricks_App_Refund_Manager", *SMALL)
    after = entries()
    assert set(after) == set(before)
    assert of_type(after, "app")[0]["state"] == "RUNNING"
    assert {project["state"] for project in of_type(after, "postgres_project")} == {"ACTIVE"}


def test_destroy_leaves_nothing(runbook, home):
    pid = json.loads((home / "connection.json").read_text())["pid"]
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    runbook("--destroy", *IN_CATALOG)
    eventually(lambda: [process for process in family if not has_ended(process)], [])
    assert not home.exists()
    runbook("--destroy", *IN_CATALOG)
