"""Random tables with random histories: what Delta holds after each is what Postgres holds, value by value.

SYNC_HISTORIES in the environment asks for more histories than CI runs.
"""

import base64
import json
import math
import os
import shutil
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import numpy as np
import psycopg
import psycopg.types.json
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lakebase_workspace import CDF, PROJECT, LakebaseWorkspace
from local_workspace.engines.sync.source import SYSTEM_COLUMNS, DeltaSource
from local_workspace.engines.sync.target import Target
from local_workspace.engines.sync.worker import SyncWorker

HISTORIES = int(os.environ.get("SYNC_HISTORIES", "60"))
OF_THE_CHANGE_FEED = {"_change_type", "_commit_version", "_commit_timestamp"}  # Delta takes no columns of these names

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
NAMES = st.text(
    st.characters(exclude_characters="\0 ,;{}()\n\t=", exclude_categories=["Cs"]), min_size=1, max_size=12
).filter(lambda name: name.lower() not in SYSTEM_COLUMNS | OF_THE_CHANGE_FEED)
LEAVES: dict[pa.DataType, st.SearchStrategy] = {
    pa.string(): TEXT,
    pa.int8(): st.integers(-(2**7), 2**7 - 1),
    pa.int16(): st.integers(-(2**15), 2**15 - 1),
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float32(): st.floats(width=32),
    pa.float64(): st.floats(),
    pa.bool_(): st.booleans(),
    pa.binary(): st.binary(max_size=8),
    pa.date32(): st.dates(),
    pa.timestamp("us", "UTC"): st.datetimes(timezones=st.just(UTC)),
    pa.timestamp("us"): st.datetimes(),
    pa.decimal128(38, 10): st.decimals(-(10**27), 10**27, allow_nan=False, allow_infinity=False, places=10),
}
KEYS = [pa.string(), pa.int32(), pa.int64(), pa.date32(), pa.float64(), pa.binary(), pa.timestamp("us", "UTC")]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakebaseWorkspace]:
    made = LakebaseWorkspace(tmp_path_factory.mktemp("any") / "home")
    made.make_database()
    yield made
    made.close()


@pytest.fixture(scope="module")
def connection(workspace: LakebaseWorkspace) -> Iterator[psycopg.Connection]:
    with workspace.engine.connect(PROJECT, "caspers") as opened:
        psycopg.types.json.set_json_loads(partial(json.loads, parse_float=Decimal), opened)
        yield opened


def kinds() -> st.SearchStrategy[pa.DataType]:
    """Any type; a timestamp without a zone only as a column, since deltalake writes none inside another type."""
    return st.sampled_from(list(LEAVES)) | nested(2)


def nested(depth: int) -> st.SearchStrategy[pa.DataType]:
    """Lists, structs and maps, up to `depth` of them around each other."""
    leaf = st.sampled_from([kind for kind in LEAVES if kind != pa.timestamp("us")])
    inner = leaf | nested(depth - 1) if depth > 1 else leaf
    fields = st.dictionaries(NAMES, inner, min_size=1, max_size=3)
    return st.one_of(
        inner.map(pa.list_),
        fields.map(lambda named: pa.struct(list(named.items()))),
        st.tuples(st.sampled_from([pa.string(), pa.int32(), pa.date32()]), inner).map(lambda pair: pa.map_(*pair)),
    )


def values_of(kind: pa.DataType) -> st.SearchStrategy:
    if pa.types.is_list(kind):
        value = st.lists(values_of(kind.value_type), max_size=3)
    elif pa.types.is_struct(kind):
        value = st.fixed_dictionaries({field.name: values_of(field.type) for field in kind})
    elif pa.types.is_map(kind):
        entries = st.dictionaries(LEAVES[kind.key_type], values_of(kind.item_type), max_size=3)
        value = entries.map(lambda named: list(named.items()))
    else:
        value = LEAVES[kind]
    return st.none() | value


@st.composite
def histories(draw: st.DrawFn) -> tuple[pa.Schema, list[list[tuple[str, dict]]]]:
    """A schema whose first column is the key, and batches of commits: rows to merge, keys to delete, overwrites."""
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique_by=str.lower))
    schema = pa.schema([(names[0], draw(st.sampled_from(KEYS))), *((name, draw(kinds())) for name in names[1:])])
    row = st.fixed_dictionaries({field.name: values_of(field.type) for field in schema})
    rows = st.lists(row, max_size=4, unique_by=lambda each: same(each[names[0]]))
    commit = st.tuples(st.sampled_from(["merge", "merge", "delete", "overwrite"]), rows)
    return schema, draw(st.lists(st.lists(commit, min_size=1, max_size=3), min_size=1, max_size=4))


def same(value: object) -> object:
    """A value as something that equals itself, and -0.0 as 0.0, as both databases compare keys."""
    return "NaN" if value != value else 0.0 if value == 0 and isinstance(value, float) else value


def written(state: dict[object, dict], kind: str, rows: list[dict], key: str) -> dict[object, dict]:
    """The table's rows by key after one commit; rows without a key don't count."""
    keyed = {same(row[key]): row for row in rows if row[key] is not None}
    if kind == "overwrite":
        return keyed
    if kind == "delete":
        return {each: row for each, row in state.items() if each not in keyed}
    return state | keyed


