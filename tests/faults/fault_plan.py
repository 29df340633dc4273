"""Which processes a campaign kills, how and when: the same for the same seed."""

import random
import signal
from dataclasses import dataclass

VICTIMS = (
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

STOPPED_SHARE = 0.2
LONGEST_DELAY, LONGEST_STOP = 15.0, 30.0


@dataclass(frozen=True)
class Fault:
    """One fault: what it hits, `delay` seconds after there is work in progress.

    A process that is stopped goes on after `stop` seconds. `pick` (0 to 1) says which one where several run.
    """

    victim: str
    signal: signal.Signals
    delay: float
    stop: float
    pick: float


def faults(seed: int, count: int) -> list[Fault]:
    """`count` faults drawn by `seed`. Every victim comes once before one comes again."""
    order, dice = random.Random(f"{seed}/order"), random.Random(f"{seed}/faults")
    victims: list[str] = []
    while len(victims) < count:
        victims += order.sample(VICTIMS, len(VICTIMS))
    return [_fault(victim, dice) for victim in victims[:count]]


def _fault(victim: str, dice: random.Random) -> Fault:
    number = signal.SIGSTOP if dice.random() < STOPPED_SHARE else signal.SIGKILL
    return Fault(victim, number, dice.uniform(0, LONGEST_DELAY), dice.uniform(3, LONGEST_STOP), dice.random())
