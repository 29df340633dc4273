"""`display` and `displayHTML`: a data frame as a table."""

from typing import Any

from IPython.display import HTML
from IPython.display import display as show_in_jupyter

MAX_ROWS = 10_000  # as many as Databricks shows


def show(*values: Any, **options: Any) -> None:
    """Show values; a Spark data frame as a table of its first 10,000 rows, with a note if there are more."""
    for value in values:
        if not hasattr(value, "toPandas"):
            show_in_jupyter(value, **options)
            continue
        rows = value.limit(MAX_ROWS + 1).toPandas()
        show_in_jupyter(rows.head(MAX_ROWS))
        if len(rows) > MAX_ROWS:
            print(f"These are the first {MAX_ROWS:,} rows; there are more.")


def show_html(html: str) -> None:
    """Show a piece of HTML."""
    show_in_jupyter(HTML(html))