def commit(path: Path, schema: pa.Schema, state: dict[object, dict], kind: str, rows: list[dict], key: str) -> None:
    """Commit to the Delta table: a merge for what can be compared in SQL by deltalake, else an overwrite of all."""
    after = written(state, kind, rows, key)
    source = pa.Table.from_pylist(list(after.values()) + [row for row in rows if row[key] is None], schema)
    plain = pa.types.is_string(schema.field(key).type) or pa.types.is_integer(schema.field(key).type)
    if kind == "overwrite" or not plain or not all(map(str.isidentifier, schema.names)):
        write_deltalake(str(path), source, mode="overwrite", configuration=CDF)
        return
    merge = DeltaTable(str(path)).merge(
        pa.Table.from_pylist([row for row in rows if row[key] is not None], schema),
        f't."{key}" = s."{key}"',
        source_alias="s",
        target_alias="t",
    )
    if kind == "delete":
        merge.when_matched_delete().execute()
    else:
        merge.when_matched_update_all().when_not_matched_insert_all().execute()


def expected(value: object, kind: pa.DataType) -> object:
    """A value as psycopg gives it back from the column's Postgres type; nested values as JSON."""
    if kind == pa.float32() and value is not None:
        return float(f"{np.float32(value):.9g}")
    if value is None or not pa.types.is_nested(kind):
        return value
    return as_json(value, kind)


def as_json(value: object, kind: pa.DataType) -> object:
    if value is None:
        return None
    if pa.types.is_list(kind):
        return [as_json(each, kind.value_type) for each in value]
    if pa.types.is_struct(kind):
        return {field.name: as_json(value[field.name], field.type) for field in kind}
    if pa.types.is_map(kind):
        return {json_key(each, kind.key_type): as_json(item, kind.item_type) for each, item in value}
    if pa.types.is_floating(kind) and not math.isfinite(value):
        return json.dumps(value)
    if pa.types.is_binary(kind):
        return base64.b64encode(value).decode()
    if pa.types.is_date(kind):
        return value.isoformat()
    if pa.types.is_timestamp(kind):
        return value.replace(tzinfo=None).isoformat() + ("Z" if kind.tz else "")
    return value


def json_key(value: object, kind: pa.DataType) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def content(connection: psycopg.Connection, target: Target, schema: pa.Schema) -> list[tuple]:
    rows = connection.execute(
        psycopg.sql.SQL("SELECT {} FROM {}").format(
            psycopg.sql.SQL(", ").join(psycopg.sql.Identifier(name) for name in schema.names), target.name
        )
    ).fetchall()
    kinds = schema.types
    return [
        tuple(
            comparable(expected(value, kind) if kind == pa.float32() else value)
            for value, kind in zip(row, kinds, strict=True)
        )
        for row in rows
    ]


def comparable(value: object) -> object:
    """Something that equals itself and sorts: NaN, times before Python's years and JSON numbers included."""
    if isinstance(value, float):
        return repr(value + 0.0)
    if isinstance(value, datetime | date | Decimal | bytes | str):
        return repr(value.replace(tzinfo=None, fold=0)) if isinstance(value, datetime) else repr(value)
    return repr(json_numbers(value))


def json_numbers(value: object) -> object:
    """JSON with its numbers as Postgres compares them, by value, and its keys in order."""
    if isinstance(value, dict):
        return [(key, json_numbers(value[key])) for key in sorted(value)]
    if isinstance(value, list):
        return [json_numbers(each) for each in value]
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return (Decimal(repr(value)) if isinstance(value, float) else Decimal(value)).normalize() + 0
    return value


@settings(
    max_examples=HISTORIES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
    derandomize="SYNC_HISTORIES" not in os.environ,
)
@given(history=histories())
def test_postgres_holds_what_delta_holds(
    workspace: LakebaseWorkspace, connection: psycopg.Connection, tmp_path: Path, history
) -> None:
    schema, batches = history
    path = tmp_path / uuid.uuid4().hex
    write_deltalake(str(path), schema.empty_table(), configuration=CDF)
    key = schema.names[0]
    target = Target("any", f"t_{path.name}", [key])
    worker = SyncWorker("any.table", lambda: path, workspace.query, target, lambda: connection)
    state: dict[object, dict] = {}
    with connection.transaction():
        target.keep_positions(connection)
    for batch in batches:
        for kind, rows in batch:
            commit(path, schema, state, kind, rows, key)
            state = written(state, kind, rows, key)
        worker.catch_up(connection, path)
        wanted = [
            tuple(comparable(expected(row[field.name], field.type)) for field in schema) for row in state.values()
        ]
        assert sorted(content(connection, target, schema)) == sorted(wanted)
        connection.commit()
    assert DeltaSource(path, "any", workspace.query).version == DeltaTable(str(path)).version()
    connection.execute(psycopg.sql.SQL("DROP TABLE {}").format(target.name))
    connection.commit()
    shutil.rmtree(path)
