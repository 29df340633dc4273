"""Creating and upgrading the schemas that the app owns."""

import psycopg
from psycopg.rows import dict_row

from complaint_table import fill_complaints
from refund_manager.postgres.schema import COMPLAINTS, REFUNDS


def connect(conninfo: str) -> psycopg.Connection:
    return psycopg.connect(conninfo, row_factory=dict_row)


def test_a_schema_under_its_former_name_is_renamed_and_keeps_its_decisions(conninfo):
    with connect(conninfo) as connection:
        fill_complaints(connection)
        connection.execute("CREATE SCHEMA desk")
        connection.execute(
            "CREATE TABLE desk.complaint_decisions (complaint_id text PRIMARY KEY, decision text NOT NULL, "
            "credit numeric(10, 2) NOT NULL, decided_by text NOT NULL, decided_at timestamptz NOT NULL DEFAULT now())"
        )
        connection.execute("INSERT INTO desk.complaint_decisions VALUES ('c-1', 'accepted', 4.25, 'ana')")
    with connect(conninfo) as connection:
        COMPLAINTS.prepare(connection)
        kept = connection.execute("SELECT complaint_id, credit FROM app.complaint_decisions").fetchall()
        assert [(row["complaint_id"], str(row["credit"])) for row in kept] == [("c-1", "4.25")]
        assert connection.execute("SELECT to_regnamespace('desk') AS gone").fetchone() == {"gone": None}


def test_a_column_under_its_former_name_is_renamed_and_keeps_its_values(conninfo):
    with connect(conninfo) as connection:
        connection.execute("ALTER TABLE refunds.queue RENAME COLUMN address TO door")
        connection.execute("ALTER INDEX refunds.queue_address RENAME TO queue_door")
        connection.execute("COMMENT ON SCHEMA refunds IS 'another version'")
        connection.execute(
            "INSERT INTO refunds.queue (order_id, ts, order_ts, source, suggested_reason, facts_at, door) "
            "VALUES ('AAA111', now(), now(), 'agent', 'x', now(), '12 Elm Street')"
        )
        REFUNDS.prepare(connection)
        kept = connection.execute("SELECT address, facts_at IS NULL AS lacking FROM refunds.queue").fetchone()
        assert kept == {"address": "12 Elm Street", "lacking": False}
        indexes = connection.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'queue'").fetchall()
        names = {row["indexname"] for row in indexes}
        assert "queue_address" in names and "queue_door" not in names


def test_preparing_a_schema_again_keeps_its_data(conninfo):
    with connect(conninfo) as connection:
        connection.execute("INSERT INTO refunds.cities (city) VALUES ('Bellevue')")
        connection.execute("COMMENT ON SCHEMA refunds IS 'another version'")
        REFUNDS.prepare(connection)
        assert connection.execute("SELECT count(*) AS n FROM refunds.cities").fetchone() == {"n": 1}
