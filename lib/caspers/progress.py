"""A message before a wait, so that the reader knows what the notebook is doing."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def waiting(message: str) -> Iterator[None]:
    """Print what is being waited for, once; the text is the same in each run, so that outputs can be compared."""
    print(f"{message} …", flush=True)
    yield
