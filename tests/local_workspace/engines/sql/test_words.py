import pytest

from local_workspace.engines.sql.words import first_word, is_query, leaves_session_alone


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("select 1", "SELECT"),
        ("\n\t SET x = 1", "SET"),
        ("/* SELECT */ USE s", "USE"),
        ("/**/SET x", "SET"),
        ("-- SELECT 1\n-- more\nRESET", "RESET"),
        ("-- goes on \\\nSELECT 1\nSET x", "SET"),
        ("((SELECT 1) UNION (SELECT 2))", "SELECT"),
        ("(/* a */ -- b\n VALUES (1))", "VALUES"),
        ("SELECT1", "SELECT"),
        ("`SELECT`", ""),
        ("/* a /* b */ SELECT 1 */ SET x", ""),
        ("/* never closed SELECT 1", ""),
        ("", ""),
        (";", ""),
    ],
)
def test_the_first_word_of_a_statement(statement, word):
    assert first_word(statement) == word


def test_a_long_comment_takes_no_time():
    assert first_word("/*" + " * / " * 100_000 + "*/ USE s") == "USE"
    assert first_word("(" * 100_000 + "/* SELECT") == ""


@pytest.mark.parametrize("statement", ["SELECT 1", "-- c\n(VALUES (1))"])
def test_what_begins_like_a_query_is_one(statement):
    assert is_query(statement) and leaves_session_alone(statement)


@pytest.mark.parametrize("statement", ["WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", "FROM t INSERT INTO u"])
def test_what_may_write_is_no_query(statement):
    assert not is_query(statement) and leaves_session_alone(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SET TIME ZONE 'Asia/Kolkata'",
        "RESET",
        "USE s",
        "CREATE TEMP VIEW v AS SELECT 1",
        "CREATE OR REPLACE TEMPORARY FUNCTION f AS 'c'",
        "DECLARE VARIABLE v INT",
        "BEGIN SET x = 1; END",
        "EXECUTE IMMEDIATE 'SET x = 1'",
        "CACHE TABLE t",
        "/* SELECT */ SET x = 1",
        "",
    ],
)
def test_what_could_change_a_session_does_not_leave_it_alone(statement):
    assert not leaves_session_alone(statement)
