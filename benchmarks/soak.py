"""Whether a workspace that runs for weeks grows: `make soak`, in a home of its own.

    make soak                               45 minutes of rounds; the table build/soak.csv, and what grows
    make soak ROUNDS=3
    export PYTHONPATH=tests/support:tests/faults
    uv run benchmarks/soak.py --draw build/soak.csv --picture docs/soak.svg

It brings the target `all` up with few orders, and then goes round and round: each scheduled job once, side by side, the
pipeline's updates, the syncs; questions to an agent, SQL, pages. After each round the workspace's clock goes on by
three days: credentials and sessions expire, the housekeeping runs, files get as old as `VACUUM` wants them. A row of
the table says what the workspace then holds. Takes libfaketime and a C compiler.
"""

import argparse
import csv
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from statistics import median

import footprint
import httpx
import soak_report
from machine import described
from openai import OpenAI
from pages import opened
from processor import Meter
from targets import service

import fault_tools
from caspers import names
from caspers.agents import ask
from fault_plan import JUMP
from fault_tools import Clock
from fault_workspace import CATALOG, DOWN, JOBS, SMALL, Workspace
from local_workspace.runtime.home import write_atomically
from local_workspace.service import control
from waiting import eventually

REPO = Path(__file__).resolve().parents[1]
ORDER_HOURS = 3
"""Hours of orders that a round brings, as a run of the replay does with the parameters' defaults."""
STEP_HOURS = 72
"""By so much the clock goes on after a round: the thirty days that files of events and of Delta's log are kept pass
within the first third of forty rounds."""
_ASKED = 3  # questions, statements and pages of a round, of which the median counts
_SQL = f"SELECT location_id, count(*), sum(revenue) FROM {CATALOG}.lakeflow.gold_location_sales_hourly GROUP BY 1"
_ORDERS = f"SELECT order_id FROM {CATALOG}.recommender.refund_recommendations ORDER BY order_ts DESC LIMIT {_ASKED}"
_PAGES = ("/jobs/runs", "/pipelines", f"/explore/data/{CATALOG}/lakeflow/all_events")
_HOUSEKEEPING = "housekeeping"  # in the service's log, once it has been done


