"""The workbook in the running workspace's own catalog."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from caspers.platform import existing_catalog
from caspers.platform.connection import Connection
from caspers.runbook.plan import Plan
from caspers.runbook.report import print_next

if TYPE_CHECKING:  # the SDK takes seconds to import
    from caspers.platform.connect import Workbook


def open_workbook(catalog: str) -> "Workbook":
    """The workbook in `catalog`, or in the workspace's only catalog if it has just one and that isn't `catalog`.

    This lets `--status` and `--destroy` find what a run with another CATALOG made on a laptop.
    """
    import caspers
    from caspers.platform.connect import Workbook

    workbook = caspers.connect(catalog)
    names = [entry.name for entry in workbook.w.catalogs.list() if entry.name]
    return Workbook(names[0], workbook.connection) if len(names) == 1 and names[0] != catalog else workbook


def in_existing_catalog(plan: Plan, given: Sequence[str], found: Connection, console: Console) -> Plan:
    """The plan in the only catalog of a local workspace, which creates no second one, unless `given` names a CATALOG.

    Says so if that is another than the plan's. On Databricks the plan stays as it is: notebook 1 creates its catalog,
    or names those to choose from.
    """
    wanted = str(plan.parameters["CATALOG"])
    if any(text.startswith("CATALOG=") for text in given) or not (other := existing_catalog.of(found, wanted)):
        return plan
    print_next(
        f"No catalog {wanted} can be created in this workspace. The run uses the one that it has:", other, console
    )
    return plan.with_parameters({"CATALOG": other})
