"""`dbutils.widgets`: a notebook's parameters.

Source: https://docs.databricks.com/aws/en/notebooks/widgets
"""

from collections.abc import Sequence


class InputWidgetNotDefined(Exception):  # noqa: N818  Databricks' name
    """No parameter of the run and no widget of the notebook has the name."""


class Widgets:
    """The values of a run's parameters, and the defaults of the widgets that the notebook defines."""

    def __init__(self, parameters: dict[str, str]) -> None:
        self._parameters = parameters
        self._defaults: dict[str, str] = {}

    def text(self, name: str, defaultValue: str, label: str | None = None) -> None:
        """Define a widget with a default. A value that the run passes takes precedence."""
        self._defaults[name] = _checked(name, defaultValue)

    def dropdown(self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None) -> None:
        """Define a widget whose default is one of `choices`. Raises ValueError for another default."""
        if defaultValue not in choices:
            raise ValueError(f"Widget {name!r}: the default {defaultValue!r} is not among its choices {list(choices)}.")
        self.text(name, defaultValue)

    def combobox(self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None) -> None:
        """Define a widget that suggests `choices` and takes any text."""
        self.text(name, defaultValue)

    def multiselect(self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None) -> None:
        """Define a widget that takes several of `choices`, separated by commas. Raises ValueError like `dropdown`."""
        self.dropdown(name, defaultValue, choices)

    def receive(self, name: str, value: str) -> None:
        """Set a value as if the run had passed it."""
        self._parameters[name] = value

    def get(self, name: str) -> str:
        """The run's value, or else the widget's default. Raises InputWidgetNotDefined."""
        if name in self._parameters:
            return self._parameters[name]
        if name in self._defaults:
            return self._defaults[name]
        raise InputWidgetNotDefined(
            f"No input widget named {name} is defined. Define it with dbutils.widgets.text({name!r}, …), "
            "or pass it as a parameter of the job."
        )

    def getArgument(self, name: str, defaultValue: str | None = None) -> str:  # noqa: N802  Databricks' name
        """The same as `get`, with a default for a name without value: the older form."""
        known = defaultValue is None or name in self._parameters or name in self._defaults
        return self.get(name) if known else str(defaultValue)

    def getAll(self) -> dict[str, str]:  # noqa: N802  Databricks' name
        """The values of all parameters and widgets."""
        return {**self._defaults, **self._parameters}

    def remove(self, name: str) -> None:
        """Remove one widget. Raises InputWidgetNotDefined."""
        self.get(name)
        self._defaults.pop(name, None)
        self._parameters.pop(name, None)

    def removeAll(self) -> None:  # noqa: N802  Databricks' name
        """Remove all widgets."""
        self._defaults.clear()
        self._parameters.clear()


def _checked(name: str, default: object) -> str:
    if not isinstance(default, str):
        raise TypeError(f"Widget {name!r}: the default must be a text, not {type(default).__name__}.")
    return default
