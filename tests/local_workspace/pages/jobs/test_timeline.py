"""Where the bars of a run's timeline stand."""

from local_workspace.engines.jobs.states import state, status
from local_workspace.pages.jobs.timeline import timeline


def task(key: str, start: int, end: int, attempt: int = 0) -> dict:
    ended = {"state": state("TERMINATED", "SUCCESS"), "status": status("TERMINATED", "SUCCESS"), "end_time": end}
    return {
        "task_key": key,
        "run_id": start,
        "attempt_number": attempt,
        "start_time": start,
        "began_at": start,
        **ended,
    }


def run(*tasks: dict, **more: object) -> dict:
    last = max(each["end_time"] for each in tasks)
    first = min(each["start_time"] for each in tasks)
    ended = {"state": state("TERMINATED", "SUCCESS"), "status": status("TERMINATED", "SUCCESS")}
    return {"job_id": 1, "run_id": 2, "start_time": first, "end_time": last, "tasks": list(tasks), **ended, **more}


def places(chart) -> dict[str, list[tuple[float, float]]]:
    return {lane.key: [(bar.left, bar.width) for bar in lane.bars] for lane in chart.lanes}


def test_tasks_stand_in_the_order_and_length_of_their_work():
    chart = timeline(run(task("late", 60_000, 100_000), task("early", 20_000, 60_000)))
    assert list(places(chart)) == ["early", "late"]
    assert places(chart) == {"early": [(0, 50)], "late": [(50, 50)]}
    labels = ["0 s", "15 s", "30 s", "45 s", "1m", "1m 15s"]
    assert [(tick.left, tick.label) for tick in chart.ticks] == [(18.75 * n, label) for n, label in enumerate(labels)]


def test_the_time_between_a_run_and_its_repair_is_left_out():
    tasks = task("a", 1000, 2000), task("a", 10_000_000, 10_001_000, attempt=1)
    ended = {"state": state("TERMINATED", "FAILED"), "status": status("TERMINATED", "FAILED")}
    history = [
        {"type": "ORIGINAL", "start_time": 1000, "end_time": 2000, **ended},
        {"type": "REPAIR", "id": 3, "start_time": 10_000_000, **ended},
    ]
    chart = timeline(run(*tasks, repair_history=history))
    assert places(chart) == {"a": [(0, 50), (50, 50)]} and chart.repairs == [50]


def test_a_task_of_a_moment_can_be_seen_and_one_that_never_began_has_no_bar():
    skipped = task("skipped", 100_000, 100_000)
    del skipped["began_at"]
    chart = timeline(run(task("long", 0, 100_000), task("short", 100_000, 100_000), skipped))
    left, width = places(chart)["short"][0]
    assert width > 0 and left + width <= 100 and places(chart)["skipped"] == []
