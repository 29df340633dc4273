"""The app's own schema, `refunds`. Every statement repeats safely and keeps what is there.

`queue` is the synced table taken apart into typed, indexed columns, because the synced table belongs to the sync and
holds JSON. Triggers keep what follows from a row in the same transaction as the row: `daily` counts and sums the
queue, and each change of `refund_decisions` is written to `decision_audit` and shown in the queue.
"""

from refund_manager.postgres.database import Schema

_TABLES = """
CREATE SCHEMA IF NOT EXISTS refunds;
CREATE TABLE IF NOT EXISTS refunds.refund_decisions (
    order_id text PRIMARY KEY,
    decision text NOT NULL CHECK (decision IN ('approved', 'changed', 'denied')),
    amount numeric(10, 2) NOT NULL CHECK (amount >= 0),
    reason text NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now());
ALTER TABLE refunds.refund_decisions ADD COLUMN IF NOT EXISTS request_key text;
CREATE TABLE IF NOT EXISTS refunds.decision_audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id text NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    request_key text,  -- of the form or call that decided; NULL for an undo
    before jsonb,
    after jsonb);
CREATE TABLE IF NOT EXISTS refunds.queue (
    order_id text PRIMARY KEY,
    arrived bigint GENERATED ALWAYS AS IDENTITY,
    ts timestamptz NOT NULL,
    order_ts timestamptz NOT NULL,
    source text NOT NULL,
    model text,
    suggested_class text,
    suggested_usd numeric(10, 2),
    suggested_reason text NOT NULL,
    words tsvector GENERATED ALWAYS AS (to_tsvector('simple', suggested_reason)) STORED,
    facts_at timestamptz,  -- when the lakehouse was asked for what follows
    city text,
    brands text[],
    items int,
    total_usd numeric(10, 2),
    minutes numeric(8, 1),
    kitchen_minutes numeric(8, 1),
    waiting_minutes numeric(8, 1),
    road_minutes numeric(8, 1),
    decision text,
    granted_usd numeric(10, 2));
CREATE TABLE IF NOT EXISTS refunds.daily (
    day date, dimension text, value text, suggested_class text, state text,
    orders bigint NOT NULL, suggested_usd numeric NOT NULL, granted_usd numeric NOT NULL,
    PRIMARY KEY (dimension, day, value, suggested_class, state));
CREATE TABLE IF NOT EXISTS refunds.cities (
    city text PRIMARY KEY, p75_minutes numeric(8, 1), p99_minutes numeric(8, 1),
    kitchen_p75 numeric(8, 1), waiting_p75 numeric(8, 1), road_p75 numeric(8, 1));
"""

# A queue of an earlier version gets what it lacks, and asks for the facts again.
_LATER = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'refunds.queue'::regclass AND attname = 'door') THEN
        ALTER TABLE refunds.queue ADD COLUMN door text;
        UPDATE refunds.queue SET facts_at = NULL;
    END IF; END $$;
"""

_INDEXES = """
CREATE INDEX IF NOT EXISTS queue_newest ON refunds.queue (order_ts, order_id);
CREATE INDEX IF NOT EXISTS queue_open ON refunds.queue (order_ts, order_id) WHERE decision IS NULL;
CREATE INDEX IF NOT EXISTS queue_decided ON refunds.queue (order_ts, order_id) WHERE decision IS NOT NULL;
CREATE INDEX IF NOT EXISTS queue_class ON refunds.queue (suggested_class, order_ts, order_id);
CREATE INDEX IF NOT EXISTS queue_amount ON refunds.queue (coalesce(suggested_usd, -1), order_id);
CREATE INDEX IF NOT EXISTS queue_minutes ON refunds.queue (coalesce(minutes, -1), order_id);
CREATE INDEX IF NOT EXISTS queue_city ON refunds.queue (city, order_ts, order_id);
CREATE INDEX IF NOT EXISTS queue_city_amount ON refunds.queue (city, coalesce(suggested_usd, -1), order_id);
CREATE INDEX IF NOT EXISTS queue_city_minutes ON refunds.queue (city, coalesce(minutes, -1), order_id);
CREATE INDEX IF NOT EXISTS queue_door ON refunds.queue (door, order_ts);
CREATE INDEX IF NOT EXISTS queue_agent ON refunds.queue (order_ts, order_id) WHERE source = 'agent';
CREATE INDEX IF NOT EXISTS queue_arrived ON refunds.queue (arrived);
CREATE INDEX IF NOT EXISTS queue_no_facts ON refunds.queue (order_ts) WHERE facts_at IS NULL;
CREATE INDEX IF NOT EXISTS queue_brands ON refunds.queue USING gin (brands);
CREATE INDEX IF NOT EXISTS queue_text ON refunds.queue USING gin (words);
CREATE INDEX IF NOT EXISTS decisions_time ON refunds.refund_decisions (decided_at);
CREATE INDEX IF NOT EXISTS audit_order ON refunds.decision_audit (order_id, id);
CREATE UNIQUE INDEX IF NOT EXISTS audit_key ON refunds.decision_audit (request_key text_pattern_ops);
"""

# One row an order stands in `daily` under 'all', under its city and under each of its brands.
_COUNT = """
    INSERT INTO refunds.daily AS d
    SELECT (order_ts AT TIME ZONE 'UTC')::date, g.dimension, g.value, coalesce(suggested_class, ''),
           coalesce(decision, 'open'), sum(n), sum(n * coalesce(suggested_usd, 0.00)),
           sum(n * coalesce(granted_usd, 0.00))
    FROM ({rows}) q CROSS JOIN LATERAL (
        SELECT 'all' AS dimension, '' AS value
        UNION ALL SELECT 'city', city WHERE city IS NOT NULL
        UNION ALL SELECT 'brand', unnest(brands)) g
    GROUP BY 1, 2, 3, 4, 5
    HAVING sum(n) <> 0 OR sum(n * coalesce(suggested_usd, 0)) <> 0 OR sum(n * coalesce(granted_usd, 0)) <> 0
    ORDER BY 1, 2, 3, 4, 5  -- always the same order, so that two transactions can't wait for each other
    ON CONFLICT (dimension, day, value, suggested_class, state) DO UPDATE SET
        orders = d.orders + excluded.orders, suggested_usd = d.suggested_usd + excluded.suggested_usd,
        granted_usd = d.granted_usd + excluded.granted_usd;
