"""What request bodies may contain."""

import pytest
from pydantic import ValidationError

from local_workspace.http.bodies import MAX_DEPTH, Body, Name, PathText, StrictBody, Text, check_json


class Thing(Body):
    """A body with one field of each type."""

    name: Name | None = None
    path: PathText | None = None
    text: Text | None = None


class StrictThing(StrictBody):
    """A body that may have no other field."""

    name: Name


def nested(depth: int) -> object:
    value: object = "x"
    for level in range(depth):
        value = [value] if level % 2 else {"k": value}
    return value


def test_only_what_was_sent_is_passed_on_and_null_is_left_out():
    sent = {"name": "a", "text": None, "other": {"kept": [1, None]}}
    assert Thing.model_validate(sent).sent() == {"name": "a", "other": {"kept": [1, None]}}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "n" * 256),
        ("name", "a\0b"),
        ("text", "\0"),
        ("path", "/a\0"),
        ("path", "/" + "é" * 128),  # 256 bytes
        ("path", "/a" * 2049),
    ],
)
def test_what_no_file_or_database_takes_is_refused(field, value):
    with pytest.raises(ValidationError) as refused:
        Thing.model_validate({field: value})
    assert [error["loc"] for error in refused.value.errors()] == [(field,)]


@pytest.mark.parametrize(("field", "value"), [("name", "n" * 255), ("path", "/" + "é" * 127), ("text", "")])
def test_the_longest_that_is_taken_is_taken(field, value):
    assert Thing.model_validate({field: value}).sent() == {field: value}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "finite"),
        ({"a": [1.5, float("inf")]}, "finite"),
        ("\ud800", "surrogates"),
        ({"\udfff": 1}, "surrogates"),
        (nested(MAX_DEPTH + 1), "no deeper than"),
    ],
)
def test_json_that_cannot_be_stored_is_refused_wherever_it_is(value, message):
    with pytest.raises(ValueError, match=message):
        check_json(value)
    with pytest.raises(ValidationError, match=message):
        Thing.model_validate({"other": value})


def test_json_to_the_greatest_depth_is_taken():
    check_json(nested(MAX_DEPTH))
    check_json([1, 2.5, True, None, "\U0001f35c"])


def test_a_strict_body_names_the_field_that_it_does_not_know():
    with pytest.raises(ValidationError) as refused:
        StrictThing.model_validate({"name": "a", "colour": "red"})
    assert [(error["type"], error["loc"]) for error in refused.value.errors()] == [("extra_forbidden", ("colour",))]
