"""A small OpenAI-compatible server process for tests: `python openai_server.py FD`.

It echoes, keeps count of requests by their last message, and misbehaves when that message asks it to.
"""

import json
import sys
from collections import Counter

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse

app = FastAPI()
seen: Counter[str] = Counter()


@app.post("/v1/chat/completions")
async def chat(request: Request):
    """Echo the last message with the model's name and the caller's key."""
    body = await request.json()
    text = body["messages"][-1]["content"]
    seen[text] += 1
    if text == "fail twice" and seen[text] <= 2:
        return JSONResponse({"error": {"message": "overloaded"}}, 503, {"Retry-After": "0"})
    if text == "refuse":
        return JSONResponse({"error": {"message": "no such parameter", "type": "invalid_request_error"}}, 400)
    if body.get("stream"):
        return StreamingResponse(_stream(text), media_type="text/event-stream")
    key = request.headers.get("authorization")
    return {"id": "x", "object": "chat.completion", "created": 1, "model": body["model"],
            "choices": [{"index": 0, "finish_reason": "stop",
                         "message": {"role": "assistant", "content": f"{text} | {key} | {seen[text]}"}}]}


def _stream(text):
    for word in text.split():
        chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m",
                 "choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]}
        yield f"data: {json.dumps(chunk)}\n\n"
    yield "data: [DONE]\n\n"


if __name__ == "__main__":
    uvicorn.run(app, fd=int(sys.argv[1]), log_level="warning")
