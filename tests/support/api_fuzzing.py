"""Sends an API what its OpenAPI document allows, and what it doesn't: every answer is one that the document names.

No answer may be a 5xx, none may hang, and a refusal says why.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, strategies
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CheckFunction
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

SECONDS = 60  # an answer that takes longer hangs
SETTINGS = {
    "derandomize": True,  # the same requests in every run
    "database": None,
    "deadline": None,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}
CONFORMANCE = (
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
)


def bearer(token: str) -> dict[str, str]:
    """The header of a client with a token."""
    return {"Authorization": f"Bearer {token}"}


def explained(answer: Response) -> bool:
    """Whether a refusal has the form of Databricks: an `error_code`, and a `message` in words; or of OAuth or SCIM."""
    body = answer.json()
    forms = {"error": "error_description", "status": "detail", "error_code": "message"}
    code, message = next((code, message) for code, message in forms.items() if message in body)
    return bool(body[code]) and " " in body[message]


@dataclass(frozen=True)
class Target:
    """An API at `host`, and how far to go: `examples` valid requests an operation, and as many invalid ones.

    `left_out` are parts of `METHOD /path` that aren't called; those in `unavailable` may answer 503. `known` are names
    of parameters and fields with values that exist, which every second request uses. `explained` says whether a
    refusal has the API's form; `conformance` is what else must be true of an answer.
    """

    host: str
    headers: Mapping[str, str]
    examples: int
    left_out: Iterable[str] = ()
    unavailable: Iterable[str] = ()
    known: Mapping[str, object] = field(default_factory=dict)
    document_path: str = "/api/local/openapi.json"
    explained: Callable[[Response], bool] = explained
    conformance: Sequence[CheckFunction] = CONFORMANCE

    def document(self) -> dict[str, Any]:
        """The API's OpenAPI document."""
        answer = requests.get(f"{self.host}{self.document_path}", headers=self.headers, timeout=SECONDS)
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
            for mode in _modes(operation):
                failures += _failures(target, operation, mode)
    return failures, called


def ask_oddly(target: Target, document: dict[str, Any]) -> list[str]:
    """What is wrong with the answers to HEAD and OPTIONS on every path of `document`, and to paths that are none."""
    failures = []
    for path in document["paths"]:
        plain = re.sub("{[^}]*}", "x", path)
        for method, odd in [
            ("HEAD", plain),
            ("OPTIONS", plain),
            *(("OPTIONS", each) for each in (f"{plain}/", f"/{plain}", f"/%2F{plain[1:]}", f"{plain}%00")),
            ("OPTIONS", f"{plain}/{'x' * 5000}"),
        ]:
            sent = requests.Request(method, target.host, headers=dict(target.headers)).prepare()
            sent.url = f"{target.host}{odd}"
            answer = Response.from_any(requests.Session().send(sent, timeout=SECONDS, allow_redirects=False))
            if answer.status_code >= 500 or (answer.status_code >= 400 and not _is_explained(target, answer)):
                failures.append(f"{method} {odd[:200]}: {answer.status_code} {answer.text[:300]}")
    return failures


def _modes(operation: Any) -> list[GenerationMode]:
    """Valid requests, and invalid ones where there is something that can be invalid."""
    takes = [*operation.iter_parameters(), *operation.body]
    return list(GenerationMode) if takes else [GenerationMode.POSITIVE]


def _failures(target: Target, operation: Any, mode: GenerationMode) -> list[str]:
    found: list[str] = []

    @hypothesis.settings(max_examples=target.examples, **SETTINGS)
    @hypothesis.given(operation.as_strategy(generation_mode=mode), strategies.booleans())
    def ask(case: schemathesis.Case, use_known: bool) -> None:
        if use_known:
            _fill_in(case, target.known)
        if failure := _failure(target, case):
            found.append(failure)

    with warnings.catch_warnings():
        # A thread of the server's did, in this process: psycopg's pool varies its pauses.
        warnings.filterwarnings("ignore", message="Do not use the `random` module")
        try:
            ask()
        except Unsatisfiable:
            assert mode == GenerationMode.NEGATIVE  # to some operations any text is valid
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
    if wrong := _wrong(target, case, answer):
        return f"{label}: {answer.status_code} {answer.text[:300]} {wrong} to {case.as_curl_command()}"
    return None


def _wrong(target: Target, case: schemathesis.Case, answer: Response) -> str | None:
    """What is wrong with an answer, None if nothing is."""
    unavailable = answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE and _among(
        case.operation.label, target.unavailable
    )
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR and not unavailable:
        return "(a failure)"
    if answer.status_code >= HTTPStatus.BAD_REQUEST and not _is_explained(target, answer):
        return "(a refusal without a reason)"
    if not target.conformance:  # to Schemathesis no checks are all of its own
        return None
    try:
        case.validate_response(answer, checks=list(target.conformance))
    except FailureGroup as group:
        return f"({'; '.join(f'{failure.title}: {failure.message}' for failure in group.exceptions)})"
    return None


def _is_explained(target: Target, answer: Response) -> bool:
    if answer.request.method == "HEAD":  # its answer has no body
        return True
    try:
        return target.explained(answer)
    except (ValueError, KeyError, TypeError):
        return False


def _among(label: str, parts: Iterable[str]) -> bool:
    return any(part in label for part in parts)
