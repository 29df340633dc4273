"""Which faults a campaign brings, to what and when: the same for the same seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

PROCESSES = (
    "spark",
    "service",
    "postgres",
    "backend",
    "sync",
    "mlflow",
    "endpoint",
    "app",
    "pipeline",
    "task",
    "kernel",
)
"""`postgres` is a postmaster, `backend` the process of one of its connections, `sync` that of a sync's connection;
`pipeline` the process of an update, `task` that of a notebook task, `kernel` the task's kernel."""

KILL, STOP, JUMP, DISK_ERROR = "SIGKILL", "SIGSTOP", "clock", "disk"
JUMPS = {"clock, an hour on": 3600, "clock, 10 minutes back": -600}
"""By how many seconds the workspace's clock is set; the monotonic one goes on."""

WRITERS = ("postgres", "service")
"""What writes a database of its own: each `fsync` fails for a while, as on a broken disk."""

VICTIMS = {KILL: PROCESSES, JUMP: tuple(JUMPS), DISK_ERROR: WRITERS}
"""What faults of a kind hit."""

STOPPED_SHARE = 0.2
LONGEST_DELAY, LONGEST_STOP = 15.0, 30.0


@dataclass(frozen=True)
class Fault:
    """One fault: what it hits, and how, `delay` seconds after there is work in progress.

    A process that is stopped goes on after `stop` seconds, and so long a disk fails. `pick` (0 to 1) says which one
    where several run.
    """

    victim: str
    kind: str
    delay: float
    stop: float
    pick: float


def faults(seed: int, count: int, kinds: Sequence[str] = tuple(VICTIMS)) -> list[Fault]:
    """`count` faults drawn by `seed`. Everything that `kinds` hit is hit once before anything is again.

    What may be killed is stopped now and then instead.
    """
    order, dice = random.Random(f"{seed}/order"), random.Random(f"{seed}/faults")
    all_of_them = [(victim, kind) for kind in kinds for victim in VICTIMS[kind]]
    drawn: list[tuple[str, str]] = []
    while len(drawn) < count:
        drawn += order.sample(all_of_them, len(all_of_them))
    return [_fault(victim, kind, dice) for victim, kind in drawn[:count]]


def _fault(victim: str, kind: str, dice: random.Random) -> Fault:
    if dice.random() < STOPPED_SHARE and kind == KILL:
        kind = STOP
    return Fault(victim, kind, dice.uniform(0, LONGEST_DELAY), dice.uniform(3, LONGEST_STOP), dice.random())
