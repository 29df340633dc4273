import threading

import pytest

from local_workspace.runtime.store import Store


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "s.db")
    yield opened
    opened.close()


def test_documents_come_back_in_the_order_they_were_first_written(store):
    for key in ("b", "a", "c"):
        store.put("job", key, {"key": key, "n": 1})
    store.put("job", "b", {"key": "b", "n": 2})
    assert [doc["key"] for doc in store.list("job")] == ["b", "a", "c"]
    assert store.get("job", "b")["n"] == 2
    assert store.list("run") == []


def test_update_changes_fields_and_names_what_is_missing(store):
    store.put("job", "1", {"a": 1, "b": 1})
    assert store.update("job", "1", b=2) == {"a": 1, "b": 2}
    with pytest.raises(KeyError, match="job 2"):
        store.update("job", "2", b=2)


def test_delete_says_whether_there_was_one(store):
    store.put("job", "1", {})
    assert store.delete("job", "1") and not store.delete("job", "1")


def test_documents_and_numbers_survive_a_restart(store, tmp_path):
    store.put("job", "1", {"a": 1})
    first = store.next_id()
    store.close()
    again = Store(tmp_path / "s.db")
    assert again.get("job", "1") == {"a": 1} and again.next_id() > first
    again.close()


def test_threads_never_get_the_same_number(store):
    numbers, threads = [], []
    for _ in range(8):
        threads.append(threading.Thread(target=lambda: numbers.extend(store.next_id() for _ in range(50))))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert len(set(numbers)) == 400


def test_changes_at_the_same_time_lose_none(store):
    def add(number):
        for _ in range(25):
            store.change("list", "1", lambda held: {"held": [*(held["held"] if held else []), number]})

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.get("list", "1")["held"]) == 200


def test_a_change_that_is_none_or_fails_leaves_all_as_it_is(store):
    store.put("list", "1", {"held": 1})
    store.change("list", "1", lambda _: None)
    with pytest.raises(ZeroDivisionError):
        store.change("list", "1", lambda held: {"held": held["held"] / 0})
    assert store.get("list", "1") == {"held": 1}
    store.change("list", "2", lambda held: held)
    assert store.get("list", "2") is None
