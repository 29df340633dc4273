"""Jobs of several tasks as JSON, most without a notebook, and their runs."""

import json

from job_workspace import JobWorkspace

API = "/api/2.2/jobs"
FOREVER = "import threading\nthreading.Event().wait(600)"  # a notebook that has to be cancelled


def task(key: str, *needs: object, **more: object) -> dict:
    """A task; one that says nothing else is an update that succeeds."""
    kind = {} if any(name.endswith("_task") for name in more) else {"pipeline_task": {"pipeline_id": "COMPLETED"}}
    depends_on = [need if isinstance(need, dict) else {"task_key": need} for need in needs]
    return {"task_key": key, "depends_on": depends_on, **kind, **more}


def fails(key: str, *needs: object, **more: object) -> dict:
    return task(key, *needs, pipeline_task={"pipeline_id": "FAILED"}, **more)


def condition(key: str, left: str, op: str, right: str, *needs: object) -> dict:
    return task(key, *needs, condition_task={"op": op, "left": left, "right": right})


def when(key: str, outcome: str) -> dict:
    return {"task_key": key, "outcome": outcome}


def job(space: JobWorkspace, *tasks: dict, **settings: object) -> int:
    body = {"name": "control", "tasks": list(tasks), **settings}
    return space.w.api_client.do("POST", f"{API}/create", body=body)["job_id"]


def run(space: JobWorkspace, *tasks: dict, **settings: object) -> dict:
    """The run of a new job, as JSON, once it has ended."""
    return ended(space, space.w.jobs.run_now(job(space, *tasks, **settings)).run_id)


def ended(space: JobWorkspace, run_id: int) -> dict:
    space.end_of(run_id)
    return shown(space, run_id)


def shown(space: JobWorkspace, run_id: int, **query: object) -> dict:
    return space.w.api_client.do("GET", f"{API}/runs/get", query={"run_id": run_id, **query})


def results(found: dict) -> dict[str, str]:
    return {task["task_key"]: task["state"]["result_state"] for task in found["tasks"]}


def task_of(found: dict, key: str) -> dict:
    return next(task for task in found["tasks"] if task["task_key"] == key)


def loop(inputs: object, nested: dict, **more: object) -> dict:
    inputs = inputs if isinstance(inputs, str) else json.dumps(inputs)
    return {"for_each_task": {"inputs": inputs, "task": nested, **more}}
