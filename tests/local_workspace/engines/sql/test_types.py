"""The type and the text of one value of each kind, from a real Spark server."""

import pytest
from databricks.sdk import WorkspaceClient

# expression, type_name, type_text, text
VALUES = [
    ("double('NaN')", "DOUBLE", "DOUBLE", "NaN"),
    ("double('-Infinity')", "DOUBLE", "DOUBLE", "-Infinity"),
    ("1e16D", "DOUBLE", "DOUBLE", "1.0E16"),
    ("CAST(1.1 AS FLOAT)", "FLOAT", "FLOAT", "1.1"),
    ("CAST(1 AS TINYINT)", "BYTE", "TINYINT", "1"),
    ("CAST(1 AS SMALLINT)", "SHORT", "SMALLINT", "1"),
    ("1", "INT", "INT", "1"),
    ("1L", "LONG", "BIGINT", "1"),
    ("0.0000001BD", "DECIMAL", "DECIMAL(7,7)", "0.0000001"),
    ("true", "BOOLEAN", "BOOLEAN", "true"),
    ("'é'", "STRING", "STRING", "é"),
    ("current_user()", "STRING", "STRING", "you@localhost"),
    ("X'00FF'", "BINARY", "BINARY", "AP8="),
    ("NULL", "NULL", "VOID", None),
    ("DATE'0042-01-01'", "DATE", "DATE", "0042-01-01"),
    ("DATE'-0042-01-01'", "DATE", "DATE", "-0042-01-01"),
    ("TIMESTAMP'0042-01-01 00:00:00Z'", "TIMESTAMP", "TIMESTAMP", "0042-01-01T00:00:00.000Z"),
    ("TIMESTAMP'12345-01-01 00:00:00Z'", "TIMESTAMP", "TIMESTAMP", "+12345-01-01T00:00:00.000Z"),
    ("TIMESTAMP'2024-01-01 00:00:00.123456Z'", "TIMESTAMP", "TIMESTAMP", "2024-01-01T00:00:00.123456Z"),
    ("TIMESTAMP_NTZ'2024-01-01 00:00:00'", "TIMESTAMP_NTZ", "TIMESTAMP_NTZ", "2024-01-01T00:00:00.000"),
    ("array(double('NaN'), 1D)", "ARRAY", "ARRAY<DOUBLE>", '["NaN",1.0]'),
    ("array(DATE'2024-01-01')", "ARRAY", "ARRAY<DATE>", '["2024-01-01"]'),
    ("array()", "ARRAY", "ARRAY<VOID>", "[]"),
    ("map()", "MAP", "MAP<VOID, VOID>", "{}"),
    ("map(1, 'a')", "MAP", "MAP<INT, STRING>", '{"1":"a"}'),
    ("map('k', array(1, NULL))", "MAP", "MAP<STRING, ARRAY<INT>>", '{"k":[1,null]}'),
    (
        "named_struct('b', X'00FF', 'd', 1.10BD, 'at one', TIMESTAMP_NTZ'2024-01-01 00:00:00')",
        "STRUCT",
        "STRUCT<b: BINARY, d: DECIMAL(3,2), `at one`: TIMESTAMP_NTZ>",
        '{"b":"AP8=","d":1.10,"at one":"2024-01-01T00:00:00.000"}',
    ),
    ("parse_json('{\"a\": [1, null]}')", "VARIANT", "VARIANT", '{"a":[1,null]}'),
    ("array(parse_json('1'))", "ARRAY", "ARRAY<VARIANT>", "[1]"),
    ("array(INTERVAL '1' MONTH)", "ARRAY", "ARRAY<INTERVAL MONTH>", "[\"INTERVAL '1' MONTH\"]"),
]
INTERVALS = [
    "INTERVAL '1' DAY",
    "INTERVAL '-1 02' DAY TO HOUR",
    "INTERVAL '1 02:03' DAY TO MINUTE",
    "INTERVAL '-1 02:03:04.5' DAY TO SECOND",
    "INTERVAL '26' HOUR",
    "INTERVAL '2:03' HOUR TO MINUTE",
    "INTERVAL '2:03:04' HOUR TO SECOND",
    "INTERVAL '3' MINUTE",
    "INTERVAL '3:04.000001' MINUTE TO SECOND",
    "INTERVAL '4' SECOND",
    "INTERVAL '62.25' SECOND",
    "INTERVAL '0' DAY",
    "INTERVAL '2' YEAR",
    "INTERVAL '-1-2' YEAR TO MONTH",
    "INTERVAL '14' MONTH",
    "make_interval(1, 2, 3, 4, 5, 6, 7.5)",
    "make_interval(0, -1, 0, 0, -1, 0, -0.5)",
]


@pytest.fixture(scope="module")
def answer_of(workspace, spark):
    w = WorkspaceClient(host=workspace["DATABRICKS_HOST"], token=workspace["DATABRICKS_TOKEN"])
    created = w.warehouses.create(name="types", cluster_size="2X-Small")
    # Not by the SDK's own call, which drops the names of types that it doesn't know.
    body = {"warehouse_id": created.id, "wait_timeout": "50s"}
    yield lambda query, **more: w.api_client.do(
        "POST", "/api/2.0/sql/statements", body={**body, "statement": query, **more}
    )
    w.warehouses.delete(created.id)


def test_each_type_has_its_names_and_text(answer_of):
    answer = answer_of("SELECT " + ", ".join(expression for expression, *_ in VALUES))
    shown = answer["manifest"]["schema"]["columns"]
    found = zip(VALUES, shown, answer["result"]["data_array"][0], strict=True)
    assert [(value[0], column["type_name"], column["type_text"], text) for value, column, text in found] == VALUES


def test_intervals_are_what_cast_makes_of_them(answer_of):
    answer = answer_of("SELECT " + ", ".join([*INTERVALS, *(f"CAST({each} AS STRING)" for each in INTERVALS)]))
    found = answer["result"]["data_array"][0]
    assert found[: len(INTERVALS)] == found[len(INTERVALS) :]
    column = answer["manifest"]["schema"]["columns"][3]
    assert (column["type_name"], column["type_interval_type"]) == ("INTERVAL", "DAY TO SECOND")


def test_decimals_say_their_digits(answer_of):
    column = answer_of("SELECT CAST(1 AS DECIMAL(12,3)) AS d")["manifest"]["schema"]["columns"][0]
    assert (column["type_precision"], column["type_scale"]) == (12, 3)


@pytest.mark.parametrize(
    ("type_", "value", "wanted"),
    [
        ("DECIMAL(10,2)", "1.005", ("DECIMAL(10,2)", "1.01")),
        ("DECIMAL(38,10)", "1", ("DECIMAL(38,10)", "1.0000000000")),
        ("DATE", "-0044-3-15", ("DATE", "-0044-03-15")),
        ("TIMESTAMP", "0001-01-01 00:00:00+05:30", ("TIMESTAMP", "0000-12-31T18:30:00.000Z")),
        ("TIMESTAMP", "9999-12-31 23:59:59.5 UTC-05:30", ("TIMESTAMP", "+10000-01-01T05:29:59.500Z")),
        ("TIMESTAMP_NTZ", "2024-01-01 00:00:00.5+02:00", ("TIMESTAMP_NTZ", "2024-01-01T00:00:00.500")),
    ],
)
def test_a_parameter_has_the_type_that_it_names(answer_of, type_, value, wanted):
    answer = answer_of("SELECT :x AS x", parameters=[{"name": "x", "value": value, "type": type_}])
    column = answer["manifest"]["schema"]["columns"][0]
    assert (column["type_text"], answer["result"]["data_array"][0][0]) == wanted
