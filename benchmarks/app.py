"""Measures the Refund Manager's response times with a million recommendations.

    uv run benchmarks/app.py                     1,000,000 rows, 50 requests a second for 30 seconds
    uv run benchmarks/app.py --rows 60000 --rate 20 --seconds 10
    uv run benchmarks/app.py --keep              keep it running afterwards, to open it in a browser

It starts a temporary Postgres and the app of this repository on loopback, fills the synced table and the facts of the
orders, and sends requests at a fixed rate, whether or not earlier ones have been answered.
"""

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
from machine import described
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from local_workspace.engines.postgres.instance import Instance
from local_workspace.engines.postgres.programs import ADMIN
from local_workspace.runtime.home import open_home
from local_workspace.runtime.processes import Processes

APP = Path(__file__).parents[1] / "app"
PAGES = {
    "first page": "/",
    "overview": "/overview",
    "API: summary": "/api/summary",
    "API: list": "/api/recommendations",
    "API: open full refunds": "/api/recommendations?status=open&refund_class=full",
    "API: a city's, highest amount": "/api/recommendations?city=Chicago&sort=amount",
    "API: a city's, longest delivery": "/api/recommendations?city=Chicago&sort=minutes",
    "API: a brand's, from $5": "/api/recommendations?brand=Brand+7&min_usd=5",
    "API: words": "/api/recommendations?text=beyond+P99",
    "API: one order": "/api/orders/O0000400",
}
# Orders evenly spread over the last 90 days; one in five is late, one in a hundred very late.
_ROWS = """
CREATE SCHEMA recommender;
CREATE TABLE recommender.refund_recommendations (
    order_id text PRIMARY KEY, ts timestamptz, order_ts timestamptz, agent_response text, source text, model text);
INSERT INTO recommender.refund_recommendations
SELECT 'O' || lpad(n::text, 7, '0'), now(), now() - n * interval '90 days' / {rows},
       jsonb_build_object('refund_usd',
           CASE WHEN n % 100 = 0 THEN 25.5 + n % 40 WHEN n % 5 = 0 THEN 2.5 + n % 9 ELSE 0 END,
           'refund_class', CASE WHEN n % 100 = 0 THEN 'full' WHEN n % 5 = 0 THEN 'partial' ELSE 'none' END,
           'reason', format('Delivered in %s min, %s of the location''s P99 of 55.0.', 20 + n % 40,
                            CASE WHEN n % 100 = 0 THEN 'beyond' ELSE 'within' END))::text,
       CASE WHEN n % 5000 = 0 THEN 'agent' ELSE 'fallback' END, 'offline-policy'
FROM generate_series(1, {rows}) n;
"""
_FACTS = """
INSERT INTO refunds.cities SELECT c, 36.0, 55.0, 24.0, 5.0, 14.0
FROM unnest(ARRAY['San Francisco', 'Silicon Valley', 'Bellevue', 'Chicago']) c;
UPDATE refunds.queue SET facts_at = now(),
    city = (ARRAY['San Francisco', 'Silicon Valley', 'Bellevue', 'Chicago'])[1 + arrived % 4],
    brands = ARRAY['Brand ' || (1 + arrived / 4 % 24)], items = 1 + arrived % 5, total_usd = 25.5 + arrived % 40,
    minutes = 20 + arrived % 40, kitchen_minutes = 12 + arrived % 20, waiting_minutes = 2, road_minutes = 8,
    address = 'Address ' || arrived % 900000;
"""


