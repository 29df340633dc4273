"""What a notebook's prose says about the notebook's code, where that is certainly not so."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from notebook_cells import Cell, cells_of, code, part, prose, source

REPO = Path(__file__).resolve().parents[2]
LAST = 10  # the highest number of a notebook
ORDERED = {
    "newest|latest|highest|largest|longest": r"\bDESC\b|reversed\(|ascending=False",
    "oldest|earliest|lowest|smallest|shortest": r"ORDER BY|sort_values\(|sorted\(|reversed\(",
}
"""Words that are followed by `first`, and what code has that orders like that."""
OTHERS = ("Databricks' own way", "If it doesn't work")
"""Parts whose names are Databricks' own, or those of errors."""
TOLD = ("lib/**/*.py", "lib/**/*.md", "app/**/*.py", "app/*.yaml", "pipelines/**/*.py", "docs/*.md", "databricks.yml")
"""Where a name that prose uses may be explained or defined, besides the notebook itself."""


def problems(path: Path) -> Iterator[str]:
    """What is wrong in the prose of one notebook."""
    cells = cells_of(path)
    yield from _sections(cells)
    yield from _notebooks(cells)
    yield from _orders(cells)
    yield from _numbers(cells)
    yield from _names(cells)


def _sections(cells: list[Cell]) -> Iterator[str]:
    """References to sections that there are not, or that do not have what they are said to have."""
    texts = _sections_of(cells)
    said = prose(cells)
    for number in sorted(set(re.findall(r"\b[Ss]ections? (\d+)(?! of \[?notebook)", said)), key=int):
        if number not in texts:
            yield f"its prose refers to section {number}, which it does not have"
    for name, number in re.findall(r"`(\w+)` in section (\d+)", said):
        if number in texts and name not in texts[number]:
            yield f"its prose says that {name} is in section {number}, where it is not"


def _sections_of(cells: list[Cell]) -> dict[str, str]:
    """The code in each numbered section, by its number."""
    found: dict[str, str] = {}
    number = ""
    for cell in cells:
        if cell["cell_type"] == "code":
            found[number] = found.get(number, "") + source(cell)
        for heading in re.findall(r"^## (.+)$", source(cell), re.M) if cell["cell_type"] == "markdown" else []:
            number = heading.partition(".")[0] if re.match(r"\d+\. ", heading) else ""
            found.setdefault(number, "")
    return found


def _notebooks(cells: list[Cell]) -> Iterator[str]:
    for number in sorted(set(re.findall(r"\bnotebooks? (\d+)\b", prose(cells))), key=int):
        if not 1 <= int(number) <= LAST:
            yield f"its prose refers to notebook {number}, which there is not"


def _orders(cells: list[Cell]) -> Iterator[str]:
    """Prose that says what comes first, between cells of code that put nothing in that order."""
    for place, cell in enumerate(cells):
        if cell["cell_type"] != "markdown":
            continue
        near = "".join(_shown(each) for each in (*code(cells[:place])[-1:], *code(cells[place:])[:1]))
        for words, orders in ORDERED.items():
            if (found := re.search(rf"(?i)\b({words}) first\b", source(cell))) and not re.search(orders, near):
                yield f"its prose says {found[0]}, but the code around it has no such order"


def _shown(cell: Cell) -> str:
    """A cell's code with what it shows, which may be the source of a function."""
    return source(cell) + json.dumps(cell.get("outputs", []))


def _numbers(cells: list[Cell]) -> Iterator[str]:
    """Numbers such as 40,000 that are neither in the notebook's code and outputs nor in the project."""
    here = "\n".join(map(_shown, code(cells)))
    for number in sorted(set(re.findall(r"(?<![\w.,])\d{1,3}(?:,\d{3})+\b", prose(cells)))):
        spelled = (number, number.replace(",", ""), number.replace(",", "_"))
        if not any(each in here or each in _known() for each in spelled):
            yield f"its prose says {number}, which is neither in its code and outputs nor in the project"


def _names(cells: list[Cell]) -> Iterator[str]:
    """Names in backticks, such as `ensure_job`, that are nowhere in the notebook's code and outputs or the project.

    A name that begins with `my_` is the reader's own.
    """
    said = prose(cells)
    for heading in OTHERS:
        said = said.replace(part(said, heading), "")
    here = set(re.findall(r"\w+", "\n".join(map(_shown, code(cells)))))
    for name in sorted(set(re.findall(r"`(?:\w+\.)*(\w*[a-z0-9]_\w+)(?:\(\))?`", said))):
        if not name.startswith("my_") and name not in here and name not in _known():
            yield f"its prose names `{name}`, which is neither in its code nor in the project"


@cache
def _known() -> frozenset[str]:
    """Every word of the project's code and documents."""
    files = [file for pattern in TOLD for file in REPO.glob(pattern)]
    return frozenset(word for file in files for word in re.findall(r"\w+", file.read_text(encoding="utf-8")))
