"""How fast and how good the agents are: `uv run python benchmarks/agents.py`, in a home of its own.

Creates the data, the pipeline and both agents, which takes minutes, then prints: seconds to recommend for the whole
backlog of delivered orders, set-wise, read and write included; milliseconds of an agent's endpoint for one order, calls
one after the other over a whole period of the replay's schedule, while the pipeline processes that period's new events;
and the share of the evaluation's scenarios that each scorer passed.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from statistics import quantiles

from machine import described
from targets import REPO

import caspers
from caspers.agents import ask, deploy
from caspers.platform.connect import Workbook
from caspers.runbook.plan import Plan, load_plan
from caspers.streams import refunds

TASKS = ("Canonical_Data", "Spark_Declarative_Pipeline", "Refund_Recommender_Agent", "Complaint_Agent")
WARM_UP, ORDERS = 100, 4000
"""Calls before the measured ones, and the number of orders that calls are about, in turn."""
AGENTS = {"refund_agent": "caspers_refund_agent", "complaint_agent": "caspers_complaint_agent"}
"""The endpoint of each agent's model."""


def bring_up(plan: Plan) -> Workbook:
    """Run TASKS of the plan in the home that the environment names; returns the workbook. Raises CalledProcessError."""
    for task in TASKS:
        print(f"{task} …", file=sys.stderr, flush=True)
        subprocess.run(
            [sys.executable, "runbook.py", "--target", plan.target, "--only", task],
            cwd=REPO,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    return caspers.connect(plan.parameters["CATALOG"])


def timed(call: Callable[[], object]) -> float:
    """Seconds of a call."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def backlog(ws: Workbook) -> tuple[int, float]:
    """Recommend for all delivered orders in one run without the agent: orders, and seconds."""
    from databricks.sdk.service.catalog import VolumeType

    ws.w.schemas.create(refunds.SCHEMA, ws.catalog)
    ws.w.volumes.create(ws.catalog, refunds.SCHEMA, refunds.VOLUME, VolumeType.MANAGED)
    seconds = timed(lambda: refunds.run(ws, AGENTS["refund_agent"], agent_orders=0))
    return ws.sql(f"SELECT count(*) AS orders FROM {ws.full_name(refunds.TABLE)}")[0]["orders"], seconds


def one_by_one(ws: Workbook, endpoint: str, period: float) -> list[float]:
    """Seconds of each call, for `period` seconds, about the orders delivered last. Raises RuntimeError if the agent did
    not answer one."""
    orders = cycle(ws.sql(f"SELECT order_id FROM {ws.full_name(refunds.TABLE)} ORDER BY order_ts DESC LIMIT {ORDERS}"))
    client = ask.client(ws.w)

    def call() -> None:
        order_id = next(orders)["order_id"]
        response = client.responses.create(
            model=endpoint,
            input=[{"role": "user", "content": "It took forever."}],
            extra_body={"custom_inputs": {"order_id": order_id}},
        )
        if response.custom_outputs["source"] != "agent":
            raise RuntimeError(f"{endpoint} about {order_id}: {response.custom_outputs}")

    for _ in range(WARM_UP):
        call()
    seconds, end = [], time.monotonic() + period
    while time.monotonic() < end:
        seconds.append(timed(call))
    return seconds


def scores(ws: Workbook, model: str) -> dict[str, float]:
    """The scores with which the model's champion passed its gate."""
    name = f"{ws.catalog}.ai.{model}"
    return json.loads(ws.mlflow.MlflowClient().get_model_version(name, deploy.champion(ws, name)).tags[deploy.SCORES])


def report(ws: Workbook, period: float) -> None:
    """Measure, an agent's calls for `period` seconds, and print the three tables."""
    print(described())
    orders, seconds = backlog(ws)
    print(f"backlog of {orders:,} delivered orders: {seconds:.1f} s")
    print(f"{'one order':18}{'calls':>9}{'p50':>9}{'p95':>9}{'p99':>9}")
    for model, endpoint in AGENTS.items():
        calls = one_by_one(ws, endpoint, period)
        cuts = quantiles(calls, n=100)
        found = (f"{cuts[share - 1] * 1000:>6.0f} ms" for share in (50, 95, 99))
        print(f"{model:18}{len(calls):>9}" + "".join(found), flush=True)
    table = {model: scores(ws, model) for model in AGENTS}
    print(f"{'scenarios passed':18}" + "".join(f"{name:>12}" for name in table["refund_agent"]))
    for model, found in table.items():
        print(f"{model:18}" + "".join(f"{share:>12.0%}" for share in found.values()))


if __name__ == "__main__":
    plan = load_plan(REPO / "databricks.yml", "all")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CASPERS_HOME"] = str(Path(folder) / "home")
        try:
            # From one run of the replay to the next: the calls meet one update of the pipeline, as in any period.
            report(bring_up(plan), period=60 * plan.parameters["SCHEDULE_MINUTES"])
        finally:
            subprocess.run(
                [sys.executable, "-m", "local_workspace", "destroy", "--home", os.environ["CASPERS_HOME"]], check=True
            )
