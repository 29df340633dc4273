"""What the sync needs from Spark."""

from pathlib import Path
from typing import Protocol

import pyarrow as pa


class Lake(Protocol):
    """Finds the folders of Delta tables, and runs queries over them."""

    def has_schema(self, catalog: str, schema: str) -> bool:
        """Whether `catalog` is the workspace's, and has that schema."""

    def location(self, schema: str, table: str) -> Path:
        """The folder of a table. Raises ApiError 400 if there is no such table."""

    def query(self, statement: str) -> pa.Table:
        """The rows of a query, times in UTC."""
