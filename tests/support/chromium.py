"""A real browser, for tests and for the README's pictures. `python chromium.py` sees to it that there is one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

_PATIENCE_MS = 120_000  # how long a page may take to show what is expected, on a machine that does much else
_COMMANDS = ("chromium", "chromium-browser", "google-chrome")
_PLAYWRIGHT_INSTALL = ([sys.executable, "-m", "playwright", "install", "chromium"],)
_DEBIAN_INSTALL = (
    ["apt-get", "update", "-qq"],
    ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium of this machine, or Playwright's own."""
    path = next(filter(None, map(shutil.which, _COMMANDS)), None)
    with sync_playwright() as playwright:
        expect.set_options(timeout=_PATIENCE_MS)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def watched(browser: Browser) -> Iterator[Page]:
    """A page without a session; the test fails on a page error or an error in the console that no request explains."""
    context = browser.new_context()
    context.set_default_timeout(_PATIENCE_MS)
    page, found = context.new_page(), []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert [error for error in found if "status of" not in error and "ERR_" not in error] == []


def serious(page: Page, rules: dict[str, object] | None = None) -> list[tuple[str, str]]:
    """The rules of accessibility that the page breaks seriously or critically, each with the first element."""
    found = Axe().run(page, options=rules or {}).response["violations"]
    return [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")]


def ensure() -> None:
    """Install Chromium unless there is one that starts: Playwright's own, else Debian's package.

    Raises SystemExit if neither can be installed; Debian's package needs root.
    """
    for commands in ((), _PLAYWRIGHT_INSTALL, _DEBIAN_INSTALL if _is_root_on_debian() else ()):
        if _succeed(commands) and _starts():
            return
    sys.exit("The tests need a browser, and none could be installed: install Chromium, then run `make test` again.")


def _is_root_on_debian() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _succeed(commands: tuple[list[str], ...]) -> bool:
    return all(subprocess.run(command, stdout=subprocess.DEVNULL).returncode == 0 for command in commands)


def _starts() -> bool:
    try:
        with chromium():
            return True
    except Error as error:
        print(f"No browser starts: {error.message.splitlines()[0]}", file=sys.stderr)
        return False


if __name__ == "__main__":
    ensure()
