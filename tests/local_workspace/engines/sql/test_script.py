from decimal import Decimal

import pytest

from local_workspace.engines.sql.script import markers, plain_catalog, statements, with_values
from local_workspace.runtime.errors import ApiError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (";; -- nothing\n;", []),
        ("SELECT 1", ["SELECT 1"]),
        (
            "-- first\nUSE SCHEMA a;\n\nSELECT ';' AS x, 1 /* ; */ + 2;",
            ["USE SCHEMA a", "SELECT ';' AS x, 1 /* ; */ + 2"],
        ),
        ("BEGIN DECLARE x INT; SELECT x; END", ["BEGIN DECLARE x INT; SELECT x; END"]),
        ("SELECT `a;b` FROM t; SELECT 2", ["SELECT `a;b` FROM t", "SELECT 2"]),
    ],
)
def test_statements_end_at_semicolons_outside_of_texts_names_and_comments(text, expected):
    assert statements(text) == expected


def test_a_text_without_end_is_an_error():
    with pytest.raises(ApiError, match="The SQL can't be read"):
        statements("SELECT 'a; SELECT 2")


def test_curly_parameters_are_literals():
    text = "USE CATALOG {{ catalog }}; SELECT {{n}}, {{name}}"
    values = {"catalog": "main", "n": Decimal("1.50"), "name": "O'Hare \\ x"}
    assert with_values(text, values) == "USE CATALOG 'main'; SELECT 1.50, 'O\\'Hare \\\\ x'"
    with pytest.raises(ApiError, match="'absent'"):
        with_values("SELECT {{absent}}", values)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("use catalog 'main'", "USE CATALOG `main`"),
        ("USE CATALOG main", "USE CATALOG main"),
        ("SELECT \"USE CATALOG 'main'\"", "SELECT \"USE CATALOG 'main'\""),
    ],
)
def test_a_catalogs_name_may_be_a_text(statement, expected):
    assert plain_catalog(statement) == expected


def test_a_statement_gets_the_values_that_it_reads():
    values = {"a": "1", "ab": "2", "c": "3"}
    assert markers("SELECT :a, x::c, :abc", values) == {"a": "1"}
