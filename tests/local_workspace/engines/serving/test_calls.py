"""What an endpoint's page says of its calls."""

from local_workspace.engines.serving.calls import Calls, Traffic


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_half_and_95_per_cent_of_the_calls_were_this_fast_and_those_from_400_on_failed():
    calls = Calls(Clock())
    for number in range(1, 101):
        calls.add(number / 100, 400 if number % 50 == 0 else 200)
    assert calls.last_hour() == Traffic(100, 2, 0.5, 0.95)


def test_calls_of_more_than_an_hour_ago_do_not_count():
    clock = Clock()
    calls = Calls(clock)
    calls.add(3.0, 500)
    clock.seconds = 1800.0
    calls.add(1.0, 200)
    assert calls.last_hour() == Traffic(2, 1, 1.0, 3.0)
    clock.seconds = 3601.0
    assert calls.last_hour() == Traffic(1, 0, 1.0, 1.0)


def test_without_calls_there_are_no_times():
    assert Calls(Clock()).last_hour() == Traffic(0, 0, None, None)
