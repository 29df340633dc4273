"""What a served model's resources allow in SQL."""

import pytest

from local_workspace.engines.serving.access import Resources

NAMED = Resources(functions=frozenset({"cat.ai.get_order"}), tables=frozenset({"cat.gold.orders"}))


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        ("SELECT * FROM cat.ai.get_order('A')", None),
        ("SELECT * FROM ai.get_order('A')", None),
        ("SELECT * FROM get_order('A')", None),
        ("SELECT found.* FROM VALUES (1) AS wanted(thing), LATERAL get_order(wanted.thing) AS found", None),
        ("SELECT upper(id), unix_millis(ts) FROM gold.orders", None),
        ("WITH orders AS (SELECT 1) SELECT * FROM orders", None),
        ("SELECT * FROM Cat.Gold.Orders UNION ALL SELECT * FROM cat.gold.orders", None),
        ("SELECT * FROM get_customer('A')", "the function get_customer"),
        ("SELECT ai.secret(1)", "the function ai.secret"),
        ("SELECT found.* FROM VALUES (1) AS w(x), LATERAL get_customer(w.x) AS found", "the function get_customer"),
        ("SELECT * FROM orders", "the table orders"),
        ("SELECT * FROM other.gold.orders", "the table other.gold.orders"),
        ("WITH orders AS (SELECT 1) SELECT * FROM ai.orders", "the table ai.orders"),
        ("SELECT 1 WHERE EXISTS (SELECT * FROM gold.customers)", "the table gold.customers"),
        ("DELETE FROM gold.orders", "a statement that is no query"),
        ("SHOW TABLES", "a statement that is no query"),
        ("SELECT 1; SELECT 2", "a statement that is no query"),
        ("SELECT '", "a statement that is no query"),
    ],
)
def test_a_query_reads_what_is_named_and_nothing_else(statement, missing):
    assert NAMED.missing(statement, "cat", "ai") == missing


def test_two_models_may_use_what_either_names():
    both = NAMED | Resources(endpoints=frozenset({"llm"}), tables=frozenset({"cat.gold.items"}))
    assert both.endpoints == {"llm"} and both.tables == {"cat.gold.orders", "cat.gold.items"}


def test_the_resources_are_those_in_the_models_file(tmp_path):
    (tmp_path / "MLmodel").write_text("""
resources:
  api_version: '1'
  databricks:
    function: [{name: Cat.AI.get_order}]
    serving_endpoint: [{name: llm}]
    sql_warehouse: [{name: w-1}]
""")
    found = Resources.of_model(tmp_path)
    assert found == Resources(frozenset({"llm"}), frozenset({"w-1"}), frozenset({"cat.ai.get_order"}))
    (tmp_path / "MLmodel").write_text("flavors: {}")
    assert Resources.of_model(tmp_path) == Resources()
