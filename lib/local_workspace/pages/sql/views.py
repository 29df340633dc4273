"""What the pages show of a statement, arranged from what the engine says."""

from collections.abc import Sequence
from dataclasses import dataclass

from local_workspace.engines.sql import Entry, StatementsEngine
from local_workspace.engines.sql.columns import Column
from local_workspace.engines.sql.formats import TextRows
from local_workspace.pages import places
from local_workspace.pages.places import Place
from local_workspace.pages.sql import charts
from local_workspace.pages.sql.charts import Chart
from local_workspace.runtime.errors import ApiError

ROWS = 100  # on a page
_NUMBERS = {"BYTE", "SHORT", "INT", "LONG", "FLOAT", "DOUBLE", "DECIMAL"}
_IN_ORDER = {"DATE", "TIMESTAMP", "TIMESTAMP_NTZ"}


@dataclass(frozen=True)
class Table:
    """A page of a result: its rows and the number of the first, counted from 0, of `total`."""

    columns: Sequence[Column]
    rows: TextRows
    first: int
    total: int
    truncated: bool
    page: int

    @property
    def pages(self) -> int:
        """How many pages the result has."""
        return max(1, -(-self.total // ROWS))


@dataclass(frozen=True)
class Picture:
    """A chart of two columns, by their positions, and whether it is a line."""

    x: int
    y: int
    lines: bool
    chart: Chart | None
    drawn: int


@dataclass(frozen=True)
class Shown:
    """A statement with what came of it so far."""

    entry: Entry
    table: Table | None = None
    picture: Picture | None = None
    place: Place | None = None
    dropped: bool = False

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.entry.ended is None


def shown(engine: StatementsEngine, entry: Entry, page: int) -> Shown:
    """A statement with the rows of a page of its result."""
    place = places.of_message(entry.statement.text, entry.error) if entry.error else None
    table = _table(engine, entry, page)
    return Shown(entry, table, None, place, dropped=entry.state == "SUCCEEDED" and table is None)


def drawn(engine: StatementsEngine, entry: Entry, x: int | None, y: int | None, kind: str) -> Shown:
    """A statement with a chart of the columns at positions `x` and `y`; `kind` is bar, line, or empty for a guess."""
    table = _table(engine, entry, 0)
    if table is None:
        return Shown(entry, dropped=entry.state == "SUCCEEDED")
    across, up = _chosen(table.columns, x, y)
    points = _points(engine.rows(entry.statement_id, 0, charts.POINTS), across, up)
    lines = kind == "line" or (kind != "bar" and table.columns[across]["type_name"] in _IN_ORDER)
    return Shown(entry, table, Picture(across, up, lines, charts.draw(points, lines), len(points)))


def _table(engine: StatementsEngine, entry: Entry, page: int) -> Table | None:
    """A page of the result; None if there is none, or if it was dropped."""
    if entry.state != "SUCCEEDED":
        return None
    try:
        manifest = engine.manifest(entry.statement_id)
        rows = engine.rows(entry.statement_id, page * ROWS, ROWS)
    except ApiError:
        return None
    columns = manifest["schema"]["columns"]
    return Table(columns, rows, page * ROWS, manifest["total_row_count"], manifest["truncated"], page)


def _chosen(columns: Sequence[Column], x: int | None, y: int | None) -> tuple[int, int]:
    """The positions of the columns to draw: those that were chosen, else the first, and the first other number."""
    across = x if x is not None and x < len(columns) else 0
    numbers = [column["position"] for column in columns if column["type_name"] in _NUMBERS]
    other = next((position for position in numbers if position != across), across)
    return across, y if y is not None and y < len(columns) else other


def _points(rows: TextRows, x: int, y: int) -> list[tuple[str, float]]:
    """The values of the second column that are numbers, each with that of the first."""
    found = ((row[x], _number(row[y])) for row in rows)
    return [("NULL" if label is None else label, value) for label, value in found if value is not None]


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if abs(value) < 1e300 else None  # neither NaN nor infinite
