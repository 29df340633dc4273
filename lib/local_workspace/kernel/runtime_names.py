"""The names that Databricks gives to Python files: `dbutils`, `spark`, `display` and others.

Modules import them from `databricks.sdk.runtime`, which takes them from Databricks' module `dbruntime`. `install`
provides that module. What takes long to make, such as a Spark session, is made when it is first read.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

from local_workspace.kernel import session
from local_workspace.kernel.context import Context
from local_workspace.kernel.dbutils import Utilities

_MODULE = "databricks.sdk.runtime"


class RuntimeNames:
    """The names and their values; `sc` and `sqlContext` are None, as Spark Connect has no such objects."""

    def __init__(self, dbutils: Utilities) -> None:
        self._made: dict[str, object] = {"dbutils": dbutils, "sc": None, "sqlContext": None}
        self._makers: dict[str, Callable[[], object]] = {
            "spark": session.make,
            "sql": lambda: getattr(self["spark"], "sql"),  # noqa: B009  its type is that of an untyped library
            "table": lambda: getattr(self["spark"], "table"),  # noqa: B009
            "udf": _udf,
            "display": _display,
            "displayHTML": _display_html,
            "getArgument": lambda: dbutils.widgets.getArgument,
        }

    def __getitem__(self, name: str) -> object:
        """The value of a name. Raises KeyError for another name."""
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def needed_by(self, source: str) -> Iterator[str]:
        """The names that a Python source reads without assigning them."""
        yield from (name for name in ("dbutils", *self._makers) if reads(source, name))


def install(dbutils: Utilities) -> RuntimeNames:
    """Let this process import the names from `databricks.sdk.runtime`, and return them."""
    names = RuntimeNames(dbutils)

    class UserNamespaceInitializer:
        """Databricks' class of that name, as far as the SDK uses it."""

        @classmethod
        def getOrCreate(cls) -> "type[UserNamespaceInitializer]":  # noqa: N802  Databricks' name
            return cls

        @staticmethod
        def get_namespace_globals() -> dict[str, object]:
            # called while the SDK's module is imported: names that it does not find in it are asked of __getattr__
            sys.modules[_MODULE].__dict__["__getattr__"] = _reader(names)
            return {"dbutils": names["dbutils"]}

    module = ModuleType("dbruntime")
    module.__dict__["UserNamespaceInitializer"] = UserNamespaceInitializer
    sys.modules["dbruntime"] = module
    return names


def of_this_process() -> RuntimeNames:
    """The same for the task that this process runs."""
    return install(Utilities(Context.of_this_process()))


def reads(source: str, name: str) -> bool:
    """Whether a cell or file reads a name without assigning it."""
    if not re.search(rf"\b{name}\b", source):
        return False
    try:
        found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name) and node.id == name]
    except SyntaxError:  # a magic command, or a syntax error, which Python reports
        return True
    return bool(found) and not any(isinstance(node.ctx, ast.Store) for node in found)


def _reader(names: RuntimeNames) -> Callable[[str], object]:
    def read(name: str) -> object:
        try:
            return names[name]
        except KeyError:
            raise AttributeError(f"module {_MODULE!r} has no attribute {name!r}") from None

    return read


def _udf() -> object:
    from pyspark.sql.functions import udf

    return udf


def _display() -> object:
    from local_workspace.kernel.show import show

    return show


def _display_html() -> object:
    from local_workspace.kernel.show import show_html

    return show_html