class ClockOfAll(Clock):
    """A clock that the JVM follows too, and with it the times of files."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables of `Clock`, and those of the JVM's library. Raises CalledProcessError if it can't be built."""
        library = REPO / "build" / "jvm_clock.so"
        source = Path(__file__).with_name("jvm_clock.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source], check=True)
        self._jumps.touch()
        found = super().environment
        return {**found, "LD_PRELOAD": f"{library}:{found['LD_PRELOAD']}", "JVM_CLOCK": str(self._jumps)}

    def jump(self, seconds: int) -> None:
        """Set the clock by so many seconds, and note when."""
        super().jump(seconds)
        write_atomically(self._jumps, f"{self._jumps.read_text()}{time.time():.0f} {self.ahead}\n")

    @property
    def _jumps(self) -> Path:
        return self.path.with_suffix(".jumps")


class Soaked(Workspace):
    """The workspace that goes round."""

    @property
    def clock(self) -> Clock:
        """The clock of its processes, beside the home."""
        return ClockOfAll(super().clock.path)

    @property
    def parameters(self) -> list[str]:
        """The parameters of its target."""
        return [*SMALL, "-p", f"SPEED_MULTIPLIER={ORDER_HOURS / STEP_HOURS}"]

    def go_on(self) -> None:
        """Let the clock go on, and wait for the housekeeping, which finds that out.

        Raises AssertionError if the JVM's has not: then no file gets old.
        """
        before = self._housekept()
        self.clock.jump(STEP_HOURS * 3600)
        eventually(lambda: self._housekept() > before, seconds=600)
        ahead = int(self._rows("SELECT unix_timestamp()")[0][0]) - time.time()
        assert abs(ahead - self.clock.ahead) < 60, f"Spark's clock is {ahead} s ahead, not {self.clock.ahead} s"

    def work(self) -> dict[str, float]:
        """A round of work: seconds of its parts, processor seconds. Raises AssertionError if something fails."""
        began = time.monotonic()
        with Meter(lambda: service(self.home)) as meter:
            found = {
                "jobs seconds": timed(lambda: self.run(*JOBS)),
                "tables and copies seconds": timed(lambda: eventually(self.behind, [], seconds=900, ignoring=DOWN)),
            }
            found |= {f"{name} seconds": median(timed(step) for step in steps) for name, steps in self._calls().items()}
        used = meter.seconds()
        jvm = used.pop(footprint.JVM, 0)
        found |= {"JVM processor": jvm, "others processor": sum(used.values())}
        return {"round seconds": time.monotonic() - began, **found}

    def _calls(self) -> dict[str, list[Callable[[], object]]]:
        orders = [order for (order,) in self._rows(_ORDERS)]
        return {
            "agent": [lambda order=order: self._ask(order) for order in orders],
            "SQL": [lambda: self._rows(_SQL)] * _ASKED,
            "page": [lambda: [opened(self._browser, page) for page in _PAGES]] * _ASKED,
        }

    def _ask(self, order_id: str) -> None:
        answer = self._agent.responses.create(
            model=names.shared_id("caspers_refund_agent", CATALOG),
            input=[{"role": "user", "content": "It took forever."}],
            extra_body={"custom_inputs": {"order_id": order_id}},
        )
        assert answer.custom_outputs["source"] == "agent", f"{order_id}: {answer.custom_outputs}"

    def _rows(self, statement: str) -> list[list[str]]:
        warehouse = next(iter(self.w.warehouses.list())).id
        answer = self.w.statement_execution.execute_statement(statement, warehouse, wait_timeout="50s")
        assert answer.result and answer.result.data_array, f"{statement}: {answer.status}"
        return answer.result.data_array

    def _housekept(self) -> int:
        return (self.home / "logs" / "workspace.log").read_text().count(_HOUSEKEEPING)

    @cached_property
    def _agent(self) -> OpenAI:
        return ask.client(self.w)

    @cached_property
    def _browser(self) -> httpx.Client:
        connection = control.find(self.home)
        browser = httpx.Client(
            base_url=connection["DATABRICKS_HOST"], headers={"Accept": "text/html"}, follow_redirects=True, timeout=300
        )
        browser.get(control.sign_in_link(connection)).raise_for_status()
        return browser


def timed(step: Callable[[], object]) -> float:
    """Seconds of a step."""
    began = time.monotonic()
    step()
    return time.monotonic() - began


def soak(workspace: Soaked, rounds: int, minutes: float, table: Path) -> None:
    """Go round until either is over, and write a row of `table` after each round."""
    began = time.monotonic()
    workspace.pause()
    with table.open("w", newline="") as file:
        for number in range(1, rounds + 1):
            row = {"round": number, "days": number * STEP_HOURS / 24, "load": os.getloadavg()[0]}
            row |= workspace.work()
            workspace.go_on()
            row |= footprint.disk(workspace.home) | footprint.processes(workspace.home)
            if number == 1:
                writer = csv.DictWriter(file, list(row))
                writer.writeheader()
            writer.writerow({name: round(value, 3) for name, value in row.items()})
            file.flush()
            print(f"round {number}: {row['round seconds']:.0f} s, load {row['load']:.1f}", flush=True)
            if time.monotonic() - began > 60 * minutes:
                return


def main(arguments: list[str]) -> None:
    """Soak a workspace, and draw; or draw what an earlier run has found."""
    options = _parser().parse_args(arguments)
    if not options.draw:
        if missing := fault_tools.missing([JUMP]):
            sys.exit("\n".join(missing))
        print(described(), flush=True)
        given: Path | None = options.home
        workspace = Soaked(given.resolve()) if given else Soaked.in_new_folder("caspers-soak-")
        workspace.command("up") if given else workspace.make()
        try:
            soak(workspace, options.rounds, options.minutes, options.csv)
        except BaseException:
            workspace.command("down")
            print(f"What happened is in the logs and runs of {workspace.home}, which is kept.", flush=True)
            raise
        workspace.command("down") if given else workspace.remove()
    soak_report.report(options.draw or options.csv, options.picture)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=45, help="default: 45")
    parser.add_argument("--rounds", type=int, default=10_000, help="at most so many; default: by the minutes alone")
    parser.add_argument("--csv", type=Path, default=REPO / "build" / "soak.csv", help="default: %(default)s")
    parser.add_argument("--picture", type=Path, help="where to draw")
    parser.add_argument("--draw", type=Path, help="draw and report the CSV of an earlier run, and do nothing else")
    parser.add_argument("--home", type=Path, help="go on with a home that is kept; default: a new one")
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
