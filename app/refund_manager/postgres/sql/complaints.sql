-- The schema that the app owns in the complaints' database. Decisions are append-only, so the table is its own audit.

-- Upgrade: a database with the schema under its former name keeps its decisions.
DO $$ BEGIN
    IF to_regnamespace('desk') IS NOT NULL AND to_regnamespace('app') IS NULL THEN
        ALTER SCHEMA desk RENAME TO app;
    END IF;
END $$;

CREATE SCHEMA IF NOT EXISTS app;
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
