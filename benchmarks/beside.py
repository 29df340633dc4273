"""This checkout beside another one: `uv run python benchmarks/beside.py CHECKOUT`, the other being set up too.

First the other, then this one, each in a home of its own: the target `all` in the empty home and again; an agent's
answers while all schedules run; ten minutes in which nobody asks anything; then, with the schedules paused, each
scheduled job alone, three times, the replay's first, which ends with the pipeline's update of what it wrote. Prints for
every figure the other's, this one's and their ratio. Both are asked by the same public API.
"""

import json
import subprocess
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles

from databricks.sdk import WorkspaceClient
from databricks.sdk.service import jobs
from databricks.sdk.service.pipelines import UpdateInfoState
from machine import described
from openai import OpenAI
from processor import Meter
from targets import REPO, gigabytes, run, service

ROUNDS, WARM_UP, ASKED_SECONDS, ORDERS, IDLE_SECONDS = 3, 100, 180, 1000, 600
"""Runs of each job; an agent's calls before the measured ones; how long is asked; how many orders are asked about; how
long nobody asks."""

type Figures = dict[str, float]
"""What was measured, by name."""


def measured(checkout: Path) -> Figures:
    """All figures of a checkout. Raises CalledProcessError if a target fails, RuntimeError if a job does."""
    python = checkout / ".venv" / "bin" / "python"
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        try:
            found: Figures = {}
            for name in ("empty home", "again"):
                done = run("all", home, checkout)
                found |= {f"{name}, seconds": done.seconds, f"{name}, processor seconds": sum(done.processor.values())}
                found |= {f"{name}, GB": done.gigabytes}
            client = _client(home)
            return found | _agent(client) | _idle(home) | _jobs(client, home)
        finally:
            subprocess.run([python, "-m", "local_workspace", "destroy", "--home", str(home)], cwd=checkout, check=True)


def _client(home: Path) -> WorkspaceClient:
    connection = json.loads((home / "connection.json").read_text())
    return WorkspaceClient(host=connection["DATABRICKS_HOST"], token=connection["DATABRICKS_TOKEN"], auth_type="pat")


def _agent(w: WorkspaceClient) -> Figures:
    """Milliseconds of the refund agent's answers about the latest orders, one after the other."""
    endpoint = next(each.name for each in w.serving_endpoints.list() if each.name and "refund" in each.name)
    warehouse = next(iter(w.warehouses.list())).id or ""
    catalog = next(each.name for each in w.catalogs.list() if each.name and each.name.startswith("casper"))
    latest = f"SELECT order_id FROM recommender.refund_recommendations ORDER BY order_ts DESC LIMIT {ORDERS}"
    answer = w.statement_execution.execute_statement(latest, warehouse, catalog=catalog, wait_timeout="50s")
    if answer.result is None or not answer.result.data_array:
        raise RuntimeError(f"No recommended orders: {answer.status}")
    orders = cycle(row[0] for row in answer.result.data_array)
    client = OpenAI(api_key=w.config.token or "", base_url=f"{w.config.host}/serving-endpoints")

    def ask() -> float:
        began = time.perf_counter()
        question = [{"role": "user", "content": "It took forever."}]
        client.responses.create(
            model=endpoint, input=question, extra_body={"custom_inputs": {"order_id": next(orders)}}
        )
        return 1000 * (time.perf_counter() - began)

    for _ in range(WARM_UP):
        ask()
    answers, end = [], time.monotonic() + ASKED_SECONDS
    while time.monotonic() < end:
        answers.append(ask())
    cuts = quantiles(answers, n=100)
    return {"agent p50, ms": cuts[49], "agent p95, ms": cuts[94]}


def _idle(home: Path) -> Figures:
    """Processor seconds and memory of a workspace of which only the schedules want something."""
    with Meter(lambda: service(home)) as meter:
        time.sleep(IDLE_SECONDS)
    used = meter.seconds()
    return {
        "idle, processor seconds": sum(used.values()),
        "idle, processor seconds of Spark": used["Spark"],
        "idle, GB": gigabytes(home),
    }


