import signal

from fault_plan import LONGEST_DELAY, VICTIMS, faults


def test_the_same_seed_chooses_the_same_faults():
    assert faults(7, 30) == faults(7, 30)
    assert faults(7, 30) != faults(8, 30)


def test_a_longer_campaign_begins_as_a_shorter_one():
    assert faults(7, 30)[:4] == faults(7, 4)


def test_every_victim_comes_before_one_comes_again():
    drawn = faults(7, 2 * len(VICTIMS))
    assert {fault.victim for fault in drawn[: len(VICTIMS)]} == set(VICTIMS)
    assert {fault.victim for fault in drawn[len(VICTIMS) :]} == set(VICTIMS)


def test_most_are_killed_and_some_are_stopped_for_a_while():
    drawn = faults(7, 200)
    killed = [fault for fault in drawn if fault.signal == signal.SIGKILL]
    assert 140 < len(killed) < 180
    assert {fault.signal for fault in drawn} == {signal.SIGKILL, signal.SIGSTOP}
    assert all(0 <= fault.delay <= LONGEST_DELAY and 0 <= fault.pick <= 1 for fault in drawn)
