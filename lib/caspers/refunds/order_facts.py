"""An order's facts, derived from its events: the one definition that SQL functions, streams and tables share.

Minutes and dollars leave here rounded (0.1 minute with a half rounded up, one cent), so that a decision and the
sentence which explains it are made of the same numbers.
"""

from caspers.names import in_catalog

_BODY = (
    "customer_addr STRING, customer_lat DOUBLE, customer_lon DOUBLE, "
    "items ARRAY<STRUCT<brand_id: INT, name: STRING, qty: INT, price: DECIMAL(10, 2)>>"
)
_TOTAL = (
    "aggregate(body.items, CAST(0 AS DECIMAL(12, 2)), "
    "(sum, item) -> CAST(sum + item.price * item.qty AS DECIMAL(12, 2)))"
)


def minutes(start: str, end: str) -> str:
    """A SQL expression: minutes from timestamp `start` to timestamp `end`, to 0.1."""
    return f"round((unix_millis({end}) - unix_millis({start})) / 60000, 1)"


def deliveries(catalog: str) -> str:
    """A relation of the events that say when an order was placed and delivered, and what was ordered."""
    events = in_catalog(catalog, "lakeflow.all_events")
    return f"(SELECT * FROM {events} WHERE event_type IN ('order_created', 'delivered'))"


def missing_deliveries(catalog: str, inbox: str, done: str) -> str:
    """The `deliveries` of the orders that are in the table `inbox` and not in the table `done` (schema.table)."""
    inbox, done = in_catalog(catalog, inbox), in_catalog(catalog, done)
    # Few orders, to which Spark compares each event once; with a join for each table it took along many more.
    waiting = f"SELECT order_id FROM {inbox} LEFT ANTI JOIN {done} USING (order_id)"
    return f"(SELECT * FROM {deliveries(catalog)} LEFT SEMI JOIN ({waiting}) USING (order_id))"


def facts_sql(events: str) -> str:
    """A query of the facts of each order in the relation `events`, which has the columns of `lakeflow.all_events`.

    Columns: order_id, location_id; order_ts, delivered_ts; minutes from order to door and of each stage:
    kitchen_minutes (placed to ready), waiting_minutes (ready to picked up), road_minutes (picked up to delivered);
    lines (brand_id, name, qty, price of each item), items (their number), total_usd; customer_address with its
    coordinates, since streets of one name are many. What the events don't say is NULL.
    """
    return f"""
SELECT order_id, location_id, order_ts, delivered_ts,
       {minutes("order_ts", "delivered_ts")} AS minutes,
       {minutes("order_ts", "ready_ts")} AS kitchen_minutes,
       {minutes("ready_ts", "picked_up_ts")} AS waiting_minutes,
       {minutes("picked_up_ts", "delivered_ts")} AS road_minutes,
       body.items AS lines, aggregate(body.items, 0, (sum, item) -> sum + item.qty) AS items,
       {_TOTAL} AS total_usd,
       CASE WHEN body.customer_addr IS NOT NULL AND body.customer_lat + body.customer_lon IS NOT NULL THEN
            format_string('%s (%.5f, %.5f)', body.customer_addr, body.customer_lat, body.customer_lon)
       END AS customer_address
FROM (SELECT order_id, min(location_id) AS location_id,
             {_first("order_created")} AS order_ts,
             {_first("gk_ready")} AS ready_ts,
             {_first("driver_picked_up")} AS picked_up_ts,
             {_first("delivered")} AS delivered_ts,
             from_json(max(body) FILTER (WHERE event_type = 'order_created'), '{_BODY}') AS body
      FROM {events} GROUP BY order_id)"""


def _first(event_type: str) -> str:
    """A SQL aggregate: the time of an order's first event of this type, NULL when there is none."""
    return f"min(ts) FILTER (WHERE event_type = '{event_type}')"
