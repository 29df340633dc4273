"""Declarative pipelines, identified by their names, and the check that their datasets agree."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from caspers.platform import jobs, state
from caspers.platform.client import required
from caspers.platform.sql import Row, names_no_table

if TYPE_CHECKING:
    from caspers.platform.connect import Workbook

TASK = "Spark_Declarative_Pipeline"
NAME = "Order Items Medallion Declarative Pipeline"
SCHEMA = "lakeflow"
TABLES = (
    "all_events",
    "silver_order_items",
    "gold_order_header",
    "gold_item_sales_day",
    "gold_brand_sales_day",
    "gold_location_sales_hourly",
    "quarantined_events",
)
ENDED_BADLY = ("FAILED", "CANCELED")


class PipelineFailed(RuntimeError):
    """An update of a pipeline ended badly; the message is the pipeline's own."""


def ensure_pipeline(ws: "Workbook", name: str, **spec: Any) -> str:
    """Create the pipeline `name`, or replace the spec of the existing one; returns its id.

    `spec` is what `w.pipelines.create` takes.
    """
    for known in ws.w.pipelines.list_pipelines(filter=f"name LIKE '{name}'"):
        pipeline_id = required(known.pipeline_id, "pipeline id")
        ws.w.pipelines.update(pipeline_id, name=name, **spec)
        return pipeline_id
    return required(ws.w.pipelines.create(name=name, **spec).pipeline_id, "pipeline id")


def ensure_running(ws: "Workbook", pipeline_id: str) -> None:
    """Start an update, unless one is running or about to start, as it is in a continuous pipeline."""
    from databricks.sdk.errors import ResourceConflict
    from databricks.sdk.service.pipelines import PipelineState

    if ws.w.pipelines.get(pipeline_id).state in (PipelineState.IDLE, PipelineState.FAILED):
        try:
            ws.w.pipelines.start_update(pipeline_id)
        except ResourceConflict:  # another update started since we looked
            return


def ensure_schedule(ws: "Workbook", pipeline_id: str, minutes: int) -> int | None:
    """Create or change the job that updates the pipeline every so many minutes; returns its id.

    0 minutes means a continuous pipeline, which needs no job: one from an earlier run is deleted, and None returned.
    """
    from databricks.sdk.service import jobs as j

    name = ws.shared(f"{NAME} (schedule)")
    if minutes == 0:
        if job := jobs.find(ws, name):
            job_id = required(job.job_id, "job id")
            ws.w.jobs.delete(job_id)
            state.forget(ws, state.Resource("job", str(job_id), name, TASK))
        return None
    task = j.Task("update", pipeline_task=j.PipelineTask(pipeline_id))
    schedule = j.CronSchedule(jobs.every_minutes(minutes), "UTC", j.PauseStatus.UNPAUSED)
    return jobs.ensure_job(
        ws,
        j.JobSettings(name=name, tasks=[task], schedule=schedule, queue=j.QueueSettings(True), max_concurrent_runs=1),
    )


def totals(ws: "Workbook") -> Row | None:
    """Orders, revenue and unusable lines of each dataset by name; None while one of the datasets does not exist."""
    try:
        return ws.sql(_totals_sql(ws))[0]
    except RuntimeError as error:
        if names_no_table(error):
            return None
        raise


# One statement, so that all numbers are from about the same moment.
def _totals_sql(ws: "Workbook") -> str:
    lakeflow = ws.full_name(SCHEMA)
    return f"""
        SELECT b.orders AS bronze_orders, s.orders AS silver_orders, h.orders AS gold_orders,
               s.revenue AS silver_revenue, h.revenue AS order_revenue, i.revenue AS item_revenue,
               br.revenue AS brand_revenue, l.revenue AS location_revenue,
               b.events, b.unusable AS bronze_unusable, q.unusable AS quarantined
        FROM (SELECT count(event_id) AS events, count_if(event_type = 'order_created') AS orders,
                     count(_corrupt_record) AS unusable FROM {lakeflow}.all_events) b,
             (SELECT count(DISTINCT order_id) AS orders, sum(extended_price) AS revenue
              FROM {lakeflow}.silver_order_items) s,
             (SELECT count(*) AS orders, sum(order_revenue) AS revenue FROM {lakeflow}.gold_order_header) h,
             (SELECT sum(gross_revenue) AS revenue FROM {lakeflow}.gold_item_sales_day) i,
             (SELECT sum(brand_revenue) AS revenue FROM {lakeflow}.gold_brand_sales_day) br,
             (SELECT sum(revenue) AS revenue FROM {lakeflow}.gold_location_sales_hourly) l,
             (SELECT count(*) AS unusable FROM {lakeflow}.quarantined_events) q"""


def agree(numbers: Row | None, quarantined: int = 0) -> bool:
    """Whether bronze, silver and gold have the same orders and revenue, to the cent, and at least one order.

    At least `quarantined` lines must be in quarantine.
    """
    if not numbers or not numbers["gold_orders"] or numbers["quarantined"] < quarantined:
        return False
    same = (
        ("bronze_orders", "silver_orders", "gold_orders"),
        ("bronze_unusable", "quarantined"),
        ("silver_revenue", "order_revenue", "item_revenue", "brand_revenue", "location_revenue"),
    )
    return all(len({numbers[name] for name in group}) == 1 for group in same)


def wait_until_agree(
    ws: "Workbook", pipeline_id: str, timeout: timedelta = timedelta(minutes=20), quarantined: int = 0
) -> Row:
    """The `totals`, as soon as an update has finished and all datasets agree, with at least `quarantined` bad lines.

    Raises PipelineFailed if the newest update ended badly, TimeoutError after `timeout`.
    """

    def look() -> Row | None:
        _raise_if_failed(ws, pipeline_id)
        return totals(ws) if _published(ws) else None  # the totals read every table: not while those are being made

    try:
        waiting = Retrying(
            retry=retry_if_result(lambda numbers: not agree(numbers, quarantined)),
            wait=wait_fixed(2),
            stop=stop_after_delay(timeout),
        )
        return required(waiting(look), "totals")
    except RetryError:
        raise TimeoutError(f"The pipeline's datasets did not agree within {timeout}: {totals(ws)}") from None


def _published(ws: "Workbook") -> bool:
    """Whether the gold table that an update writes last has rows."""
    try:
        return bool(ws.sql(f"SELECT 1 FROM {ws.full_name(f'{SCHEMA}.gold_order_header')} LIMIT 1"))
    except RuntimeError as error:
        if names_no_table(error):
            return False
        raise


def _raise_if_failed(ws: "Workbook", pipeline_id: str) -> None:
    updates = ws.w.pipelines.get(pipeline_id).latest_updates
    ended = updates[0].state.value if updates and updates[0].state else ""
    if ended in ENDED_BADLY:
        errors = ws.w.pipelines.list_pipeline_events(pipeline_id, filter="level = 'ERROR'", max_results=1)
        error = next(iter(errors), None)
        raise PipelineFailed(error.message if error else f"The update was {ended.lower()}.")
