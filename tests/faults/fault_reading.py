"""Reads what a workspace holds — event files, Delta tables and their copies in Postgres — and says what differs."""

import json
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
from databricks.sdk import WorkspaceClient
from deltalake import DeltaTable

import fault_check as check
from fault_check import Event, Row, differences, doubled

COMPLAINT_RATE = 0.15
"""The default of databricks.yml, which the campaign leaves as it is."""
RECOMMENDATIONS, RESPONSES = "recommender.refund_recommendations", "complaints.complaint_responses"


@dataclass(frozen=True)
class Copy:
    """A synced table: `table` of Postgres project `project` follows the Delta table `source` by the key `key`."""

    project: str
    table: str
    source: str
    key: str


@dataclass(frozen=True)
class Finding:
    """How many rows each thing has, and what is wrong."""

    counts: dict[str, int]
    problems: list[str]


@dataclass(frozen=True)
class Files:
    """The lines of the event files: usable events, and how many others each file has."""

    events: list[Event]
    unusable: list[str]

    @property
    def names(self) -> set[str]:
        """The files' names."""
        return {*(event.file for event in self.events), *self.unusable}


@dataclass(frozen=True)
class Lakehouse:
    """The tables of a catalog, read without Spark; `w` says where they are."""

    w: WorkspaceClient
    catalog: str

    def rows(self, table: str, *columns: str) -> list[Row]:
        """The rows of the newest version of a table, in the order of `columns`, all if none are named."""
        content = self._delta(table).to_pyarrow_table(columns=list(columns) or None)
        return [tuple(map(_hashable, row.values())) for row in content.to_pylist()]

    def columns(self, table: str) -> list[str]:
        """The names of a table's columns."""
        return [field.name for field in self._delta(table).schema().fields]

    def version(self, table: str) -> int:
        """The newest version of a table."""
        return self._delta(table).version()

    def volume(self, name: str) -> Path:
        """The folder of a volume of the simulator's schema."""
        found = self.w.volumes.read(f"{self.catalog}.simulator.{name}").storage_location
        return Path((found or "").removeprefix("file:"))

    def files(self) -> Files:
        """What the event files hold now; names with an underscore are those of files that are being written."""
        events, unusable = [], []
        for path in sorted(self.volume("events").glob("[!_.]*.json")):
            for line in path.read_text(encoding="utf-8").splitlines():
                event = check.read_event(line, path.name)
                events.append(event) if event else unusable.append(path.name)
        return Files(events, unusable)

    def due(self) -> set[tuple[str, int]]:
        """Order and sequence of the dataset's events that a replay has to have written.

        Raises ValueError if it is within a batch, or beyond the dataset's last day.
        """
        misc = self.volume("misc")
        mark = json.loads((misc / "replay_watermark.json").read_text())
        table = pq.read_table(
            misc / "canonical_dataset" / "events.parquet", columns=["ts_seconds", "order_id", "sequence"]
        )
        seconds = table["ts_seconds"].to_pylist()
        midnight = min(seconds) // 86_400 * 86_400
        if mark["batch"] or mark["virtual"] > (max(seconds) - midnight) * 1000:
            raise ValueError(f"The replay has not come to rest within the dataset: {mark}")
        pairs = zip(table["order_id"].to_pylist(), table["sequence"].to_pylist(), strict=True)
        return {pair for pair, at in zip(pairs, seconds, strict=True) if (at - midnight) * 1000 <= mark["virtual"]}

    def _delta(self, table: str) -> DeltaTable:
        found = self.w.tables.get(f"{self.catalog}.{table}").storage_location
        return DeltaTable((found or "").removeprefix("file:"))


def _hashable(value: object) -> Hashable:
    return tuple(value) if isinstance(value, list) else value


def glance(lake: Lakehouse) -> Finding:
    """What must hold at any time, while work is in progress: nothing is doubled, and nothing comes from nowhere."""
    bronze = [key for (key,) in lake.rows("lakeflow.all_events", "event_id") if key]
    recommended, answered = lake.rows(RECOMMENDATIONS, "order_id"), lake.rows(RESPONSES, "complaint_id")
    complained = lake.rows("complaints.raw_complaints", "order_id")
    files = [event.event_id for event in lake.files().events]  # read last: they are ahead of all others
    keys = {
        "events": files,
        "bronze": bronze,
        "recommendations": recommended,
        "complaints": complained,
        "answers": answered,
    }
    problems = [problem for what, of in keys.items() for problem in doubled(what, of)]
    if strange := set(bronze) - set(files):
        problems.append(f"bronze: {len(strange)} events of no file, such as {min(strange)}")
    return Finding({what: len(of) for what, of in keys.items()}, problems)


