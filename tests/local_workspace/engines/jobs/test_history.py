"""The runs that are remembered: which are listed, which are forgotten, and that copies are handed out."""

from pathlib import Path

import pytest

from local_workspace.engines.jobs.history import KEPT_RUNS, KIND, History, RunFilter
from local_workspace.engines.jobs.states import set_state
from local_workspace.runtime.errors import ApiError, StorageError, disk_full
from local_workspace.runtime.home import Home, open_home
from local_workspace.runtime.store import Store


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


@pytest.fixture
def store(home: Home):
    opened = Store(home.database)
    yield opened
    opened.close()


@pytest.fixture
def history(home: Home, store: Store) -> History:
    return History(home, store)


def run(run_id: int, job_id: int = 1, life_cycle: str = "TERMINATED", **more: object) -> dict:
    task = {"run_id": run_id + 10_000, "task_key": "t"}
    doc = {"run_id": run_id, "job_id": job_id, "run_type": "JOB_RUN", "start_time": run_id * 10, "tasks": [task]}
    set_state(doc, life_cycle, "" if life_cycle == "RUNNING" else "SUCCESS")
    return {**doc, **more}


def ids(runs: list[dict]) -> list[int]:
    return [each["run_id"] for each in runs]


def test_the_oldest_ended_runs_of_a_job_are_forgotten_with_their_notebooks(home, store):
    kept = (run(1, life_cycle="RUNNING"), run(2, job_id=2), *map(run, range(3, KEPT_RUNS + 3)))
    for each in kept:
        store.put(KIND, str(each["run_id"]), each)
    history = History(home, store)
    executed = home.runs / "3" / "t.ipynb"
    executed.parent.mkdir(parents=True)
    executed.write_text("{}")
    assert len(history.of_job(1)) == KEPT_RUNS + 1
    history.add(run(999))
    assert ids(history.of_job(1)) == [999, *range(KEPT_RUNS + 2, 3, -1), 1]  # the run that is active stays
    assert ids(history.of_job(2)) == [2]
    assert not executed.parent.exists()
    assert ids(History(home, store).of_job(1)) == ids(history.of_job(1))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (RunFilter(), [4, 3, 2, 1]),
        (RunFilter(job_id=2), [2]),
        (RunFilter(active=True), [3]),
        (RunFilter(active=False), [4, 2, 1]),
        (RunFilter(run_type="SUBMIT_RUN"), [4]),
        (RunFilter(start_time_from=20, start_time_to=30), [3, 2]),
        (RunFilter(start_time_to=0), []),
        (RunFilter(job_id=1, active=True, start_time_from=31), []),
    ],
)
def test_a_listing_has_the_runs_that_its_filter_allows(history, wanted, found):
    for each in (run(1), run(2, job_id=2), run(3, life_cycle="RUNNING"), run(4, run_type="SUBMIT_RUN")):
        history.add(each)
    assert ids(history.find(wanted)) == found


def test_a_run_is_changed_through_the_history_alone(history, home, store):
    history.add(run(1, life_cycle="RUNNING"))
    history.get(1)["job_id"] = 9
    history.of_job()[0]["tasks"].clear()
    assert history.get(1) == run(1, life_cycle="RUNNING")
    history.change(1, lambda found: set_state(found, "TERMINATED", "SUCCESS"))
    assert history.get(1)["state"]["result_state"] == "SUCCESS"
    assert History(home, store).get(1) == history.get(1)


def test_a_forgotten_run_is_not_found_and_not_brought_back_by_a_change(history):
    history.add(run(1))
    history.forget(1)
    history.forget(1)
    history.change(1, lambda found: found.clear())
    with pytest.raises(ApiError, match="Run 1 does not exist") as missing:
        history.get(1)
    assert missing.value.status == 404
    assert history.task(10_001) is None and history.of_job() == []


def test_a_task_is_found_by_its_own_run_id(history):
    history.add(run(1))
    history.add(run(2))
    assert history.task(10_002) == (run(2), run(2)["tasks"][0])
    assert history.task(2) is None


def test_pages_and_the_newest_runs_of_each_job(history):
    for each in (run(1), run(2, job_id=2), run(3), run(4, life_cycle="RUNNING"), run(5)):
        history.add(each)
    assert [ids(history.page(RunFilter(1), skip, 2)) for skip in (0, 2, 4)] == [[5, 4], [3, 1], []]
    assert ids(history.page(RunFilter(state="RUNNING"), 0, 9)) == [4]
    assert [len(history.page(RunFilter(1), 0, 1, tasks)[0]["tasks"]) for tasks in (True, False)] == [1, 0]
    assert ids(history.page(RunFilter(state="SUCCESS"), 0, 9)) == [5, 3, 2, 1]
    recent = history.recent(2)
    assert {job_id: ids(runs) for job_id, runs in recent.items()} == {1: [5, 4], 2: [2]}
    assert recent[2][0]["tasks"] == [] and history.get(2)["tasks"]


def test_what_the_disk_does_not_take_has_no_effect(history, store, monkeypatch):
    history.add(run(1, life_cycle="RUNNING"))

    def full(*_: object) -> None:
        raise disk_full()

    monkeypatch.setattr(store, "put", full)
    for call in (
        lambda: history.add(run(2)),
        lambda: history.change(1, lambda doc: set_state(doc, "TERMINATED", "SUCCESS")),
        lambda: history.replace(run(1)),
    ):
        with pytest.raises(StorageError):
            call()
    assert [(each["run_id"], each["state"]["life_cycle_state"]) for each in history.of_job()] == [(1, "RUNNING")]


def test_what_is_done_to_a_run_that_was_added_does_not_reach_the_history(history):
    added = run(1, life_cycle="RUNNING")
    history.add(added)
    added["run_page_url"], added["tasks"][0]["task_key"] = "http://127.0.0.1", "other"
    assert history.get(1) == run(1, life_cycle="RUNNING")
