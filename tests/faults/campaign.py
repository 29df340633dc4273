"""Brings faults upon a busy workspace at random, then checks that nothing was lost or doubled: `make faults`.

Processes are killed or stopped, the clock jumps, `fsync` fails. It brings the target `all` up in a home of its own,
which is removed at the end unless something differs. What is hit follows from the seed; what it is doing then does not.
"""

import argparse
import random
import signal
import sys
import time
from pathlib import Path

import psutil

import fault_tools
from fault_plan import DISK_ERROR, JUMP, JUMPS, KILL, STOP, VICTIMS, Fault, faults
from fault_reading import Finding, glance, verdict
from fault_workspace import COPIES, DOWN, Workspace, go_on, wait
from waiting import eventually, has_ended

HEALTHY_SECONDS = 900
_SETTLING_SECONDS = 5  # a clock is read only now and then


def main(arguments: list[str]) -> int:
    """Run a campaign; returns the exit code: 1 if something is lost, doubled, changed or doesn't recover."""
    options = _parser().parse_args(arguments)
    if missing := fault_tools.missing(options.kinds):
        print(*missing, sep="\n", file=sys.stderr)
        return 2
    given: Path | None = options.home
    workspace = Workspace(given.resolve()) if given else Workspace.in_new_folder("caspers-faults-")
    print(f"seed {options.seed}, {options.count} faults, home {workspace.home}", flush=True)
    try:
        workspace.command("up") if given else workspace.make()
        problems = campaign(workspace, faults(options.seed, options.count, options.kinds))
    except BaseException:
        workspace.command("down")
        raise
    if problems:
        workspace.command("down")
        print(
            f"\nThe workspace was stopped and kept: {workspace.home}. Differences:", *problems, sep="\n  ", flush=True
        )
        return 1
    workspace.command("down") if given else workspace.remove()
    print("\nNothing was lost, doubled or changed.")
    return 0


def campaign(workspace: Workspace, planned: list[Fault]) -> list[str]:
    """Hit the workspace, let it settle; returns what differs in the end or was doubled on the way."""
    _await_health(workspace)
    print(f"\n{'fault':>5}  {'victim':34}{'fault':9}{'healthy after':>14}   then", flush=True)
    problems = []
    for number, fault in enumerate(planned, 1):
        victim, seconds = hit(workspace, fault)
        seen = glance(workspace.lake)
        print(f"{number:5}  {victim:34}{fault.kind:9}{seconds:12.1f} s   {_brief(seen)}", flush=True)
        problems += [f"after fault {number} ({victim}): {problem}" for problem in seen.problems]
    workspace.settle()
    found = verdict(workspace.lake, COPIES)
    print(
        "\nrows at the end", *(f"{what:46}{count:>9,}" for what, count in found.counts.items()), sep="\n  ", flush=True
    )
    return [*problems, *found.problems]


def hit(workspace: Workspace, fault: Fault) -> tuple[str, float]:
    """Bring a fault upon the workspace at work; returns what was hit, and the seconds until all is well again.

    They count from the signal, for a process that was stopped from its going on.
    """
    workspace.keep_busy()
    wait(fault.delay)
    if fault.kind == JUMP:
        workspace.clock.jump(JUMPS[fault.victim])
        begun = time.monotonic()
        wait(_SETTLING_SECONDS)
        _await_health(workspace)
        return fault.victim, time.monotonic() - begun
    process = eventually(
        lambda: _strike(workspace, fault), lambda struck: struck is not None, seconds=900, ignoring=DOWN
    )
    if fault.kind == STOP:
        go_on(process, fault.stop)
    begun = time.monotonic()
    if fault.kind == KILL:
        eventually(lambda: has_ended(process))
        if fault.victim == "service":
            workspace.command("up")
    _await_health(workspace)
    return f"{fault.victim} {process.pid}", time.monotonic() - begun


def _strike(workspace: Workspace, fault: Fault) -> psutil.Process | None:
    """Hit a process and return it; None if none of its kind runs now, until there is work."""
    running = workspace.processes(fault.victim)
    if not running:
        workspace.keep_busy()
        return None
    process = running[int(fault.pick * (len(running) - 1) + 0.5)]
    if fault.kind == DISK_ERROR:
        fault_tools.fail_to_sync(process, fault.stop)
    else:
        process.send_signal(signal.Signals[fault.kind])
    return process


def _await_health(workspace: Workspace) -> None:
    eventually(workspace.ailments, [], seconds=HEALTHY_SECONDS, ignoring=DOWN)


def _brief(seen: Finding) -> str:
    counts = ", ".join(f"{what} {count:,}" for what, count in seen.counts.items())
    return counts + "".join(f"; {problem.upper()}" for problem in seen.problems)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().randrange(10**6), help="default: a random one"
    )
    parser.add_argument("--count", type=int, default=12, help="number of faults; default: 12")
    parser.add_argument("--kinds", nargs="+", choices=VICTIMS, default=list(VICTIMS), help="default: all of them")
    parser.add_argument("--home", type=Path, help="go on with a home that was kept; default: a new one")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
