"""The limit of writes."""

from refund_manager.web.rate import RateLimit


class Clock:
    """A clock that the test sets, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_wait_that_is_named_is_enough_and_not_a_second_more():
    clock = Clock()
    limit = RateLimit(1, 0.3, clock)
    assert limit.take("ana") == 0
    assert limit.take("ana") == 4  # 3.33 s, in whole seconds
    clock.now = 3.3
    assert limit.take("ana") == 1
    clock.now = 4.3
    assert limit.take("ana") == 0


def test_a_refused_write_costs_nothing():
    clock = Clock()
    limit = RateLimit(1, 1.0, clock)
    assert [limit.take("ana") for _ in range(5)] == [0, 1, 1, 1, 1]
    clock.now = 1.0
    assert limit.take("ana") == 0


def test_rest_saves_up_no_more_than_the_burst():
    clock = Clock()
    limit = RateLimit(2, 1.0, clock)
    limit.take("ana")
    clock.now = 1e6
    assert [limit.take("ana") for _ in range(3)] == [0, 0, 1]


def test_of_very_many_users_the_longest_absent_are_forgotten_and_the_present_are_not():
    limit = RateLimit(1, 0.001, Clock())
    limit.take("ana")
    limit.take("ben")
    for number in range(9_998):
        limit.take(f"user {number}")
    assert limit.take("ana") > 0  # 10,000 users are remembered; ana is the most recent again
    limit.take("one more")
    assert limit.take("ana") > 0
    assert limit.take("ben") == 0