def _jobs(w: WorkspaceClient, home: Path) -> Figures:
    """Seconds and processor seconds of a run of each scheduled job, alone; the median of ROUNDS.

    The replay's processor seconds are those of its run and of the pipeline's update.
    """
    (pipeline,) = w.pipelines.list_pipelines()
    found = _scheduled(w)
    scheduled = sorted(found, key=lambda name: ("replay" not in name.lower(), "pipeline" not in name.lower()))
    _pause(w, list(found.values()))
    taken: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name in scheduled:
            if "replay" in name.lower():
                done, used, update = _replay(w, home, found[name], pipeline.pipeline_id or "")
                taken.setdefault("the update after it, seconds", []).append(update)
            else:
                with Meter(lambda: service(home)) as meter:
                    done = _run(w, found[name])
                used = sum(meter.seconds().values())
            taken.setdefault(f"{name}, seconds", []).append(((done.end_time or 0) - (done.start_time or 0)) / 1000)
            taken.setdefault(f"{name}, processor seconds", []).append(used)
    return {name: median(values) for name, values in taken.items()}


def _replay(w: WorkspaceClient, home: Path, job_id: int, pipeline_id: str) -> tuple[jobs.Run, float, float]:
    """A run of the replay, its processor seconds with those of the pipeline's update, and how long the update took.

    Nobody orders for some hours of a night, which are minutes here: a run that found no events to write is repeated.
    """
    events = home / "volumes" / "simulator" / "events"
    while True:
        known = set(events.iterdir())
        with Meter(lambda: service(home)) as meter:
            done = _run(w, job_id)
            if has_written := set(events.iterdir()) != known:
                update = _update_seconds(w, pipeline_id, since=done.start_time or 0)
        if has_written:
            return done, sum(meter.seconds().values()), update


def _run(w: WorkspaceClient, job_id: int) -> jobs.Run:
    done = w.jobs.run_now(job_id).result()
    if done.state is None or done.state.result_state is not jobs.RunResultState.SUCCESS:
        raise RuntimeError(f"{done.run_name}: {done.state}")
    return done


def _update_seconds(w: WorkspaceClient, pipeline_id: str, since: int) -> float:
    """Wait until an update that began after `since` (ms) is complete; returns how long it took."""
    while True:
        newest = (w.pipelines.list_updates(pipeline_id, max_results=1).updates or [])[0]
        if (newest.creation_time or 0) >= since and newest.state is UpdateInfoState.COMPLETED:
            return time.time() - (newest.creation_time or 0) / 1000
        time.sleep(0.1)


def _scheduled(w: WorkspaceClient) -> dict[str, int]:
    return {
        job.settings.name: job.job_id
        for job in w.jobs.list()
        if job.settings and job.settings.name and job.settings.schedule and job.job_id
    }


def _pause(w: WorkspaceClient, job_ids: list[int]) -> None:
    """Pause the schedules of jobs, and wait until none of them runs."""
    for job_id in job_ids:
        settings = w.jobs.get(job_id).settings
        if settings is None or settings.schedule is None:
            raise RuntimeError(f"Job {job_id} has no schedule.")
        settings.schedule.pause_status = jobs.PauseStatus.PAUSED
        w.jobs.update(job_id, new_settings=jobs.JobSettings(schedule=settings.schedule))
    for active in list(w.jobs.list_runs(active_only=True)):
        w.jobs.wait_get_run_job_terminated_or_skipped(active.run_id or 0)


if __name__ == "__main__":
    other = Path(sys.argv[1]).resolve()
    print(described())
    before = measured(other)
    print("before:", before, flush=True)  # not lost if the other half fails
    now = measured(REPO)
    print(f"{'':<60}{'before':>10}{'now':>10}{'ratio':>10}")
    for name in before:
        print(f"{name:<60}{before[name]:>10.2f}{now[name]:>10.2f}{now[name] / before[name]:>10.2f}")
