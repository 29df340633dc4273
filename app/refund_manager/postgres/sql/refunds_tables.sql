-- The tables of the schema that the app owns. Every statement can be repeated safely and keeps existing data.
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
    request_key text,  -- idempotency key of the form or API call; NULL for an undo
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
    facts_at timestamptz,  -- when the columns below were read from the lakehouse
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

-- Upgrade: a queue with `address` under its former name keeps it. One without it gets it, and its facts are read again.
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'refunds.queue'::regclass AND attname = 'door') THEN
        ALTER TABLE refunds.queue RENAME COLUMN door TO address;
        ALTER INDEX IF EXISTS refunds.queue_door RENAME TO queue_address;
    ELSIF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'refunds.queue'::regclass AND attname = 'address') THEN
        ALTER TABLE refunds.queue ADD COLUMN address text;
        UPDATE refunds.queue SET facts_at = NULL;
    END IF; END $$;
