"""Removes everything in the register, each resource before those that it uses."""

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from caspers.platform import home_page, state
from caspers.platform.client import required
from caspers.platform.state import TABLE, Resource
from caspers.platform.status import full_name, is_missing, resource_path

if TYPE_CHECKING:
    from caspers.platform.connect import Workbook

STATE_SCHEMA = TABLE.partition(".")[0]
OWN_SCHEMAS = {"default", "information_schema"}  # a catalog comes with them

# In this order; then the schemas, the catalog with the register in it, and the warehouse that reads the register, so
# that a removal that failed half-way can be repeated.
REMOVED_FIRST = (
    "app",
    "synced_table",
    "postgres_catalog",
    "postgres_project",
    "job",
    "pipeline",
    "endpoint",
    "model",
    "function",
    "view",
    "table",
    "volume",
)

KEPT = ("catalog", "warehouse")  # when one task's resources are removed: the register needs them


def destroy(ws: "Workbook") -> list[str]:
    """Remove all registered resources; returns those that could not be removed, each with the reason.

    A resource that does not exist counts as removed, so this can be repeated, with a newly opened workbook: the
    warehouse goes too. If something can't be removed, the schemas, the catalog, the warehouse and the register stay.
    Raises RuntimeError if the register can't be read.
    """
    registered = [resource for resource in state.resources(ws) if not _is_register(resource)]
    unknown = [
        f"{resource.type} {resource.name}: the workbook does not know how to remove this type"
        for resource in registered
        if resource.type not in DELETIONS
    ]
    register = Resource("schema", STATE_SCHEMA, full_name(ws, STATE_SCHEMA, 2))
    warehouse = Resource("warehouse", ws.warehouse_id, "of the workbook")
    problems = unknown + _remove(ws, registered, REMOVED_FIRST)
    for resources, types in (
        (registered, ["schema"]),
        (registered, ["catalog"]),
        ([register], ["schema"]),
        ([*registered, warehouse], ["warehouse"]),
    ):
        problems = problems or _remove(ws, resources, types)
    return problems


def destroy_task(ws: "Workbook", task: str, later: Collection[str]) -> list[str]:
    """Remove what `task` made and no other task uses; returns what could not be removed, each with the reason.

    `later` are the keys of the tasks that build on it. The catalog, which holds the register, and the warehouse stay.
    What is gone leaves the register, so this can be repeated. Raises RuntimeError while one of `later` has resources.
    """
    registered = [resource for resource in state.resources(ws) if not _is_register(resource)]
    users = {resource.task for resource in registered} & set(later)
    if users:
        first = [key for key in later if key in users][-1]
        raise RuntimeError(
            f"{task} can't be removed yet: {', '.join(key for key in later if key in users)} "
            f"use what it made. Remove the last of them first: uv run runbook.py --destroy --only {first}"
        )
    others = [resource for resource in registered if resource.task != task]
    mine = [resource for resource in registered if resource.task == task and resource.type not in KEPT]
    problems = []
    for kind in (*REMOVED_FIRST, "schema"):
        for resource in reversed([each for each in mine if each.type == kind]):
            problem = None if _is_used(resource, others) else _remove(ws, [resource], [kind])
            problems += problem or []
            if not problem:
                state.forget(ws, resource)
    home_page.show_resources(ws, task, [each for each in state.resources(ws) if each.task == task])
    return problems


def _is_used(resource: Resource, others: Sequence[Resource]) -> bool:
    """Whether another task has registered the same thing, or something in this schema."""
    same = any((other.type, other.name) == (resource.type, resource.name) for other in others)
    return same or (resource.type == "schema" and any(each.name.startswith(f"{resource.name}.") for each in others))


def _is_register(resource: Resource) -> bool:
    return resource.type == "schema" and resource.name.split(".")[-1] == STATE_SCHEMA


def _remove(ws: "Workbook", registered: Sequence[Resource], types: Sequence[str]) -> list[str]:
    """Remove the resources of `types`, type by type, the newest first; returns the problems."""
    chosen = [resource for kind in types for resource in reversed(registered) if resource.type == kind]
    problems = (
        _attempt(f"{resource.type} {resource.name}", DELETIONS[resource.type], ws, resource) for resource in chosen
    )
    return [problem for problem in problems if problem]


def _attempt(
    what: str, delete: Callable[["Workbook", Resource], object], ws: "Workbook", resource: Resource
) -> str | None:
    try:
        delete(ws, resource)
    except Exception as error:  # reported with its reason; the other resources still go
        return None if is_missing(error) else f"{what}: {error}"
    return None


def _catalog(ws: "Workbook", resource: Resource) -> None:
    """Remove a catalog with its register, unless someone else has put a schema into it."""
    schemas = {required(schema.name, "name of the schema") for schema in ws.w.schemas.list(resource.name)}
    foreign = sorted(schemas - OWN_SCHEMAS - {STATE_SCHEMA})
    if foreign:
        raise RuntimeError(f"it contains schemas that the workbook did not make: {', '.join(foreign)}")
    ws.w.catalogs.delete(resource.name, force=True)


# How to remove each type of resource.
DELETIONS: dict[str, Callable[["Workbook", Resource], object]] = {
    "app": lambda ws, resource: ws.w.apps.delete(resource.name),
    "synced_table": lambda ws, resource: ws.w.postgres.delete_synced_table(
        resource_path("synced_tables", resource.id)
    ).wait(),
    "postgres_catalog": lambda ws, resource: ws.w.postgres.delete_catalog(
        resource_path("catalogs", resource.id)
    ).wait(),
    "postgres_project": lambda ws, resource: ws.w.postgres.delete_project(
        resource_path("projects", resource.id)
    ).wait(),
    "job": lambda ws, resource: ws.w.jobs.delete(int(resource.id)),
    "pipeline": lambda ws, resource: ws.w.pipelines.delete(resource.id),
    "endpoint": lambda ws, resource: ws.w.serving_endpoints.delete(resource.name),
    "model": lambda ws, resource: ws.mlflow.MlflowClient().delete_registered_model(resource.name),
    "function": lambda ws, resource: ws.w.functions.delete(full_name(ws, resource.name)),
    "view": lambda ws, resource: ws.w.tables.delete(full_name(ws, resource.name)),
    "table": lambda ws, resource: ws.w.tables.delete(full_name(ws, resource.name)),
    "warehouse": lambda ws, resource: ws.w.warehouses.delete(resource.id),
    "volume": lambda ws, resource: ws.w.volumes.delete(full_name(ws, resource.name)),
    "schema": lambda ws, resource: ws.w.schemas.delete(full_name(ws, resource.name, 2), force=True),
    "catalog": _catalog,
}