"""
_ADDED, _GONE = "SELECT 1 AS n, * FROM added", "SELECT -1 AS n, * FROM gone"

_FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION refunds.count_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    {_COUNT.format(rows=_ADDED)} RETURN NULL; END $$;
CREATE OR REPLACE FUNCTION refunds.count_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    {_COUNT.format(rows=_GONE)} RETURN NULL; END $$;
CREATE OR REPLACE FUNCTION refunds.count_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    {_COUNT.format(rows=f"{_ADDED} UNION ALL {_GONE}")} RETURN NULL; END $$;

CREATE OR REPLACE FUNCTION refunds.show_decided() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO refunds.decision_audit (order_id, changed_by, request_key, after)
    SELECT order_id, decided_by, request_key, to_jsonb(a) - 'request_key' FROM added a ORDER BY order_id;
    UPDATE refunds.queue q SET decision = a.decision, granted_usd = a.amount FROM added a
    WHERE q.order_id = a.order_id;
    RETURN NULL; END $$;
CREATE OR REPLACE FUNCTION refunds.show_undone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO refunds.decision_audit (order_id, changed_by, before)
    SELECT order_id, coalesce(nullif(current_setting('refunds.user', true), ''), current_user),
           to_jsonb(g) - 'request_key' FROM gone g ORDER BY order_id;
    UPDATE refunds.queue q SET decision = NULL, granted_usd = NULL FROM gone g WHERE q.order_id = g.order_id;
    RETURN NULL; END $$;
CREATE OR REPLACE FUNCTION refunds.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION '% of % is not allowed', TG_OP, TG_TABLE_NAME; END $$;
"""


def _trigger(name: str, table: str, event: str, function: str, tables: str = "", when: str = "AFTER") -> str:
    return (
        f"CREATE OR REPLACE TRIGGER {name} {when} {event} ON refunds.{table} {tables} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION refunds.{function}();\n"
    )


_NEW, _OLD = "NEW TABLE AS added", "OLD TABLE AS gone"
_TRIGGERS = "".join(
    [
        _trigger("count_added", "queue", "INSERT", "count_added", f"REFERENCING {_NEW}"),
        _trigger("count_gone", "queue", "DELETE", "count_gone", f"REFERENCING {_OLD}"),
        _trigger("count_changed", "queue", "UPDATE", "count_changed", f"REFERENCING {_NEW} {_OLD}"),
        _trigger("show_decided", "refund_decisions", "INSERT", "show_decided", f"REFERENCING {_NEW}"),
        _trigger("show_undone", "refund_decisions", "DELETE", "show_undone", f"REFERENCING {_OLD}"),
        _trigger("no_truncate", "queue", "TRUNCATE", "refuse", when="BEFORE"),
        _trigger("no_change", "refund_decisions", "UPDATE OR TRUNCATE", "refuse", when="BEFORE"),
        _trigger("only_grows", "decision_audit", "UPDATE OR DELETE OR TRUNCATE", "refuse", when="BEFORE"),
    ]
)

SCHEMA = Schema("refunds", _TABLES + _LATER + _INDEXES + _FUNCTIONS + _TRIGGERS)
