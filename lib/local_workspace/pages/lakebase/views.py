"""What the pages show of synced tables, arranged from what the engine says."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from local_workspace.engines.postgres import PostgresEngine, names


@dataclass(frozen=True)
class Synced:
    """A synced table: the versions of its Delta table that are visible and newest, and the newest one's times (ms).

    `lag` is how many milliseconds lie between a commit and the moment at which its rows could be read in Postgres.
    """

    id: str
    project: str
    database: str
    table: str
    key: str
    source: str
    state: str
    version: int | None
    newest: int | None
    committed: int | None
    visible: int | None
    lag: float | None
    rows: int
    left_out: int
    error: str

    @property
    def behind(self) -> int | None:
        """How many versions it is behind its source; None while that is unknown."""
        return None if self.version is None or self.newest is None else self.newest - self.version

    @property
    def query(self) -> str:
        """The page of its database, with a query of its rows."""
        text = quote(f"SELECT * FROM {self.table} LIMIT 100")
        return f"/lakebase/projects/{self.project}/databases/{names.dns_name(self.database)}?query={text}"

    @property
    def link(self) -> str:
        """The page of its source."""
        return f"/explore/data/{self.source.replace('.', '/')}"


def synced_tables(engine: PostgresEngine, project: str = "") -> list[Synced]:
    """The synced tables of a project, or of all."""
    found = [_synced(engine, name) for name in engine.synced.names()]
    return [each for each in found if project in ("", each.project)]


def _synced(engine: PostgresEngine, name: str) -> Synced:
    doc, progress = engine.synced.get(name)
    state = "FAILED" if progress.error else "PROVISIONING" if progress.version is None else "ONLINE"
    took = progress.ended - progress.committed if progress.ended and progress.committed and progress.rows else None
    return Synced(
        name,
        doc["project"],
        doc["database"],
        f"{doc['schema']}.{doc['table']}",
        ", ".join(doc["key"]),
        doc["source"],
        state,
        progress.version,
        engine.synced.newest(doc),
        _ms(progress.committed),
        _ms(progress.ended),
        took.total_seconds() * 1000 if took else None,
        progress.rows,
        progress.left_out,
        progress.error or "",
    )


def _ms(moment: datetime | None) -> int | None:
    return round(moment.astimezone(UTC).timestamp() * 1000) if moment else None
