-- Indexes for each filter and sort of the queue, and for its updates.
CREATE INDEX IF NOT EXISTS queue_newest ON refunds.queue (order_ts, order_id);
CREATE INDEX IF NOT EXISTS queue_open ON refunds.queue (order_ts, order_id) WHERE decision IS NULL;
CREATE INDEX IF NOT EXISTS queue_to_decide ON refunds.queue (order_ts, order_id)
    WHERE decision IS NULL AND suggested_class IS DISTINCT FROM 'none';
CREATE INDEX IF NOT EXISTS queue_decided ON refunds.queue (order_ts, order_id) WHERE decision IS NOT NULL;
CREATE INDEX IF NOT EXISTS queue_class ON refunds.queue (suggested_class, order_ts, order_id);
CREATE INDEX IF NOT EXISTS queue_amount ON refunds.queue (coalesce(suggested_usd, -1), order_id);
CREATE INDEX IF NOT EXISTS queue_minutes ON refunds.queue (coalesce(minutes, -1), order_id);
CREATE INDEX IF NOT EXISTS queue_city ON refunds.queue (city, order_ts, order_id);
CREATE INDEX IF NOT EXISTS queue_city_amount ON refunds.queue (city, coalesce(suggested_usd, -1), order_id);
CREATE INDEX IF NOT EXISTS queue_city_minutes ON refunds.queue (city, coalesce(minutes, -1), order_id);
CREATE INDEX IF NOT EXISTS queue_address ON refunds.queue (address, order_ts);
CREATE INDEX IF NOT EXISTS queue_agent ON refunds.queue (order_ts, order_id) WHERE source = 'agent';
CREATE INDEX IF NOT EXISTS queue_arrived ON refunds.queue (arrived);
CREATE INDEX IF NOT EXISTS queue_no_facts ON refunds.queue (order_ts) WHERE facts_at IS NULL;
CREATE INDEX IF NOT EXISTS queue_brands ON refunds.queue USING gin (brands);
CREATE INDEX IF NOT EXISTS queue_text ON refunds.queue USING gin (words);
CREATE INDEX IF NOT EXISTS decisions_time ON refunds.refund_decisions (decided_at);
CREATE INDEX IF NOT EXISTS audit_order ON refunds.decision_audit (order_id, id);
CREATE UNIQUE INDEX IF NOT EXISTS audit_key ON refunds.decision_audit (request_key text_pattern_ops);
