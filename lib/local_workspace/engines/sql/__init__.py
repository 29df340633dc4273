"""SQL warehouses and statements."""

from local_workspace.engines.sql.statements import StatementsEngine

__all__ = ["StatementsEngine"]
