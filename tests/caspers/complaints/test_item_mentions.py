import pytest

from caspers.complaints.item_mentions import find_mentions, normalized, ordinary_words

NAMES = ("Mango Tea", "Mango Tea Float", "Pork Gyro", "Three-Piece Chicken Box")


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("where is the mango tea float?", [("mango tea float", ("Mango Tea Float",))]),
        ("the mango was sour", [("mango", ("Mango Tea", "Mango Tea Float"))]),
        ("no PORK GYROS, no mango floats", [("PORK GYROS", ("Pork Gyro",)), ("mango floats", ("Mango Tea Float",))]),
        ("the pork gyrro", [("pork gyrro", ("Pork Gyro",))]),
        ("the box was open", []),
        ("my chicken gyro was cold", [("chicken", ("Three-Piece Chicken Box",))]),
        ("", []),
    ],
)
def test_mentions_are_found_in_the_order_of_the_text(text, mentioned):
    assert [(text[each.start : each.end], each.names) for each in find_mentions(text, NAMES)] == mentioned


def test_words_are_compared_without_case_accents_and_apostrophes():
    assert (normalized("Brûlée"), normalized("Joe’s")) == ("brulee", "joes")


def test_words_of_complaints_are_ordinary():
    assert {"missing", "cold", "the", "please"} <= ordinary_words()
