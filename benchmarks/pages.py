"""How long the pages of a workspace take: `uv run python benchmarks/pages.py`, after `make run`.

    uv run python benchmarks/pages.py --times 50
    uv run python benchmarks/pages.py --home DIR

Signs in to the workspace that runs at the home and opens each page over HTTP, one after the other. What a page loads by
itself when it opens, such as the tree of the catalog, counts as part of it; rows of a table, which Spark reads, don't.
Prints the median and the 95th percentile in milliseconds.
"""

import argparse
import html
import os
import re
import sys
import time
from pathlib import Path
from statistics import median, quantiles

import httpx
from machine import described

from caspers import config
from local_workspace.service import control

_DATA = "/explore/data"
PAGES = {
    "home": ["/"],
    "jobs": ["/jobs"],
    "job": ["/jobs", r"/jobs/\d+"],
    "job: tasks": ["/jobs", r"/jobs/\d+", r"/jobs/\d+/tasks"],
    "run": ["/jobs", r"/jobs/\d+", r"/jobs/\d+/runs/\d+"],
    "task's run": ["/jobs", r"/jobs/\d+", r"/jobs/\d+/runs/\d+", r"/jobs/\d+/runs/\d+"],
    "runs": ["/jobs/runs"],
    "pipelines": ["/pipelines"],
    "pipeline": ["/pipelines", r"/pipelines/[0-9a-f-]{36}"],
    "update": ["/pipelines", r"/pipelines/[0-9a-f-]{36}", r"/pipelines/.*/updates/.*"],
    "catalogs": [_DATA],
    "catalog": [_DATA, rf"{_DATA}/\w+"],
    "schema": [_DATA, rf"{_DATA}/\w+", rf"{_DATA}/\w+/lakeflow"],
    "table": [_DATA, rf"{_DATA}/\w+", rf"{_DATA}/\w+/lakeflow", rf"{_DATA}/\w+/lakeflow/all_events"],
    "table: details": ["table", r".*activeTab=details"],
    "table: history": ["table", r".*activeTab=history"],
    "table: lineage": ["table", r".*activeTab=lineage"],
    "table: permissions": ["table", r".*activeTab=permissions"],
    "view": [_DATA, rf"{_DATA}/\w+", rf"{_DATA}/\w+/ai", rf"{_DATA}/\w+/ai/.*_view"],
    "function": [_DATA, rf"{_DATA}/\w+", rf"{_DATA}/\w+/ai", rf"{_DATA}/functions/.*"],
    "model": [_DATA, rf"{_DATA}/\w+", rf"{_DATA}/\w+/ai", rf"{_DATA}/models/.*"],
    "model's version": ["model", rf"{_DATA}/models/.*/version/\d+"],
    "volume": [_DATA, rf"{_DATA}/\w+", rf"{_DATA}/\w+/simulator", rf"{_DATA}/volumes/.*"],
    "SQL editor": ["/sql/editor"],
    "query history": ["/sql/history"],
    "warehouses": ["/sql/warehouses"],
    "warehouse": ["/sql/warehouses", r"/sql/warehouses/\w+"],
    "endpoints": ["/ml/endpoints"],
    "endpoint": ["/ml/endpoints", r"/ml/endpoints/caspers_\w+"],
    "Lakebase": ["/lakebase"],
    "project": ["/lakebase", r"/lakebase/projects/\w+"],
    "database": ["project", r"/lakebase/projects/\w+/databases/.*"],
    "apps": ["/apps"],
    "app": ["/apps", r"/apps/[\w-]+"],
    "compute": ["/compute"],
    "engine": ["/compute", r"/compute/engines/spark"],
}
"""The pages: an address or the name of another page, then which link to follow from there, and so on."""

_LOADED = re.compile(r'hx-get="([^"]+)"[^>]*hx-trigger="load"')
_OF_SPARK = "/explore/sample/"


def opened(browser: httpx.Client, address: str) -> str:
    """The page at `address` with all that it loads by itself. Raises HTTPStatusError if a part is refused."""
    text = browser.get(address).raise_for_status().text
    waiting = _LOADED.findall(text)
    while waiting:
        part = html.unescape(waiting.pop())
        if not part.startswith(_OF_SPARK):
            answer = browser.get(part, headers={"HX-Request": "true"}).raise_for_status().text
            waiting += _LOADED.findall(answer)
            text += answer
    return text


def address(browser: httpx.Client, name: str) -> str:
    """The address of a page of PAGES. Raises LookupError if a page on the way has no such link."""
    start, *links = PAGES[name]
    at = address(browser, start) if start in PAGES else start
    for pattern in links:
        found = (html.unescape(link) for link in re.findall(r'href="([^"#]+)"', opened(browser, at)))
        here, at = at, next((link for link in found if link != at and re.fullmatch(pattern, link)), "")
        if not at:
            raise LookupError(f"{here} has no link {pattern}")
    return at


def timed(browser: httpx.Client, at: str) -> float:
    """Milliseconds to open a page."""
    started = time.perf_counter()
    opened(browser, at)
    return (time.perf_counter() - started) * 1000


def report(browser: httpx.Client, times: int) -> None:
    """Open each page `times` times and print the table."""
    print(f"{described()}, load {os.getloadavg()[0]:.1f}; each page {times} times")
    print(f"{'':22}{'median':>10}{'p95':>10}")
    for name in PAGES:
        try:
            at = address(browser, name)
        except LookupError as error:
            print(f"{name:22}{error}")
            continue
        found = [timed(browser, at) for _ in range(times)]
        worst = quantiles(found, n=20, method="inclusive")[-1]
        print(f"{name:22}{median(found):>7.0f} ms{worst:>7.0f} ms", flush=True)


def main(home: Path, times: int) -> None:
    """Sign in to the workspace at `home` and measure its pages. Exits if none runs there."""
    connection = control.find(home)
    if connection is None:
        sys.exit(f"No workspace runs at {home}. Start it with `make run`, then run this again.")
    host, accept = connection["DATABRICKS_HOST"], {"Accept": "text/html"}
    with httpx.Client(base_url=host, headers=accept, follow_redirects=True, timeout=300) as browser:
        browser.get(control.sign_in_link(connection)).raise_for_status()
        report(browser, times)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=config.load().home, help="default: %(default)s")
    parser.add_argument("--times", type=int, default=20, help="default: %(default)s")
    options = parser.parse_args()
    main(options.home, options.times)
