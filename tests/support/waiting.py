"""How tests wait: for a condition, never for a span of time."""

import inspect
import time
from collections.abc import Callable

import psutil

# A look costs both processes some ten milliseconds: after a long wait the next may be a tenth of it late.
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.05, 0.25


def eventually[T](
    look: Callable[[], T],
    wanted: T | Callable[[T], bool] = bool,
    *,
    seconds: float = 180,
    ignoring: type[Exception] | tuple[type[Exception], ...] = (),
) -> T:
    """The first result of `look()` that equals `wanted` or satisfies it; exceptions of `ignoring` count as not yet.

    After `seconds` it fails with the code of the condition and what was seen last.
    """
    begun, seen = time.monotonic(), None
    while True:
        try:
            seen = look()
            if wanted(seen) if callable(wanted) else seen == wanted:
                return seen
        except ignoring as error:
            seen = error
        waited = time.monotonic() - begun
        if waited > seconds:
            break
        time.sleep(min(max(waited / 10, _SHORTEST_SECONDS), _LONGEST_SECONDS))
    raise AssertionError(f"Waited {seconds} s for {_description(look, wanted)}; last seen: {seen!r}")


def has_ended(process: psutil.Process) -> bool:
    """Whether a process does no more work; in a container without an init its entry may stay."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _description(look: Callable, wanted: object) -> str:
    """The source of the call, for a lambda the lines it stands in."""
    code = " ".join(inspect.getsource(look).split()) if inspect.isfunction(look) else repr(look)
    return code if callable(wanted) else f"{code} to give {wanted!r}"
