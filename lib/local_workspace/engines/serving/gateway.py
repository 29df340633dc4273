"""What stands between an endpoint and a server elsewhere: a pace, a time-out, a budget, and what was used of it."""

import logging
import threading
from collections import deque
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field, model_validator

from local_workspace.errors import ApiError, invalid
from local_workspace.store import Store

KIND = "serving_gateway"
_MINUTE = 60.0
_BYTES_A_TOKEN = 4  # of an answer that does not tell its tokens

_log = logging.getLogger(__name__)


class Refusal(ApiError):
    """An answer that asking again won't change now; `details` are type, param and code as OpenAI's errors have them."""

    def __init__(self, status: int, error_code: str, message: str, details: dict | None = None) -> None:
        super().__init__(status, error_code, message)
        self.details = details or {}


class Limits(BaseModel):
    """The longest time of an answer in seconds, waits and further attempts included; the budget of a run.

    A limit that is None does not exist. `run` names what the budget is for: another name starts the count anew, none
    goes on with it.
    """

    model_config = ConfigDict(extra="forbid")

    timeout_seconds: float = Field(600.0, gt=0)
    max_calls: int | None = Field(None, ge=0)
    max_usd: float | None = Field(None, ge=0)
    usd_per_million_input: float | None = Field(None, ge=0)
    usd_per_million_output: float | None = Field(None, ge=0)
    run: str | None = None

    @model_validator(mode="after")
    def _priced(self) -> "Limits":
        if self.max_usd is not None and None in (self.usd_per_million_input, self.usd_per_million_output):
            raise ValueError("max_usd needs usd_per_million_input and usd_per_million_output.")
        return self

    def usd(self, tokens: tuple[int, int]) -> float:
        """What so many tokens in and out cost."""
        prices = (self.usd_per_million_input or 0.0, self.usd_per_million_output or 0.0)
        return sum(count * price for count, price in zip(tokens, prices, strict=True)) / 1e6


class Used(BaseModel):
    """What a run has used: requests sent, tokens, dollars; of how many calls the tokens are guessed by length."""

    run: str | None = None
    since: str = Field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    guessed_calls: int = 0


class Pace:
    """Hands out turns so that no more than `calls` fall into any minute."""

    def __init__(self, calls: int) -> None:
        self._turns: deque[float] = deque(maxlen=calls)

    def turn(self, now: float, latest: float) -> float | None:
        """When a call that comes at `now` may go; None, and no turn is taken, if that is after `latest` (seconds)."""
        full = len(self._turns) == self._turns.maxlen
        turn = max(now, self._turns[0] + _MINUTE) if full else now
        if turn > latest:
            return None
        self._turns.append(turn)
        return turn


class Gateway:
    """The limits and the usage of endpoint `name`; every change is on disk before anything else happens."""

    def __init__(self, name: str, store: Store) -> None:
        self.name, self._store = name, store
        doc = store.get(KIND, name) or {}
        self.limits, self.used = Limits(**doc.get("limits", {})), Used(**doc.get("used", {}))
        self.settings: dict = doc.get("settings", {})
        self._lock = threading.Lock()
        self.pace = _pace(self.settings)

    def limit(self, limits: Limits) -> None:
        """Set the limits; what was used stays, unless they are for another run."""
        with self._lock:
            if limits.run is not None and limits.run != self.used.run:
                self.used = Used(run=limits.run)
            self.limits = limits
            self._save()

    def configure(self, settings: dict) -> None:
        """Take the AI Gateway's settings. Raises ApiError 400 for what a local workspace doesn't do."""
        pace = _pace(settings)
        with self._lock:
            self.settings, self.pace = settings, pace
            self._save()

    def begin(self) -> None:
        """Count a call before it is made, so that none is forgotten. Raises Refusal 429 if the budget is spent."""
        with self._lock:
            spent = _spent(self.limits, self.used)
            if spent:
                raise Refusal(429, "REQUEST_LIMIT_EXCEEDED", f"Endpoint {self.name}: {spent}",
                              {"type": "insufficient_quota", "code": "insufficient_quota"})
            self.used.calls += 1
            self._save()

    def settle(self, usage: dict | None, sent: int, received: int) -> None:
        """Add the tokens of an answer; one without `usage` is charged by its bytes sent and received."""
        told = usage and (usage.get("prompt_tokens"), usage.get("completion_tokens") or 0)
        tokens = told if told and told[0] is not None else (sent // _BYTES_A_TOKEN, received // _BYTES_A_TOKEN)
        with self._lock:
            used = self.used
            used.input_tokens, used.output_tokens = used.input_tokens + tokens[0], used.output_tokens + tokens[1]
            used.usd += self.limits.usd(tokens)
            used.guessed_calls += tokens is not told
            self._save()
            if spent := _spent(self.limits, used):
                _log.warning("endpoint %s: %s", self.name, spent)

    def describe(self) -> dict:
        """The limits, and what was used of them."""
        return {"name": self.name, "limits": self.limits.model_dump(), "used": self.used.model_dump()}

    def _save(self) -> None:
        self._store.put(KIND, self.name, {"limits": self.limits.model_dump(), "used": self.used.model_dump(),
                                          "settings": self.settings})


def _spent(limits: Limits, used: Used) -> str:
    """Which budget is spent and what to do, or nothing."""
    if limits.max_calls is not None and used.calls >= limits.max_calls:
        what, setting = f"the budget of {limits.max_calls} calls", "CASPERS_LLM_MAX_CALLS (max_calls)"
    elif limits.max_usd is not None and used.usd >= limits.max_usd:
        what, setting = f"the budget of ${limits.max_usd:g}", "CASPERS_LLM_MAX_USD (max_usd)"
    else:
        return ""
    return (f"{what} is spent: {used.calls} calls and ${used.usd:.4f} since {used.since}. Raise {setting} and run the "
            "notebook again, or start another run of the runbook.")


def _pace(settings: dict) -> Pace | None:
    unknown = [key for key, value in settings.items() if value and key not in ("rate_limits", "usage_tracking_config")]
    if unknown:
        raise invalid(f"{', '.join(unknown)}: a local workspace has rate_limits and usage_tracking_config only.")
    limits = settings.get("rate_limits") or []
    if not limits:
        return None
    limit = limits[0]
    calls = limit.get("calls")
    known = limit.get("key", "endpoint") == "endpoint" and limit.get("renewal_period") == "minute"
    if len(limits) > 1 or not known or type(calls) is not int or calls < 1:
        raise invalid("rate_limits: a local workspace keeps one, of at least one call a minute for the whole endpoint.")
    return Pace(calls)
