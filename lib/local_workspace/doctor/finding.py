"""What a check found out about this machine."""

from dataclasses import dataclass
from typing import Literal

type Verdict = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Finding:
    """The result of the check `name`: what it saw in `text`, and in `mend` what to do unless all is well."""

    name: str
    verdict: Verdict
    text: str
    mend: str = ""

    def __str__(self) -> str:
        """One line; below it, if something is to be done, a second one that says what."""
        line = f"{self.verdict:<7}  {self.name:<11}  {self.text}"
        return f"{line}\n{'':<22}{self.mend}" if self.mend else line


def ok(name: str, text: str) -> Finding:
    """A check that found nothing wrong."""
    return Finding(name, "ok", text)


def warning(name: str, text: str, mend: str) -> Finding:
    """A check that found something that may do harm."""
    return Finding(name, "warning", text, mend)


def failed(name: str, text: str, mend: str) -> Finding:
    """A check that found something with which the workspace can't work."""
    return Finding(name, "failed", text, mend)
