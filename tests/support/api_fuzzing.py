"""Sends an API what its OpenAPI document allows, and what it doesn't: no answer may be a 5xx, none may hang."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, strategies
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

SECONDS = 20  # an answer that takes longer hangs
SETTINGS = {
    "derandomize": True,  # the same requests in every run
    "database": None,
    "deadline": None,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}


@dataclass(frozen=True)
class Target:
    """An API at `host`, and how far to go: `examples` valid requests an operation, and as many invalid ones.

    `left_out` are parts of `METHOD /path` that aren't called; those in `unavailable` may answer 503. `known` are names
    of parameters and fields with values that exist, which every second request uses.
    """

    host: str
    token: str
    examples: int
    left_out: Iterable[str] = ()
    unavailable: Iterable[str] = ()
    known: Mapping[str, object] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        """What every request is sent with."""
        return {"Authorization": f"Bearer {self.token}"}

    def document(self) -> dict[str, Any]:
        """The API's OpenAPI document."""
        answer = requests.get(f"{self.host}/api/local/openapi.json", headers=self.headers, timeout=SECONDS)
        answer.raise_for_status()
        return answer.json()


def fuzz(target: Target, document: dict[str, Any] | None = None) -> tuple[list[str], set[str]]:
    """The failures, a line each, and the operations (`GET /path`) that were called.

    `document` stands in for the API's own.
    """
    schema = schemathesis.openapi.from_dict(document or target.document())
    failures: list[str] = []
    called: set[str] = set()
    for result in schema.get_all_operations():
        operation = result.ok()
        if not _among(operation.label, target.left_out):
            called.add(operation.label)
            for mode in GenerationMode:
                failures += _failures(target, operation, mode)
    return failures, called


def _failures(target: Target, operation: Any, mode: GenerationMode) -> list[str]:
    found: list[str] = []

    @hypothesis.settings(max_examples=target.examples, **SETTINGS)
    @hypothesis.given(operation.as_strategy(generation_mode=mode), strategies.booleans())
    def ask(case: schemathesis.Case, use_known: bool) -> None:
        if use_known:
            _fill_in(case, target.known)
        if failure := _failure(target, case):
            found.append(failure)

    try:
        ask()
    except Unsatisfiable:
        assert mode == GenerationMode.NEGATIVE  # an operation without parameters takes no invalid request
    return found


def _fill_in(case: schemathesis.Case, known: Mapping[str, object]) -> None:
    for fields in (case.path_parameters, case.query, case.body):
        if isinstance(fields, dict):
            fields.update({name: value for name, value in known.items() if name in fields})


def _failure(target: Target, case: schemathesis.Case) -> str | None:
    label = case.operation.label
    try:
        answer = case.call(base_url=target.host, headers=target.headers, timeout=SECONDS, allow_redirects=False)
    except requests.exceptions.Timeout:
        return f"{label}: no answer within {SECONDS} s to {case.as_curl_command()}"
    unavailable = answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE and _among(label, target.unavailable)
    if answer.status_code < 500 or unavailable:
        return None
    return f"{label}: {answer.status_code} {answer.text[:300]} to {case.as_curl_command()}"


def _among(label: str, parts: Iterable[str]) -> bool:
    return any(part in label for part in parts)