@contextmanager
def running_app(rows: int) -> Iterator[str]:
    """Run the app with `rows` recommendations; yields its URL."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = open_home(Path(folder) / "home")
        server = Instance(home, Processes(home), "app", "you@localhost")
        server.rules = "hostssl all all 127.0.0.0/8 trust\n"
        server.start()
        try:
            uri = f"postgresql://{ADMIN}@{server.address.host}:{server.address.port}/{ADMIN}?sslmode=require"
            _step("rows written", lambda: _execute(uri, _ROWS.format(rows=rows)))
            with _app(uri) as url:
                http = httpx.Client(base_url=url, timeout=600)
                _step("queue filled", lambda: _await(http))
                _step("facts written", lambda: _execute(uri, _FACTS))
                _step("vacuumed", lambda: _execute(uri, "VACUUM ANALYZE"))
                yield url
        finally:
            server.stop()


async def load(url: str, rate: float, seconds: float) -> dict[str, list[tuple[float, int, int]]]:
    """Send the requests of PAGES in turn, `rate` a second; returns (milliseconds, status, bytes) of each by name."""
    found, running = defaultdict(list), set()
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        began = time.perf_counter()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            name = list(PAGES)[number % len(PAGES)]
            task = asyncio.create_task(_timed(http, PAGES[name], found[name]))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)
    return found


async def _timed(http: httpx.AsyncClient, path: str, into: list) -> None:
    began = time.perf_counter()
    answer = await http.get(path)
    into.append(((time.perf_counter() - began) * 1000, answer.status_code, len(answer.content)))


def report(found: dict[str, list[tuple[float, int, int]]]) -> None:
    """Print a line for each kind of request, and one for all of them."""
    print(f"{'':32}{'requests':>9}{'failed':>8}{'p50 ms':>9}{'p95 ms':>9}{'max ms':>9}{'kB':>7}")
    for name, results in [*found.items(), ("all", sum(found.values(), []))]:
        times = sorted(ms for ms, _, _ in results)
        p95 = statistics.quantiles(times, n=20)[-1]
        failed = sum(status != 200 for _, status, _ in results)
        size = max(length for _, _, length in results) / 1000
        print(f"{name:32}{len(times):9}{failed:8}{statistics.median(times):9.1f}{p95:9.1f}{times[-1]:9.1f}{size:7.1f}")


@contextmanager
def _app(uri: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    hidden = ("DATABRICKS_", "PG")
    env = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
    # No server listens at DATABRICKS_HOST: the queue does not need the lakehouse.
    env |= {
        "LAKEBASE_ENDPOINT": "none",
        "DATABRICKS_WAREHOUSE_ID": "none",
        "CATALOG": "none",
        "BENCHMARK_URI": uri,
        "DATABRICKS_HOST": "http://127.0.0.1:9",
        "DATABRICKS_TOKEN": "none",
    }
    server = subprocess.Popen([sys.executable, __file__, "--serve", str(port)], env=env, cwd=APP)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _serve(port: int) -> None:
    sys.path.insert(0, str(APP))
    import uvicorn
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.config import Config

    from refund_manager.main import create_app
    from refund_manager.postgres.database import Database
    from refund_manager.postgres.schema import REFUNDS

    workspace = WorkspaceClient(config=Config(retry_timeout_seconds=1))
    app = create_app(database=Database(REFUNDS, conninfo=os.environ["BENCHMARK_URI"]), workspace=workspace)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


def _await(http: httpx.Client) -> None:
    for attempt in Retrying(
        retry=retry_if_exception_type(httpx.HTTPError), wait=wait_fixed(0.2), stop=stop_after_delay(600), reraise=True
    ):
        with attempt:
            http.get("/api/health").raise_for_status()


def _execute(uri: str, statements: str) -> None:
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(statements)


def _step(name: str, work: Callable[[], None]) -> None:
    began = time.perf_counter()
    work()
    print(f"{name} in {time.perf_counter() - began:.1f} s", flush=True)


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return _serve(options.serve)
    print(described())
    with running_app(options.rows) as url:
        asyncio.run(load(url, 10, 5))  # warm-up: the first requests fill caches
        report(asyncio.run(load(url, options.rate, options.seconds)))
        if options.keep:
            input(f"{url} runs until you press Enter ")
    return None


if __name__ == "__main__":
    main()
