"""A word before a wait, so that nobody wonders what is going on."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def waiting(message: str) -> Iterator[None]:
    """Say what is being waited for, once; the same text at every run, so that notebooks' outputs stay comparable."""
    print(f"{message} …", flush=True)
    yield
