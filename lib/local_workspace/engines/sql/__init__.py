"""SQL warehouses and statements."""

from local_workspace.engines.sql.history import Entry
from local_workspace.engines.sql.parameters import Parameter
from local_workspace.engines.sql.queries import QueriesEngine
from local_workspace.engines.sql.result import Limits, Output
from local_workspace.engines.sql.statement import Statement
from local_workspace.engines.sql.statements import StatementsEngine
from local_workspace.engines.sql.warehouses import WarehousesEngine

__all__ = [
    "Entry",
    "Limits",
    "Output",
    "Parameter",
    "QueriesEngine",
    "Statement",
    "StatementsEngine",
    "WarehousesEngine",
]
