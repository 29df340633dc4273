"""Data frames as the workbook's tables: numbers with their units, long text wrapped, the same HTML in every run."""

import hashlib
import html
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

type Figure = int | float | Decimal

MISSING = "–"

_HEADING = "text-align: left; vertical-align: top; white-space: normal"
_TEXT = f"{_HEADING}; overflow-wrap: anywhere; max-width: 46em"
_NUMBER = "text-align: right"
_WHOLE = "white-space: nowrap"
_WORD_LENGTH = 24
"""Characters up to which a text stays in one line: beside a long text, a short one would be broken in mid-word."""
_CLASSES = 'class="dataframe mathjax_ignore"'


def _plain(value: Figure) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _dollars(value: Figure) -> str:
    return f"-${-value:,.2f}" if value < 0 else f"${value:,.2f}"


def _minutes(value: Figure) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


_FORMATS: Mapping[str, Callable[[Figure], str]] = {
    **dict.fromkeys(("usd", "dollars", "price", "revenue", "amount"), _dollars),
    **dict.fromkeys(("minutes", "seconds"), _minutes),
    "share": "{:.0%}".format,
    "growth": "{:+.0%}".format,
    **dict.fromkeys(("id", "version"), str),
}
"""How the numbers of a column are written whose name has the word; of several words, the last one counts."""


class Table:
    """A data frame as a notebook's table; a terminal shows it as text."""

    def __init__(self, rows: "pd.DataFrame | pd.Series | Sequence[Mapping[str, object]]") -> None:
        """A frame, a series with a name, or the rows of a query. The index is a column if it has a name."""
        import pandas as pd

        frame = rows.to_frame() if isinstance(rows, pd.Series) else pd.DataFrame(rows)
        named = frame.index.names != [None]
        self._hidden = named or list(frame.index) == list(range(len(frame)))
        self._frame = (frame.reset_index() if named else frame).rename_axis(columns=None)

    def __repr__(self) -> str:
        """The table as text."""
        return str(self._text().to_string(index=not self._hidden))

    def _repr_html_(self) -> str:
        import pandas as pd

        with pd.option_context("styler.html.mathjax", False):
            styled = self._text().style.format(escape="html").set_table_attributes(_CLASSES)
            styled = styled.format_index(_heading, axis="columns").format_index(_heading, axis="index")
            styled = styled.set_uuid(hashlib.sha256(repr(self).encode()).hexdigest()[:8])  # else it is a random one
            styled = styled.set_table_styles(self._styles())
            return str((styled.hide(axis="index") if self._hidden else styled).to_html())

    def _text(self) -> "pd.DataFrame":
        """The frame with every value as text."""
        import pandas as pd

        columns = {name: [_text(value, str(name)) for value in column.tolist()] for name, column in self._frame.items()}
        return pd.DataFrame(columns, index=self._frame.index)

    def _styles(self) -> list[dict[str, str]]:
        columns = [(str(name), column.dropna().tolist()) for name, column in self._frame.items()]
        numbers = [place for place, (_, values) in enumerate(columns) if all(map(_is_figure, values))]
        whole = [
            place
            for place, (name, values) in enumerate(columns)
            if place in numbers or max(len(_text(value, name)) for value in values) <= _WORD_LENGTH
        ]
        styled = [("th", _HEADING), ("td", _TEXT)]
        styled += [(f".col{place}", _NUMBER) for place in numbers]
        styled += [(f"td.col{place}", _WHOLE) for place in whole]
        return [{"selector": selector, "props": props} for selector, props in styled]


def _heading(name: object) -> str:
    """The name as HTML; a narrow column may break it at an underscore."""
    return html.escape(str(name)).replace("_", "_<wbr>")


def _is_figure(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _text(value: object, column: str) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float() | Decimal() if value == value:  # NaN differs from itself
            words = reversed(column.lower().replace("_", " ").split())
            return next((_FORMATS[word] for word in words if word in _FORMATS), _plain)(value)
        case datetime() if value == value:
            return value.isoformat(" ", "seconds")
        case None | float() | Decimal() | datetime():
            return MISSING
    return str(value)
