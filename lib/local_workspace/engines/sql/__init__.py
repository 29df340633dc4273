"""SQL warehouses and statements."""

from local_workspace.engines.sql.parameters import Parameter
from local_workspace.engines.sql.statements import Statement, StatementsEngine
from local_workspace.engines.sql.warehouses import WarehousesEngine

__all__ = ["Parameter", "Statement", "StatementsEngine", "WarehousesEngine"]
