"""The gateway between an endpoint and an external server: its pace, its limits and its usage."""

import logging
import threading
from collections import deque
from typing import Any, cast

from local_workspace.engines.serving.budget import Limits, Used, spent
from local_workspace.engines.serving.documents import Settings, StoredGateway, Usage
from local_workspace.runtime.errors import ApiError, invalid
from local_workspace.runtime.store import Store

KIND = "serving_gateway"
_MINUTE = 60.0
_BYTES_PER_TOKEN = 4  # of an answer that does not report its tokens

_log = logging.getLogger(__name__)


class Refusal(ApiError):
    """An error that a retry won't change; `details` are type, param and code as OpenAI's errors have them."""

    def __init__(self, status: int, error_code: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(status, error_code, message)
        self.details = details or {}


class Pace:
    """Schedules turns so that no more than `calls` fall into any minute."""

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
        doc = cast(StoredGateway, store.get(KIND, name) or {})
        self.limits, self.used = Limits(**doc.get("limits", {})), Used(**doc.get("used", {}))
        self.settings: Settings = doc.get("settings", {})
        self._lock = threading.Lock()
        self.pace = _pace(self.settings)

    def limit(self, limits: Limits) -> None:
        """Set the limits; the usage is kept, unless they are for another run."""
        with self._lock:
            if limits.run is not None and limits.run != self.used.run:
                self.used = Used(run=limits.run)
            self.limits = limits
            self._save()

    def configure(self, settings: Settings) -> None:
        """Set the AI Gateway's settings. Raises ApiError 400 for those that a local workspace doesn't support."""
        pace = _pace(settings)
        with self._lock:
            self.settings, self.pace = settings, pace
            self._save()

    def begin(self) -> None:
        """Count a call before it is made, so that none is forgotten. Raises Refusal 429 if the budget is spent."""
        with self._lock:
            if why := spent(self.limits, self.used):
                raise Refusal(
                    429,
                    "REQUEST_LIMIT_EXCEEDED",
                    f"Endpoint {self.name}: {why}",
                    {"type": "insufficient_quota", "code": "insufficient_quota"},
                )
            self.used.calls += 1
            self._save()

    def settle(self, usage: object, sent: int, received: int) -> None:
        """Add the tokens of an answer; one without `usage` is charged by its bytes sent and received."""
        tokens = _counted(usage)
        charged = tokens or (sent // _BYTES_PER_TOKEN, received // _BYTES_PER_TOKEN)
        with self._lock:
            used = self.used
            used.input_tokens, used.output_tokens = used.input_tokens + charged[0], used.output_tokens + charged[1]
            used.usd += self.limits.usd(charged)
            used.guessed_calls += tokens is None
            self._save()
            if why := spent(self.limits, used):
                _log.warning("endpoint %s: %s", self.name, why)

    def describe(self) -> Usage:
        """The limits and the usage."""
        return {"name": self.name, "limits": self.limits.model_dump(), "used": self.used.model_dump()}

    def _save(self) -> None:
        doc: StoredGateway = {
            "limits": self.limits.model_dump(),
            "used": self.used.model_dump(),
            "settings": self.settings,
        }
        self._store.put(KIND, self.name, {**doc})


def _counted(usage: object) -> tuple[int, int] | None:
    """The tokens in and out that an answer reports; None if it reports none."""
    if not isinstance(usage, dict):
        return None
    sent, received = usage.get("prompt_tokens"), usage.get("completion_tokens") or 0
    return (sent, received) if isinstance(sent, int) and isinstance(received, int) else None


def _pace(settings: Settings) -> Pace | None:
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
