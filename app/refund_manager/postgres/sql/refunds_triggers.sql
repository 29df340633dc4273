-- Triggers update derived data in the transaction of the row: `daily` holds counts and sums of the queue, and each change
-- of `refund_decisions` is written to `decision_audit` and copied to the queue.

-- Each order counts in `daily` under 'all', under its city and under each of its brands: 1 for an added row, -1 for a
-- removed one, both for a changed one.
CREATE OR REPLACE FUNCTION refunds.count_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    plus text := 'SELECT 1 AS n, * FROM added';
    minus text := 'SELECT -1 AS n, * FROM gone';
BEGIN
    EXECUTE format($count$
    INSERT INTO refunds.daily AS d
    SELECT (order_ts AT TIME ZONE 'UTC')::date, g.dimension, g.value, coalesce(suggested_class, ''),
           coalesce(decision, 'open'), sum(n), sum(n * coalesce(suggested_usd, 0.00)),
           sum(n * coalesce(granted_usd, 0.00))
    FROM (%s) q CROSS JOIN LATERAL (
        SELECT 'all' AS dimension, '' AS value
        UNION ALL SELECT 'city', city WHERE city IS NOT NULL
        UNION ALL SELECT 'brand', unnest(brands)) g
    GROUP BY 1, 2, 3, 4, 5
    HAVING sum(n) <> 0 OR sum(n * coalesce(suggested_usd, 0)) <> 0 OR sum(n * coalesce(granted_usd, 0)) <> 0
    ORDER BY 1, 2, 3, 4, 5  -- always in the same order, so that two transactions can't deadlock
    ON CONFLICT (dimension, day, value, suggested_class, state) DO UPDATE SET
        orders = d.orders + excluded.orders, suggested_usd = d.suggested_usd + excluded.suggested_usd,
        granted_usd = d.granted_usd + excluded.granted_usd
    $count$, CASE TG_OP WHEN 'INSERT' THEN plus WHEN 'DELETE' THEN minus ELSE plus || ' UNION ALL ' || minus END);
    RETURN NULL;
END $$;

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

CREATE OR REPLACE TRIGGER count_added AFTER INSERT ON refunds.queue REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refunds.count_change();
CREATE OR REPLACE TRIGGER count_gone AFTER DELETE ON refunds.queue REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION refunds.count_change();
CREATE OR REPLACE TRIGGER count_changed AFTER UPDATE ON refunds.queue REFERENCING NEW TABLE AS added OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION refunds.count_change();
CREATE OR REPLACE TRIGGER show_decided AFTER INSERT ON refunds.refund_decisions REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refunds.show_decided();
CREATE OR REPLACE TRIGGER show_undone AFTER DELETE ON refunds.refund_decisions REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION refunds.show_undone();
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON refunds.queue
    FOR EACH STATEMENT EXECUTE FUNCTION refunds.refuse();
CREATE OR REPLACE TRIGGER no_change BEFORE UPDATE OR TRUNCATE ON refunds.refund_decisions
    FOR EACH STATEMENT EXECUTE FUNCTION refunds.refuse();
CREATE OR REPLACE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON refunds.decision_audit
    FOR EACH STATEMENT EXECUTE FUNCTION refunds.refuse();

-- Upgrade: functions that no trigger calls.
DROP FUNCTION IF EXISTS refunds.count_added(), refunds.count_gone(), refunds.count_changed();
