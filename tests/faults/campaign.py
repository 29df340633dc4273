"""Kills processes of a busy workspace at random, then checks that nothing was lost or doubled: `make faults`.

It brings the target `all` up in a home of its own, which is removed at the end unless something differs. Which
processes are hit follows from the seed; what they are doing then does not.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

import psutil

from fault_plan import Fault, faults
from fault_reading import Finding, glance, verdict
from fault_workspace import COPIES, DOWN, Workspace, go_on, wait
from waiting import eventually, has_ended

HEALTHY_SECONDS = 900


def main(arguments: list[str]) -> int:
    """Run a campaign; returns the exit code: 1 if something is lost, doubled, changed or doesn't recover."""
    options = _parser().parse_args(arguments)
    root = options.home or Path(tempfile.mkdtemp(prefix="caspers-faults-"), "home")
    print(f"seed {options.seed}, {options.count} faults, home {root}", flush=True)
    workspace = Workspace(root.resolve())
    try:
        workspace.command("up") if options.home else workspace.make()
        problems = campaign(workspace, faults(options.seed, options.count))
    except BaseException:
        workspace.command("down")
        raise
    if problems:
        workspace.command("down")
        print(f"\nThe workspace is stopped; its home is kept: {root}. Differences:", *problems, sep="\n  ", flush=True)
        return 1
    workspace.command("down" if options.home else "destroy")
    print("\nNothing was lost, doubled or changed.")
    return 0


def campaign(workspace: Workspace, planned: list[Fault]) -> list[str]:
    """Hit the workspace, let it settle; returns what differs in the end or was doubled on the way."""
    _await_health(workspace)
    print(f"\n{'fault':>5}  {'victim':34}{'signal':9}{'healthy after':>14}   then", flush=True)
    problems = []
    for number, fault in enumerate(planned, 1):
        victim, seconds = hit(workspace, fault)
        seen = glance(workspace.lake)
        print(f"{number:5}  {victim:34}{fault.signal.name:9}{seconds:12.1f} s   {_brief(seen)}", flush=True)
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
    process = eventually(
        lambda: _strike(workspace, fault), lambda struck: struck is not None, seconds=900, ignoring=DOWN
    )
    if fault.signal == signal.SIGSTOP:
        go_on(process, fault.stop)
    begun = time.monotonic()
    if fault.signal == signal.SIGKILL:
        eventually(lambda: has_ended(process))
        if fault.victim == "service":
            workspace.command("up")
    _await_health(workspace)
    return f"{fault.victim} {process.pid}", time.monotonic() - begun


def _strike(workspace: Workspace, fault: Fault) -> psutil.Process | None:
    """Send the fault's signal and return the process; None if none of its kind runs now, until there is work."""
    running = workspace.processes(fault.victim)
    if not running:
        workspace.keep_busy()
        return None
    process = running[int(fault.pick * (len(running) - 1) + 0.5)]
    process.send_signal(fault.signal)
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
    parser.add_argument("--home", type=Path, help="go on with a home that was kept; default: a new one")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
