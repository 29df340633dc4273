import pytest

from local_workspace.pages.places import Place, of_message, of_position

PARSE = "[PARSE_SYNTAX_ERROR] Syntax error at or near 'FORM'. SQLSTATE: 42601 (line 2, pos 9)\n\n== SQL ==\n…"
PLAN = "[UNRESOLVED_COLUMN] … SQLSTATE: 42703; line 1 pos 7;\n'Project ['nope]"
ANALYSIS = "[UNRESOLVED_COLUMN] … SQLSTATE: 42703\n== SQL (line 1, position 8) ==\nSELECT nope FROM t\n       ^^^^"


@pytest.mark.parametrize(
    ("statement", "message", "place"),
    [
        ("SELECT *\nSELECT * FORM t", PARSE, Place(2, 10, "SELECT * ", "FORM t")),
        ("SELECT nope FROM t", ANALYSIS, Place(1, 8, "SELECT ", "nope FROM t")),
        ("SELECT nope FROM t", PLAN, Place(1, 8, "SELECT ", "nope FROM t")),
        ("SELECT 1", "The table is gone.", None),
        ("SELECT 1", PARSE, None),  # a line that the statement doesn't have
    ],
)
def test_the_place_is_that_which_spark_names(statement, message, place):
    assert of_message(statement, message) == place


def test_postgres_counts_characters_through_all_lines():
    assert of_position("SELECT 1,\n  nope", 13) == Place(2, 3, "  ", "nope")
    assert of_position("nope", 1) == Place(1, 1, "", "nope")
