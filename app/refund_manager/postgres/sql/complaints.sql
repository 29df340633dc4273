-- The schema that the app owns in the complaints' database. `complaints` copies the synced table into typed, indexed
-- columns and adds what the lists show besides. Decisions are append-only, so their table is its own audit.

-- Upgrade: a database with the schema under its former name keeps its decisions.
DO $$ BEGIN
    IF to_regnamespace('desk') IS NOT NULL AND to_regnamespace('app') IS NULL THEN
        ALTER SCHEMA desk RENAME TO app;
    END IF;
END $$;

CREATE SCHEMA IF NOT EXISTS app;
CREATE TABLE IF NOT EXISTS app.complaints (
    complaint_id text PRIMARY KEY,
    order_id text NOT NULL,
    ts timestamptz NOT NULL,
    source text,
    model text,
    category text,
    suggested text,
    priority text,
    rationale text,
    reply text,
    credit numeric(10, 2),
    urgency numeric(16, 2) NOT NULL,  -- the smaller, the more urgent
    text_at timestamptz,  -- when the customer's text was looked up in the lakehouse
    text text,
    place_at timestamptz,  -- when city and brands were copied from the order's facts
    city text,
    brands text[],
    words tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce(text, '') || ' ' || coalesce(rationale, ''))) STORED);
CREATE INDEX IF NOT EXISTS complaints_urgent ON app.complaints (urgency, complaint_id);
CREATE INDEX IF NOT EXISTS complaints_newest ON app.complaints (ts, complaint_id);
CREATE INDEX IF NOT EXISTS complaints_amount ON app.complaints (coalesce(credit, -1), complaint_id);
CREATE INDEX IF NOT EXISTS complaints_order ON app.complaints (order_id);
CREATE INDEX IF NOT EXISTS complaints_no_text ON app.complaints (urgency, complaint_id) WHERE text_at IS NULL;
CREATE INDEX IF NOT EXISTS complaints_no_place ON app.complaints (order_id) WHERE place_at IS NULL;
CREATE INDEX IF NOT EXISTS complaints_text ON app.complaints USING gin (words);
-- The values of the lists' filters, so that no page has to look for them in all complaints.
CREATE TABLE IF NOT EXISTS app.complaint_choices (filter text, value text, PRIMARY KEY (filter, value));
CREATE TABLE IF NOT EXISTS app.complaint_decisions (
    complaint_id text PRIMARY KEY,
    decision text NOT NULL CHECK (decision IN ('accepted', 'changed')),
    credit numeric(10, 2) NOT NULL CHECK (credit >= 0),
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now());
CREATE OR REPLACE FUNCTION app.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION '% of % is not allowed', TG_OP, TG_TABLE_NAME; END $$;
CREATE OR REPLACE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON app.complaint_decisions
FOR EACH STATEMENT EXECUTE FUNCTION app.refuse();
