"""What the sync needs of Spark."""

from pathlib import Path
from typing import Protocol

import pyarrow as pa


class Lake(Protocol):
    """Where Delta tables lie, and what a query over them gives."""

    def location(self, schema: str, table: str) -> Path:
        """The folder of a table. Raises ApiError 400 if there is no such table."""

    def query(self, statement: str) -> pa.Table:
        """The rows of a query, times in UTC."""
