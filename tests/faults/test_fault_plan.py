from fault_plan import DISK_ERROR, JUMP, JUMPS, KILL, LONGEST_DELAY, PROCESSES, STOP, WRITERS, faults

ALL = len(PROCESSES) + len(JUMPS) + len(WRITERS)
KINDS = {KILL: (KILL, STOP), JUMP: (JUMP,), DISK_ERROR: (DISK_ERROR,)}


def test_the_same_seed_chooses_the_same_faults():
    assert faults(7, 30) == faults(7, 30)
    assert faults(7, 30) != faults(8, 30)


def test_a_longer_campaign_begins_as_a_shorter_one():
    assert faults(7, 30)[:4] == faults(7, 4)


def test_everything_is_hit_before_anything_is_hit_again():
    drawn = faults(7, 2 * ALL)
    for half in (drawn[:ALL], drawn[ALL:]):
        hit = {kind: sorted(fault.victim for fault in half if fault.kind in kinds) for kind, kinds in KINDS.items()}
        assert hit == {KILL: sorted(PROCESSES), JUMP: sorted(JUMPS), DISK_ERROR: sorted(WRITERS)}


def test_faults_are_of_the_chosen_kinds():
    assert {fault.kind for fault in faults(7, 20, [JUMP])} == {JUMP}
    assert {fault.victim for fault in faults(7, 20, [DISK_ERROR])} == set(WRITERS)


def test_most_are_killed_and_some_are_stopped_for_a_while():
    drawn = faults(7, 200, [KILL])
    killed = [fault for fault in drawn if fault.kind == KILL]
    assert 140 < len(killed) < 180
    assert {fault.kind for fault in drawn} == {KILL, STOP}
    assert all(0 <= fault.delay <= LONGEST_DELAY and 0 <= fault.pick <= 1 for fault in drawn)