@dataclass(frozen=True)
class Settled:
    """A lakehouse at rest, compared with what its event files lead to."""

    lake: Lakehouse

    @cached_property
    def files(self) -> Files:
        """What the event files hold."""
        return self.lake.files()

    @cached_property
    def delivered(self) -> list[Row]:
        """Order and time of each delivery."""
        return [(event.order_id, event.ts) for event in self.files.events if event.event_type == "delivered"]

    def tables(self) -> Iterable[tuple[str, Iterable[Row], list[Row], int | None]]:
        """Each table's name, the rows it has to have, those that it has, and how many values are its key."""
        yield from self._bronze()
        yield from self._medallion()
        yield from self._streams()

    def _bronze(self) -> Iterable[tuple[str, Iterable[Row], list[Row], int | None]]:
        events = self.files.events
        yield "events", self.lake.due(), [(event.order_id, event.sequence) for event in events], None
        rows = self.lake.rows("lakeflow.all_events")
        lines = [
            (
                event.event_id,
                event.event_type,
                event.ts,
                event.location_id,
                event.order_id,
                event.sequence,
                event.body,
                event.file,
            )
            for event in events
        ]
        yield "bronze", lines, [(*row[:7], _file(row[8])) for row in rows if row[7] is None], 1
        unusable = [(name,) for name in self.files.unusable]
        yield "bronze, unusable", unusable, [(_file(row[8]),) for row in rows if row[7] is not None], None
        found = self.lake.rows("lakeflow.quarantined_events", "source_file")
        yield "quarantine", unusable, [(_file(name),) for (name,) in found], None

    def _medallion(self) -> Iterable[tuple[str, Iterable[Row], list[Row], int | None]]:
        brands = dict(self.lake.rows("simulator.brands", "brand_id", "name"))
        items = check.items(self.files.events, brands)
        rows = self.lake.rows
        yield "silver", (item.row() for item in items), rows("lakeflow.silver_order_items"), None
        yield "gold orders", check.order_header(items), rows("lakeflow.gold_order_header"), 1
        yield "gold items", check.item_sales_day(items), rows("lakeflow.gold_item_sales_day"), 5
        yield "gold brands", check.brand_sales_day(items), rows("lakeflow.gold_brand_sales_day"), 2
        yield "gold locations", check.location_sales_hourly(items), rows("lakeflow.gold_location_sales_hourly"), 2

    def _streams(self) -> Iterable[tuple[str, Iterable[Row], list[Row], int | None]]:
        rows, created = self.lake.rows, {e.order_id: e.ts for e in self.files.events if e.event_type == "order_created"}
        yield "delivered orders", self.delivered, rows("recommender.delivered_orders", "order_id", "ts"), 1
        wanted = [(order, created.get(order)) for order, _ in self.delivered]
        yield "recommendations", wanted, rows(RECOMMENDATIONS, "order_id", "order_ts"), 1
        sampled = [(order, ts) for order, ts in self.delivered if check.complains(order, COMPLAINT_RATE)]
        yield "sampled orders", sampled, rows("complaints.sampled_orders", "order_id", "ts"), 1
        complaints = [(f"C-{order}", order) for order, _ in sampled if order in created]
        yield "complaints", complaints, rows("complaints.raw_complaints", "complaint_id", "order_id"), 1
        written = rows("complaints.raw_complaints", "complaint_id", "ts")
        yield "complaint inbox", written, rows("complaints.complaint_inbox", "complaint_id", "ts"), 1
        yield "answers", complaints, rows(RESPONSES, "complaint_id", "order_id"), 1


def verdict(lake: Lakehouse, copies: list[Copy]) -> Finding:
    """What a lakehouse at rest and its copies in Postgres hold, compared with the event files value by value."""
    counts, problems = {}, []
    for what, wanted, found, key in Settled(lake).tables():
        counts[what] = len(found)
        problems += differences(what, wanted, found, key)
    for copy in copies:
        columns = lake.columns(copy.source)
        columns.sort(key=lambda name, first=copy.key: name != first)
        found = copied(lake.w, copy, columns)
        counts[f"Postgres {copy.table}"] = len(found)
        problems += differences(f"Postgres {copy.table}", lake.rows(copy.source, *columns), found, 1)
    return Finding(counts, problems)


def copied(w: WorkspaceClient, copy: Copy, columns: list[str]) -> list[Row]:
    """The rows of a synced table in Postgres."""
    with connect(w, copy.project) as connection:
        return connection.execute(f"SELECT {', '.join(columns)} FROM {copy.table}".encode()).fetchall()


def connect(w: WorkspaceClient, project: str) -> psycopg.Connection:
    """A connection to the database of a Lakebase project that synced tables are in."""
    endpoint = f"projects/{project}/branches/production/endpoints/primary"
    host, _, port = w.postgres.get_endpoint(endpoint).status.hosts.host.partition(":")
    return psycopg.connect(
        host=host,
        port=int(port or 5432),
        dbname=w.postgres.get_catalog(f"catalogs/{project}").status.postgres_database,
        user=w.current_user.me().user_name,
        password=w.postgres.generate_database_credential(endpoint).token,
        sslmode="require",
        connect_timeout=20,
    )


def _file(address: Hashable) -> str:
    return str(address).rpartition("/")[2]
