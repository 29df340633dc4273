"""The loop of a continuous pipeline: a first update, and another whenever files have landed."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

from watchfiles import watch

RETRY_SECONDS = 60
SETTLE_MS = 300
MAX_SETTLE_MS = 3_000


class ContinuousLoop:
    """Calls `run`, which updates and returns whether it succeeded, each time the files in `directories` change.

    Files that land during an update make the next one start right after it. A failed update is repeated after
    RETRY_SECONDS, or as soon as new files land.
    """

    def __init__(self, name: str, directories: list[Path], run: Callable[[], bool]) -> None:
        self._directories = [path for path in directories if path.is_dir()]
        self._run = run
        self._stop, self._woken = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._loop, name=f"continuous-{name}", daemon=True)
        self._watcher = threading.Thread(target=self._watch, name=f"watch-{name}", daemon=True)

    def start(self) -> None:
        """Start the loop in a thread."""
        if self._directories:
            self._watcher.start()
        self._thread.start()

    def stop(self) -> None:
        """Start no more updates. A running one goes on until the caller cancels it."""
        self._stop.set()
        self._woken.set()

    def join(self, timeout: float) -> bool:
        """Wait for the end of the loop after `stop`; returns whether it ended within `timeout` seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _loop(self) -> None:
        while not self._stop.is_set():
            seen = self._files()
            succeeded = self._run()
            self._wait_for_others(seen, None if succeeded else RETRY_SECONDS)

    def _wait_for_others(self, seen: set[tuple[str, int]], timeout: float | None) -> None:
        while not self._stop.is_set() and self._files() == seen:
            if not self._woken.wait(timeout):
                return
            self._woken.clear()

    def _watch(self) -> None:
        changes = watch(
            *self._directories,
            watch_filter=None,
            step=SETTLE_MS,
            debounce=MAX_SETTLE_MS,
            rust_timeout=1_000,
            stop_event=self._stop,
            raise_interrupt=False,
        )
        for _ in changes:
            self._woken.set()

    def _files(self) -> set[tuple[str, int]]:
        """The files that Spark would read: names of files being written start with a dot or an underscore."""
        return {
            (os.path.join(folder, name), os.stat(os.path.join(folder, name)).st_mtime_ns)
            for directory in self._directories
            for folder, _, names in os.walk(directory)
            for name in names
            if name[0] not in "._"
        }
