"""What a served model may reach: the things that its `resources=` name, as on Databricks (automatic authentication).

Source: https://docs.databricks.com/aws/en/generative-ai/agent-framework/agent-authentication
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import yaml

if TYPE_CHECKING:
    from sqlglot import exp

# MLflow's names of the kinds in a model's file (mlflow/models/resources.py).
_KINDS = {"endpoints": "serving_endpoint", "warehouses": "sql_warehouse", "functions": "function", "tables": "table"}


@dataclass(frozen=True)
class Resources:
    """The names of serving endpoints, SQL warehouses (ids), functions and tables, these in lower case."""

    endpoints: frozenset[str] = frozenset()
    warehouses: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()

    @classmethod
    def of_model(cls, folder: Path) -> Self:
        """Those that the model in `folder` names; none if it names none."""
        described = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8"))
        named: Mapping[str, Any] = (described.get("resources") or {}).get("databricks") or {}
        found = {field: frozenset(each["name"] for each in named.get(kind, [])) for field, kind in _KINDS.items()}
        lower = {field: frozenset(name.lower() for name in found[field]) for field in ("functions", "tables")}
        return cls(**found | lower)

    def __or__(self, other: "Resources") -> "Resources":
        """Those of both."""
        return Resources(
            self.endpoints | other.endpoints,
            self.warehouses | other.warehouses,
            self.functions | other.functions,
            self.tables | other.tables,
        )

    def missing(self, statement: str, catalog: str, schema: str) -> str | None:
        """What a SQL statement uses and the model does not name, such as `the table c.s.t`; None if there is nothing.

        Names of fewer levels are in `catalog` and `schema`. A function without a level that stands for a value is taken
        for a built-in one.
        """
        import sqlglot  # takes a while, and only agents with a warehouse need it
        from sqlglot import exp
        from sqlglot.errors import SqlglotError

        try:
            parsed = sqlglot.parse(statement, dialect="databricks")
        except SqlglotError:
            return "a statement that is no query"
        if len(parsed) != 1 or not isinstance(parsed[0], exp.Query):
            return "a statement that is no query"
        query = parsed[0]
        for name in _functions(query):
            if not _among(_full(name, catalog, schema), self.functions):
                return f"the function {'.'.join(name)}"
        for name in _tables(query):
            if not _among(_full(name, catalog, schema), self.tables):
                return f"the table {'.'.join(name)}"
        return None


def _functions(query: "exp.Query") -> Iterable[tuple[str, ...]]:
    """The functions that are read like tables, and those that are called by a name with levels."""
    from sqlglot import exp

    for call in query.find_all(exp.Anonymous):
        if isinstance(call.parent, exp.Table):
            yield (*_levels(call.parent), call.name)
        elif isinstance(call.parent, exp.Lateral):
            yield (call.name,)
        elif isinstance(call.parent, exp.Dot) and call.arg_key == "expression":
            yield (*(part.name for part in call.parent.this.find_all(exp.Identifier)), call.name)


def _tables(query: "exp.Query") -> Iterable[tuple[str, ...]]:
    from sqlglot import exp

    within = {each.alias_or_name.lower() for each in query.find_all(exp.CTE)}
    for table in query.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier) and (_levels(table) or table.name.lower() not in within):
            yield (*_levels(table), table.name)


def _levels(table: "exp.Table") -> tuple[str, ...]:
    return tuple(level for level in (table.catalog, table.db) if level)


def _full(name: tuple[str, ...], catalog: str, schema: str) -> str:
    levels = (catalog, schema)[: max(0, 3 - len(name))]
    return ".".join(level for level in (*levels, *name) if level).lower()


def _among(name: str, named: frozenset[str]) -> bool:
    """Whether `name` is named; one without a catalog is that of the workspace, which has one."""
    return any(each == name or each.endswith(f".{name}") for each in named)
