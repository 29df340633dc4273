"""A small OpenAI-compatible server in a process of its own: `python openai_server.py FD`.

It echoes, keeps count of requests by their last message, and misbehaves when that message asks it to. Words are tokens.
"""

import asyncio
import json
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse

KEY = "sk-secret"
app = FastAPI()
seen: Counter[str] = Counter()


@contextmanager
def running() -> Iterator[str]:
    """The base URL of such a server."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        process = subprocess.Popen([sys.executable, __file__, str(listener.fileno())], pass_fds=[listener.fileno()])
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        finally:
            process.kill()  # it may hold requests that it never answers
            process.wait()


@app.post("/v1/chat/completions")
async def chat(request: Request):
    """What the last message asks for, by default itself with the count of its like."""
    body = await request.json()
    text = body["messages"][-1]["content"]
    seen[text] += 1
    if request.headers.get("authorization") != f"Bearer {KEY}":
        return _error(401, "Incorrect API key provided.", code="invalid_api_key")
    if text == "be busy once" and seen[text] == 1:
        return _error(429, "Rate limit reached.", {"Retry-After": "0"}, code="rate_limit_exceeded")
    if text == "fail twice" and seen[text] <= 2:
        return _error(500 if seen[text] == 1 else 503, "overloaded", {"Retry-After": "0"})
    if text == "refuse":
        return _error(400, "no such parameter", param="temperature", code="unsupported_parameter")
    if text == "never answer":
        await asyncio.Event().wait()
    if body.get("stream"):
        return StreamingResponse(_stream(body, text), media_type="text/event-stream")
    message, finish = _message(body, text)
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [{"index": 0, "finish_reason": finish, "message": message}],
        **({} if text == "tell no usage" else {"usage": _usage(body, 3)}),
    }


@app.get("/seen")
def requests_seen() -> dict[str, int]:
    """How often each last message was sent."""
    return seen


def _message(body, text):
    if body.get("tools"):
        calls = [
            {"id": f"call_{each}", "type": "function", "function": {"name": "add", "arguments": json.dumps(each)}}
            for each in ({"a": 1}, {"a": 2})
        ]
        return {"role": "assistant", "content": None, "tool_calls": calls}, "tool_calls"
    if body.get("response_format"):
        return {"role": "assistant", "content": json.dumps({"words": text.split()})}, "stop"
    return {"role": "assistant", "content": f"{text} | {seen[text]}"}, "stop"


def _usage(body, said):
    read = sum(len(message["content"].split()) for message in body["messages"])
    return {"prompt_tokens": read, "completion_tokens": said, "total_tokens": read + said}


async def _stream(body, text):
    def event(choices, **more):
        return (
            "data: "
            + json.dumps(
                {
                    "id": "x",
                    "object": "chat.completion.chunk",
                    "created": 1,
                    "model": body["model"],
                    "choices": choices,
                    **more,
                },
                ensure_ascii=False,
            )
            + "\n\n"
        )

    words = text.split(" ")
    for word in words:
        yield event([{"index": 0, "delta": {"content": word}, "finish_reason": None}])
    if words[0] == "break":
        raise ConnectionError("the server breaks off, as a test asked it to")
    if words[0] == "dawdle":
        await asyncio.Event().wait()
    yield event([{"index": 0, "delta": {}, "finish_reason": "stop"}])
    if (body.get("stream_options") or {}).get("include_usage"):
        yield event([], usage=_usage(body, len(words)))
    yield "data: [DONE]\n\n"


def _error(status, message, headers=None, **details):
    return JSONResponse({"error": {"message": message, "type": "some_error", **details}}, status, headers)


if __name__ == "__main__":
    uvicorn.run(app, fd=int(sys.argv[1]), log_level="critical")
