"""Opens the workbook in the running workspace's own catalog."""

import caspers
from caspers.platform.connect import Workbook


def open_workbook(catalog: str) -> Workbook:
    """The workbook in `catalog`, or in the workspace's only catalog if it has just one and that isn't `catalog`.

    This lets `--status` and `--destroy` find what a run with another CATALOG made on a laptop.
    """
    workbook = caspers.connect(catalog)
    names = [entry.name for entry in workbook.w.catalogs.list() if entry.name]
    return Workbook(names[0], workbook.connection) if len(names) == 1 and names[0] != catalog else workbook
