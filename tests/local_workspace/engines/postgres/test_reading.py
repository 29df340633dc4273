"""What someone who looks at a database may run: one statement that changes nothing."""

from collections.abc import Iterator

import pytest
from psycopg.conninfo import make_conninfo

from lakebase_workspace import PROJECT, USER, LakebaseWorkspace
from local_workspace.engines.postgres.reading import StatementFailed, read


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakebaseWorkspace]:
    made = LakebaseWorkspace(tmp_path_factory.mktemp("reading") / "home")
    made.make_database()
    with made.connect() as connection:
        connection.execute("CREATE TABLE note AS SELECT 'kept' AS text")
    yield made
    made.close()


def test_values_come_as_postgres_writes_them(workspace):
    found = workspace.engine.read(
        PROJECT,
        "caspers",
        "SELECT 1.50 AS n, NULL AS u, ARRAY[1, 2] AS a, true AS t, '{\"x\": 1}'::jsonb AS j, 'é' AS e",
    )
    assert found.columns == ["n", "u", "a", "t", "j", "e"]
    assert (found.rows, found.more) == ([("1.50", None, "{1,2}", "t", '{"x": 1}', "é")], False)
    assert workspace.engine.read(PROJECT, "caspers", "SELECT current_user").rows == [(USER,)]


def test_no_more_rows_are_read_than_wanted(workspace):
    conninfo = make_conninfo(**workspace.engine.connection(PROJECT, "caspers"))
    found = read(conninfo, "SELECT generate_series(1, 100000000)", most=3)
    assert (found.rows, found.more) == ([("1",), ("2",), ("3",)], True)
    assert read(conninfo, "SELECT 1 WHERE false", most=3).rows == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("INSERT INTO note VALUES ('more')", "read-only transaction"),
        ("DELETE FROM note", "read-only transaction"),
        ("DO $$ BEGIN SET TRANSACTION READ WRITE; DELETE FROM note; END $$", "must be set before any query"),
        ("SELECT set_config('transaction_read_only', 'off', false), 1", "must be set before any query"),
        ("COMMIT; DELETE FROM note", "multiple commands"),
        ("SELECT 1; SELECT 2", "multiple commands"),
        ("COPY note TO STDOUT", "returns no rows"),
        ("SET search_path TO public", "returns no rows"),
        ("", "returns no rows"),
    ],
)
def test_what_writes_or_is_no_single_statement_is_refused(workspace, text, message):
    with pytest.raises(StatementFailed, match=message):
        workspace.engine.read(PROJECT, "caspers", text)
    with workspace.connect() as connection:
        assert connection.execute("SELECT text FROM note").fetchall() == [("kept",)]


def test_an_error_says_where_it_is(workspace):
    with pytest.raises(StatementFailed, match='column "txt" does not exist') as caught:
        workspace.engine.read(PROJECT, "caspers", "SELECT txt FROM note")
    assert caught.value.position == 8


def test_tables_and_views_are_listed_with_their_owners(workspace):
    with workspace.connect() as connection:
        connection.execute("CREATE VIEW notes AS SELECT * FROM note")
    found = workspace.engine.relations(workspace.engine.database(PROJECT, "caspers"))
    assert [(each.schema, each.name, each.kind, each.owner) for each in found] == [
        ("public", "note", "table", USER),
        ("public", "notes", "view", USER),
    ]
    assert found[0].size > 0 and found[1].rows is None
