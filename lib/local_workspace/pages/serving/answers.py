"""An endpoint's answer as the page shows it: what it says, and the steps that led there."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

type Json = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """A call of a tool, of a model or of a part of the agent: what went in, what came out, and how long it took (ms).

    `depth` is how many steps it is part of.
    """

    name: str
    kind: str
    input: str
    output: str
    depth: int = 0
    milliseconds: float | None = None
    failed: bool = False


@dataclass(frozen=True)
class Answer:
    """The HTTP status, seconds, the texts that the model said, the steps, and the whole as JSON.

    `extra` is what an agent returns beside (`custom_outputs`); `trace` is the id of the call's trace, if it has one.
    """

    status: int
    seconds: float
    texts: list[str]
    steps: list[Step]
    whole: str
    extra: str = ""
    trace: str = ""
    error: str = field(default="")


def read(status: int, seconds: float, content: bytes) -> Answer:
    """The answer with this HTTP status and content."""
    body = _json(content)
    if status >= 400:
        message = str(body.get("message") or content.decode(errors="replace"))
        return Answer(status, seconds, [], [], _pretty(body), error=message)
    trace = (body.get("databricks_output") or {}).get("trace") or {}
    shown = {key: value for key, value in body.items() if key != "databricks_output"}
    steps = list(_spans(trace)) or [*_calls(body), *_tool_calls(body)]
    extra = _pretty(body["custom_outputs"]) if body.get("custom_outputs") else ""
    trace_id = str((trace.get("info") or {}).get("trace_id", ""))
    return Answer(status, seconds, [readable(text) for text in _texts(body)], steps, _pretty(shown), extra, trace_id)


def readable(text: object) -> str:
    """`text`, indented if it is JSON: agents answer with JSON in a text."""
    if not isinstance(text, str):
        return _pretty(text)
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return _pretty(found) if isinstance(found, dict | list) else text


def _json(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {"answer": content.decode(errors="replace")}
    return found if isinstance(found, dict) else {"answer": found}


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _texts(body: Json) -> Iterator[str]:
    """What the model said, in a response of the Responses API or a chat completion; else its predictions."""
    for item in _dicts(body.get("output")):
        yield from (str(part["text"]) for part in _dicts(item.get("content")) if part.get("type") == "output_text")
    for choice in _dicts(body.get("choices")):
        said = (choice.get("message") or {}).get("content") or choice.get("text")
        if said:
            yield str(said)
    if "predictions" in body:
        yield _pretty(body["predictions"])


def _calls(body: Json) -> Iterator[Step]:
    """The calls of tools among the items of a response, each with its output."""
    items = list(_dicts(body.get("output")))
    outputs = {item.get("call_id"): item.get("output") for item in items if item.get("type") == "function_call_output"}
    for item in items:
        if item.get("type") == "function_call":
            output = outputs.get(item.get("call_id"))
            yield Step(str(item.get("name")), "TOOL", readable(item.get("arguments")), readable(output or ""))


def _tool_calls(body: Json) -> Iterator[Step]:
    """The calls of tools that a chat completion asks for, which nobody has made yet."""
    for choice in _dicts(body.get("choices")):
        for call in _dicts((choice.get("message") or {}).get("tool_calls")):
            function = call.get("function") or {}
            yield Step(str(function.get("name")), "TOOL", readable(function.get("arguments")), "")


def _spans(trace: Json) -> Iterator[Step]:
    """The spans of a trace below its root, in the order of their begin."""
    spans = sorted(_dicts((trace.get("data") or {}).get("spans")), key=lambda span: int(span["start_time_unix_nano"]))
    parents = {span["span_id"]: span.get("parent_span_id") for span in spans}
    for span in spans:
        if depth := _depth(span["span_id"], parents):
            yield _step(span, depth - 1)


def _depth(span_id: str, parents: Mapping[str, str | None]) -> int:
    depth, at = 0, parents.get(span_id)
    while at and depth < len(parents):
        depth, at = depth + 1, parents.get(at)
    return depth


def _step(span: Json, depth: int) -> Step:
    values = {key.removeprefix("mlflow."): readable(value) for key, value in (span.get("attributes") or {}).items()}
    took = (int(span["end_time_unix_nano"]) - int(span["start_time_unix_nano"])) / 1e6
    failed = (span.get("status") or {}).get("code") == "STATUS_CODE_ERROR"
    kind = values.get("spanType", "").strip('"')
    return Step(span["name"], kind, values.get("spanInputs", ""), values.get("spanOutputs", ""), depth, took, failed)


def _dicts(value: object) -> Iterator[Json]:
    yield from (each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()
