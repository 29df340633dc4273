"""The names of tables in queries."""

import pytest

from local_workspace.runtime.quoting import quoted
from local_workspace.workers.pipeline_names import key, names_in_sql, parts, renamed_sql


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("orders", ("kitchen", "orders")),
        ("Sales.Orders", ("sales", "orders")),
        ("`main`.`sales`.`Orders`", ("sales", "orders")),
        ("`a.b`.`c``d`", ("a.b", "c`d")),
        ("`my orders`", ("kitchen", "my orders")),
    ],
)
def test_a_dataset_has_one_key_however_it_is_spelled(name, found):
    assert key(name, "Kitchen") == found
    assert key(".".join(map(quoted, parts(name))), "Kitchen") == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SELECT * FROM a", ["a"]),
        ("FROM a SELECT *", ["a"]),
        ("TABLE a", ["a"]),
        ("SELECT * FROM s.a JOIN `c`.`s`.`b d` USING (id), `e`", ["a", "b d", "e"]),
        ("WITH t AS (SELECT * FROM a) SELECT * FROM t UNION ALL SELECT * FROM b", ["a", "b"]),
        ("SELECT * FROM x WHERE id IN (SELECT id FROM a) AND EXISTS (SELECT 1 FROM b)", ["a", "b", "x"]),
        ("SELECT (SELECT max(id) FROM a) FROM x, LATERAL (SELECT * FROM b WHERE b.id = x.id)", ["a", "b", "x"]),
        ("SELECT * FROM STREAM a, STREAM(s.b)", ["a", "b"]),
        ("SELECT a.* FROM x a -- FROM b\n WHERE y = 'FROM c'", ["x"]),
        ("SELECT * FROM a LATERAL VIEW explode(xs) t AS x", ["a"]),
    ],
)
def test_the_tables_of_a_query(query, found):
    known = {"a", "b", "c", "e", "x", "y", "t", "b d"}
    assert sorted({key(name, "")[1] for name in names_in_sql(query)} & known) == found


@pytest.mark.parametrize("query", ["SELECT * FROM IDENTIFIER('s.a')", "SELECT * FROM f(TABLE a)", "((no SQL a"])
def test_of_a_query_that_names_its_tables_in_another_way_each_word_counts(query):
    assert "a" in {key(name, "")[1] for name in names_in_sql(query)}


@pytest.mark.parametrize(
    ("query", "renamed"),
    [
        ("SELECT * FROM s.a JOIN `s`.b", "SELECT * FROM A JOIN `s`.b"),
        ("SELECT c.s.a.id, a.id FROM c . `s`.A -- s.a", "SELECT A.id, a.id FROM A -- s.a"),
        ("SELECT 's.a', 1.5, x.s.b FROM STREAM s.b, s.a", "SELECT 's.a', 1.5, x.s.b FROM STREAM s.b, A"),
        ("SELECT 1", "SELECT 1"),
    ],
)
def test_names_in_a_query_are_exchanged_and_nothing_else(query, renamed):
    assert renamed_sql(query, lambda name: "A" if key(name, "s") == ("s", "a") else None) == renamed
