"""A workbook of a few registered resources, whose services are what the test says."""

import json
from typing import Any

from caspers.platform.state import TABLE, Resource


class RegisteredWorkbook:
    """What `status`, `destroy` and the pipeline's schedule need of a workbook.

    `w` stands for the SDK's client. The register lists `resources`, the oldest first; of other statements only the
    values are kept, in `written`.
    """

    catalog, warehouse_id = "caspersdev", "w-1"

    def __init__(self, w: object, *resources: Resource) -> None:
        self.w, self.resources = w, list(resources)
        self.written: list[dict[str, Any]] = []

    def full_name(self, name: str) -> str:
        return f"{self.catalog}.{name}"

    def shared(self, name: str) -> str:
        return name

    def sql(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        if not statement.startswith("SELECT") or TABLE not in statement:
            self.written.append(values)
            return []
        return [
            {
                "type": each.type,
                "id": each.id,
                "name": each.name,
                "task": each.task,
                "payload": json.dumps(each.payload),
            }
            for each in self.resources
        ]
