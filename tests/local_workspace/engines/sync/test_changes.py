"""What a change feed comes to."""

import pytest

from local_workspace.engines.sync.changes import Changes, DuplicateKey, fold


def net(*events: tuple[str, str, object], in_target: str = "") -> Changes:
    """Fold events (kind, key, value); the keys in `in_target` are one character each."""
    kinds, keys, values = zip(*events, strict=True) if events else ((), (), ())
    return fold(
        [(key,) for key in keys],
        kinds,
        [(key,) for key in in_target],
        lambda one, other: values[one] == values[other],
    )


def test_an_insert_writes_and_a_delete_removes():
    assert net(("insert", "a", 1)) == Changes(writes=[0])
    assert net(("delete", "a", 1), in_target="a") == Changes(removes=[0])


def test_a_row_that_came_and_went_is_removed():
    assert net(("insert", "a", 1), ("delete", "a", 1)) == Changes(removes=[1])


def test_an_update_writes_the_new_row():
    assert net(("update_preimage", "a", 1), ("update_postimage", "a", 2), in_target="a") == Changes(writes=[1])


def test_a_second_row_of_a_key_is_a_duplicate():
    with pytest.raises(DuplicateKey) as duplicate:
        net(("insert", "a", 2), in_target="a")
    assert duplicate.value.key == ("a",)
    with pytest.raises(DuplicateKey):
        net(("insert", "a", 1), ("insert", "a", 1))


def test_of_two_rows_the_one_that_was_not_deleted_stays():
    assert net(("insert", "a", 2), ("delete", "a", 1), in_target="a") == Changes(writes=[0])
    assert net(("insert", "a", 2), ("delete", "a", 2), in_target="a") == Changes()
    assert net(("insert", "a", 1), ("insert", "a", 2), ("delete", "a", 1)) == Changes(writes=[1])
