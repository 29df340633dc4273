"""The result of a check of this machine."""

from dataclasses import dataclass
from typing import Literal

type Verdict = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Finding:
    """The result of the check `name`: `text` is what it found, `remedy` what to do about it, empty for ok."""

    name: str
    verdict: Verdict
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        """One line, and the remedy on a second line if there is one."""
        line = f"{self.verdict:<7}  {self.name:<11}  {self.text}"
        return f"{line}\n{'':<22}{self.remedy}" if self.remedy else line


def ok(name: str, text: str) -> Finding:
    """A check that found nothing wrong."""
    return Finding(name, "ok", text)


def warning(name: str, text: str, remedy: str) -> Finding:
    """A check that found a possible problem."""
    return Finding(name, "warning", text, remedy)


def failed(name: str, text: str, remedy: str) -> Finding:
    """A check that found a problem that prevents the workspace from working."""
    return Finding(name, "failed", text, remedy)
