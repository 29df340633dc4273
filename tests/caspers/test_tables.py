"""Tables as a notebook shows them."""

from datetime import datetime
from decimal import Decimal

import pandas as pd
import pytest
from IPython.core.formatters import HTMLFormatter

from caspers import show


def html_of(shown: object) -> str:
    """What a notebook shows of it."""
    html = HTMLFormatter()(shown)
    assert isinstance(html, str)
    return html


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("orders", 57559, "57,559"),
        ("order_revenue", Decimal("2215580.15"), "$2,215,580.15"),
        ("credit_amount", 8, "$8.00"),
        ("refund_usd", -1234.5, "-$1,234.50"),
        ("delivery_minutes", 16.0, "16.0"),
        ("minutes to read", 1024, "1,024"),
        ("share", 0.483, "48%"),
        ("growth", 0.07, "+7%"),
        ("location_id", 1000, "1000"),
        ("confidence", 0.98, "0.98"),
        ("schema", True, "yes"),
        ("ts", datetime(2026, 3, 2, 12, 0, 0, 5), "2026-03-02 12:00:00"),
        ("model", None, "–"),
        ("p75", float("nan"), "–"),
        ("line", "a " * 200, "a " * 200),
    ],
)
def test_a_value_is_written_as_the_name_of_its_column_says(column, value, text):
    shown = show.table([{column: value}])
    assert f">{text}</td>" in html_of(shown)
    assert text.strip() in repr(shown)


def test_the_index_is_a_column_if_it_has_a_name_and_hidden_if_it_only_counts():
    frame = pd.DataFrame({"brand": ["Nonna"], "orders": [3]})
    assert "index_name" not in html_of(show.table(frame.set_index("brand")))
    assert repr(show.table(frame)).split() == ["brand", "orders", "Nonna", "3"]
    assert repr(show.table(frame.set_index("brand"))).split() == ["brand", "orders", "Nonna", "3"]
    assert repr(show.table(pd.Series({"name": "caspers"}).to_frame("value"))).split() == ["value", "name", "caspers"]


def test_numbers_are_aligned_to_the_right_and_text_to_the_left():
    html = html_of(show.table([{"brand": "Nonna", "orders": 3}]))
    assert ".col1 {\n  text-align: right" in html and ".col0 {\n  text-align" not in html


def test_a_short_text_stays_in_one_line_and_a_long_one_is_wrapped():
    html = html_of(show.table([{"category": "delivery_delay", "reply": "We are sorry. " * 9, "model": None}]))
    assert "td.col0 {\n  white-space: nowrap" in html
    assert ".col1 {" not in html and ".col1, " not in html


def test_a_heading_may_be_broken_at_its_underscores_and_nowhere_else():
    html = html_of(show.table([{"delivery_minutes": 16.0, "a<b": 1}]))
    assert ">delivery_<wbr>minutes</th>" in html and ">a&lt;b</th>" in html
    headings, _, cells = html.partition(" td {")
    assert "overflow-wrap" not in headings and "overflow-wrap: anywhere" in cells


def test_the_same_frame_gives_the_same_table_and_another_one_does_not_share_its_style():
    one, other = [{"a": 1}], [{"a": 2}]
    assert html_of(show.table(one)) == html_of(show.table(one))
    assert html_of(show.table(one)).splitlines()[1] != html_of(show.table(other)).splitlines()[1]


def test_what_a_customer_wrote_is_text():
    html = html_of(show.table([{"complaint": "<script>alert('$5 or $6')</script>"}]))
    assert "<script>" not in html and "mathjax_ignore" in html
