import pytest

from local_workspace.pages import formats


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "–"),
        (0, "0 ms"),
        (850, "850 ms"),
        (9_400, "9.4 s"),
        (12_000, "12 s"),
        (60_000, "1m 0s"),
        (200_400, "3m 20s"),
        (7_500_000, "2h 5m"),
        (90_000_000, "1d 1h"),
    ],
)
def test_durations(ms, text):
    assert formats.duration(ms) == text


@pytest.mark.parametrize(("past", "text"), [(0, "now"), (40, "40 s ago"), (7_000, "2 h ago"), (-600, "in 10 min")])
def test_ago(past, text):
    assert f">{text}<" in formats.ago(1_000_000_000, now=1_000_000 + past)


def test_a_moment_is_marked_for_the_pages_script():
    assert formats.moment(1_700_000_000_123).startswith('<time datetime="2023-11-14T22:13:20.123+00:00">14 Nov 2023')


@pytest.mark.parametrize(("count", "text"), [(None, "–"), (12, "12 B"), (1536, "1.5 KiB"), (5 * 1024**4, "5120.0 GiB")])
def test_bytes(count, text):
    assert formats.size(count) == text


def test_a_name_breaks_after_dots_and_underscores_and_stays_text():
    assert formats.breakable("a.b__c<i>") == "a.<wbr>b__<wbr>c&lt;i&gt;"
