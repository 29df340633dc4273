"""The workbook's parameters: their types and the values each may have."""

import math
import re
from collections.abc import Callable
from typing import Protocol, cast

from caspers import names

type Value = int | float | str


class _Widgets(Protocol):
    def text(self, name: str, defaultValue: str) -> None: ...  # noqa: N803  Databricks' name

    def get(self, name: str) -> str: ...


class _Utilities(Protocol):
    """`dbutils`, which Databricks puts into a notebook's namespace."""

    @property
    def widgets(self) -> _Widgets: ...


# The agents' endpoints as they are called by default.
ENDPOINTS = {
    "REFUND_AGENT_ENDPOINT_NAME": "caspers_refund_agent",
    "COMPLAINT_AGENT_ENDPOINT_NAME": "caspers_complaint_agent",
}
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check(name: str, value: object) -> Value:
    """`value`, or the value of which it is the text, in the type that parameter `name` has.

    Raises ValueError naming the parameter, the value and what is allowed.
    """
    if name not in RULES:
        raise ValueError(f"There is no parameter {name}. Valid parameters: {', '.join(RULES)}.")
    parse, allowed = RULES[name]
    try:
        return parse(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name}={value!r} is not valid: it must be {allowed}.") from None


def receive(namespace: dict[str, object]) -> None:
    """Replace the parameters in `namespace` by their values for this run, checked and typed.

    `namespace` is a notebook's `globals()`, after its parameters cell. There papermill has set a run's values. Where
    there is `dbutils`, each parameter is a widget whose default is the value in the cell; a job passes its values to
    the widgets. Where a local workspace can't create the default catalog, the one that is there is
    used (`existing_catalog`). An endpoint that has its default name gets the catalog's name behind it,
    unless the catalog is the default too. Raises ValueError for the first that is not valid, and changes nothing.
    """
    values = {name: namespace[name] for name in RULES if name in namespace}
    if "dbutils" in namespace:
        widgets = cast(_Utilities, namespace["dbutils"]).widgets
        values = {name: _of_widget(widgets, name, default) for name, default in values.items()}
    checked = {name: check(name, value) for name, value in values.items()}
    if checked.get("CATALOG") == names.DEFAULT_CATALOG:
        checked["CATALOG"] = _catalog()
    catalog = str(checked.get("CATALOG", names.DEFAULT_CATALOG))
    endpoints: dict[str, Value] = {
        name: names.shared_id(given, catalog) for name, given in ENDPOINTS.items() if checked.get(name) == given
    }
    namespace.update(checked | endpoints)


def _catalog() -> str:
    from caspers.platform import existing_catalog  # imports this module's user

    return existing_catalog.for_notebook(names.DEFAULT_CATALOG)


def _of_widget(widgets: _Widgets, name: str, default: object) -> str:
    # `get` of a widget that is not defined is an error, whose class differs between Databricks' kinds of compute.
    widgets.text(name, str(default))
    return widgets.get(name)


def _matching(pattern: re.Pattern[str]) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError
        return value

    return parse


def _whole(low: int, high: int | None = None) -> Callable[[object], int]:
    def parse(value: object) -> int:
        number = int(value) if isinstance(value, str) else value
        if type(number) is not int or number < low or (high is not None and number > high):
            raise ValueError
        return number

    return parse


def _real(accept: Callable[[float], bool]) -> Callable[[object], float]:
    def parse(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError
        number = float(value)
        if not math.isfinite(number) or not accept(number):
            raise ValueError
        return number

    return parse


_IDENTIFIER = (_matching(IDENTIFIER), "a name of letters, digits and _ that does not start with a digit")
_ENDPOINT = (_matching(re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")), "a name of letters, digits, -, _ and .")

# Each parameter's parser, and the words for what it accepts.
RULES: dict[str, tuple[Callable[[object], Value], str]] = {
    "CATALOG": _IDENTIFIER,
    "EVENTS_VOLUME": _IDENTIFIER,
    "LLM_MODEL": _ENDPOINT,
    "REFUND_AGENT_ENDPOINT_NAME": _ENDPOINT,
    "COMPLAINT_AGENT_ENDPOINT_NAME": _ENDPOINT,
    "AGENT_ORDERS": (_whole(0), "a whole number, 0 or more"),
    "COMPLAINT_RATE": (_real(lambda rate: 0 <= rate <= 1), "a number from 0 to 1"),
    "SIMULATOR_SCHEMA": _IDENTIFIER,
    "START_DAY": (_whole(0, 89), "a whole number from 0 to 89"),
    "SPEED_MULTIPLIER": (_real(lambda speed: speed > 0), "a number above 0"),
    "SCHEDULE_MINUTES": (_whole(1), "a whole number of minutes, 1 or more"),
    "PIPELINE_SCHEDULE_MINUTES": (_whole(0), "0 for continuous, or a whole number of minutes"),
}
