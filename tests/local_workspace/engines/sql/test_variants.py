"""The text of variants in results is that of Spark's to_json."""

from waiting import eventually

VALUES = {
    "parse_json('1e400')": '"Infinity"',
    "parse_json('[1e-7, 1.0, 1e16, 100, null, true]')": "[1.0E-7,1,1.0E16,100,null,true]",
    'parse_json(\'{"ü": "a\\\\nb", "b": {"c": []}}\')': '{"b":{"c":[]},"ü":"a\\nb"}',
    "to_variant_object(named_struct('f', CAST(0.1 AS FLOAT), 'n', double('NaN')))": '{"f":0.1,"n":"NaN"}',
    "CAST(12345678901234567890123456789.123456789BD AS VARIANT)": "12345678901234567890123456789.123456789",
    "CAST(0.0000000001BD AS VARIANT)": "0.0000000001",
    "CAST(DATE'+12345-01-01' AS VARIANT)": '"+12345-01-01"',
    "CAST(DATE'0042-01-01' AS VARIANT)": '"0042-01-01"',
    "CAST(TIMESTAMP'2024-01-01 00:00:00.12Z' AS VARIANT)": '"2024-01-01 00:00:00.12+00:00"',
    "CAST(TIMESTAMP_NTZ'1582-10-10 00:00:00' AS VARIANT)": '"1582-10-10 00:00:00"',
    "CAST(X'00FF' AS VARIANT)": '"AP8="',
    "CAST(-129 AS VARIANT)": "-129",
    "CAST(9223372036854775807 AS VARIANT)": "9223372036854775807",
    "CAST(repeat('x', 70) AS VARIANT)": f'"{"x" * 70}"',
}


def test_each_kind_is_written_as_spark_writes_it(w, spark):
    warehouse = next(iter(w.warehouses.list()), None) or w.warehouses.create(name="variants")
    columns = ", ".join(f"{value}, to_json({value})" for value in [*VALUES, "CAST(NULL AS VARIANT)"])
    started = w.statement_execution.execute_statement(f"SELECT {columns}", warehouse.id, wait_timeout="0s")
    answer = eventually(
        lambda: w.statement_execution.get_statement(started.statement_id), lambda found: found.manifest is not None
    )
    [row] = answer.result.data_array
    assert row[::2] == [*VALUES.values(), None]
    assert row[1::2] == row[::2]
