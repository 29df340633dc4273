"""The frame that every numbered notebook has, as `notebooks/template.ipynb` shows it; `make lint` checks it.

Run as a program it prints what differs, a line each, and ends with 1 if anything does.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

import notebook_outputs
import notebook_text
from notebook_cells import Cell, cells_of, code, part, prose, source, tags

REPO = Path(__file__).resolve().parents[2]
START = "00_start_here.ipynb"
TIMES = REPO / "docs/notebook_times.json"  # written by `make outputs`
LONGEST_CELL = 15  # lines of code
OPENING = ("What you'll do", "What you'll learn", "What you'll need")
CLOSING = (
    "What is running now",
    "Databricks' own way",
    "Exercises",
    "If it doesn't work",
    "Start this notebook again",
)
EXERCISES, CAUSES = 3, 3
TAGS = {"parameters", "solution", "hide-cell", "hide-input", "nbval-ignore-output"}
FOLDED = {"source_hidden": True, "outputs_hidden": True}


def problems(folder: Path) -> list[str]:
    """What differs from the template in the notebooks of a folder: `<file>: <problem>`, in their order."""
    numbered = sorted(path for path in folder.glob("[0-9][0-9]_*.ipynb") if path.name != START)
    frame = [*numbered, folder / "template.ipynb"]
    found = [f"{path.name}: {problem}" for path in frame for problem in _problems(path, numbered)]
    texts = [*sorted(folder.glob("*.ipynb")), *sorted(folder.glob("jobs/*.ipynb"))]
    return found + [f"{path.name}: {problem}" for path in texts for problem in _in_any(path)]


def _in_any(path: Path) -> Iterator[str]:
    """What is wrong in any notebook, also in the first and in those of jobs."""
    yield from _installs(cells_of(path))
    yield from _broken_links(path)
    yield from notebook_text.problems(path)
    yield from notebook_outputs.problems(path)


def _problems(path: Path, numbered: list[Path]) -> Iterator[str]:
    cells = cells_of(path)
    yield from _navigation(path, numbered, cells)
    yield from _opening(path, cells)
    yield from _headings(cells)
    yield from _code(cells)
    yield from _exercises(cells)
    yield from _closing(path, cells)


def navigation(path: Path, numbered: list[Path]) -> str:
    """The line of links that a numbered notebook has in its first and its last cell."""
    place = numbered.index(path) if path in numbered else None
    before = None if not place else numbered[place - 1].name
    after = None if place is None or path == numbered[-1] else numbered[place + 1].name
    links = [f"[← previous]({before})"] if before else []
    links += [f"[Start here]({START})"]
    links += [f"[next →]({after})"] if after else []
    return " · ".join(links)


def _navigation(path: Path, numbered: list[Path], cells: list[Cell]) -> Iterator[str]:
    line = navigation(path, numbered)
    for where, cell in (("first", cells[0]), ("last", cells[-1])):
        if line not in source(cell).splitlines():
            yield f"the {where} cell needs the line {line}"


def _opening(path: Path, cells: list[Cell]) -> Iterator[str]:
    first = source(cells[0])
    number = str(int(path.name[:2])) if path.name[:2].isdigit() else "N"
    if not first.startswith(f"# {number}. "):
        yield f"the first line must be a title, # {number}. …"
    took = json.loads(TIMES.read_text())["seconds"].get(path.stem)
    if not re.search(rf"^\*\*Time:\*\* {took} s to run, about \d+ minutes to read$", first, re.M):
        yield f"the first cell must say **Time:** {took} s to run, about … minutes to read; `make outputs` writes it"
    if "https://docs.databricks.com/" not in part(prose(cells), OPENING[-1]):
        yield f"## {OPENING[-1]} must link to Databricks' documentation of what is used"


def _headings(cells: list[Cell]) -> Iterator[str]:
    headings = re.findall(r"^## (.+)$", prose(cells), re.M)
    sections = [heading for heading in headings if re.match(r"\d+\. ", heading)]
    if [int(heading.partition(".")[0]) for heading in sections] != list(range(1, len(sections) + 1)) or not sections:
        yield f"its sections must be numbered from 1: {', '.join(sections)}"
    wanted = [*OPENING, *sections, *CLOSING]
    if headings != wanted:
        yield f"the headings are {', '.join(headings)}; they must be {', '.join(wanted)}"


def _code(cells: list[Cell]) -> Iterator[str]:
    for cell in code(cells):
        lines = source(cell).splitlines()
        if len(lines) > LONGEST_CELL:
            yield f"a cell has {len(lines)} lines, more than {LONGEST_CELL}: {lines[0]}"
    unknown = sorted({tag for cell in cells for tag in tags(cell)} - TAGS)
    if unknown:
        yield f"no notebook has the tags {', '.join(unknown)}"
    if sum("parameters" in tags(cell) for cell in code(cells)) != 1:
        yield "exactly one cell must be tagged parameters"
    text = "\n".join(map(source, code(cells)))
    if not 0 <= text.find("parameters.receive(globals())") < text.find("caspers.connect(CATALOG)"):
        yield "it must call parameters.receive(globals()), then caspers.connect(CATALOG)"


def _installs(cells: list[Cell]) -> Iterator[str]:
    first = source(code(cells)[0])
    if not 0 <= first.find("%pip install") < first.find("dbutils.library.restartPython()"):
        yield "its first code cell must install the project where it is missing, then restart Python"


def _exercises(cells: list[Cell]) -> Iterator[str]:
    solutions = [place for place, cell in enumerate(cells) if "solution" in tags(cell)]
    if len(solutions) != EXERCISES:
        yield f"it has {len(solutions)} cells tagged solution; it must have {EXERCISES}"
    for number, place in enumerate(solutions, 1):
        cell, task = cells[place], cells[place - 1]
        if f"**Exercise {number}.**" not in source(task) or task["cell_type"] != "markdown":
            yield f"before solution {number} there must be a cell with **Exercise {number}.** and the task"
        if cell["cell_type"] != "code" or "assert " not in source(cell):
            yield f"solution {number} must be code with an assert"
        if not re.search(r"\b(print|show\.\w+)\(", source(cell)):
            yield f"solution {number} must show what it found"
        if "hide-cell" not in tags(cell) or cell["metadata"].get("jupyter") != FOLDED:
            yield f"solution {number} must be tagged hide-cell and folded: {json.dumps({'jupyter': FOLDED})}"


def _closing(path: Path, cells: list[Cell]) -> Iterator[str]:
    text = prose(cells)
    running, own, _, causes, again = (part(text, heading) for heading in CLOSING)
    if not re.search(r"^> .*https://", own, re.M):
        yield f"## {CLOSING[1]} must be a quote (> …) with links"
    if len(re.findall(r"^- ", causes, re.M)) < CAUSES:
        yield f"## {CLOSING[3]} must list {CAUSES} causes (- …)"
    if f"uv run runbook.py --destroy --only {_task(path)}" not in again:
        yield f"## {CLOSING[4]} must say uv run runbook.py --destroy --only {_task(path)}"
    if f"{START}#glossary" not in text:
        yield f"it must link a term to {START}#glossary where that first appears"
    if not running.strip():
        yield f"## {CLOSING[0]} must say what runs"


def _task(path: Path) -> str:
    """The key of the task that runs a notebook, TASK for one that no task runs."""
    text = (REPO / "databricks.yml").read_text(encoding="utf-8")
    bundle = yaml.safe_load(text)
    tasks = [
        task
        for part in (bundle, *bundle["targets"].values())
        for job in part.get("resources", {}).get("jobs", {}).values()
        for task in job.get("tasks", [])
    ]
    keys = {Path(task["notebook_task"]["notebook_path"]).name: task["task_key"] for task in tasks}
    return str(keys.get(path.name, "TASK"))


def _broken_links(path: Path) -> Iterator[str]:
    """Links of a notebook to files that don't exist, or to headings that these don't have."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(cells_of(path))):
        if re.match(r"[a-z]+:", target) or target.startswith("/"):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists():
            yield f"its link {target} leads nowhere"
        elif anchor and anchor not in _anchors(file):
            yield f"its link {target} leads to no heading"


def _anchors(file: Path) -> set[str]:
    text = prose(cells_of(file)) if file.suffix == ".ipynb" else file.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)">', text))


if __name__ == "__main__":
    differences = problems(REPO / "notebooks")
    print("\n".join(differences) or "The notebooks follow the template.")
    sys.exit(1 if differences else 0)
