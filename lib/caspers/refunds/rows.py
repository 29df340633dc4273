"""The rows that the SQL functions of schema `ai` return."""

from typing import Any

type Row = dict[str, Any]
"""One row of a fact: its columns by name, as `Fact.returns` lists them."""
