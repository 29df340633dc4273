"""Asking an endpoint from its page."""

import json
import time
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from local_workspace.engines.serving import Card
from local_workspace.http.bodies import Name
from local_workspace.pages.engines import Serving
from local_workspace.pages.rendering import render
from local_workspace.pages.serving import answers
from local_workspace.pages.serving.answers import Answer
from local_workspace.pages.serving.endpoint import page
from local_workspace.pages.serving.requests import Form as Filled
from local_workspace.pages.serving.requests import form_for, parsed, saying, with_trace
from local_workspace.pages.serving.views import endpoint_of
from local_workspace.routes.invocations import ask_endpoint
from local_workspace.runtime.errors import ApiError

router = APIRouter()


@router.post("/ml/endpoints/{name}/ask")
async def ask(
    request: Request,
    engine: Serving,
    name: Name,
    message: Annotated[str | None, Form()] = None,
    body: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """Send the endpoint a `message`, or the JSON in `body`, and show the answer."""
    card = await run_in_threadpool(engine.card, name)
    answer = await _answer(request, name, card, message, body)
    if "hx-request" in request.headers:
        endpoint = endpoint_of(engine, engine.get(name))
        return render(request, "serving/answer.html", endpoint=endpoint, answer=answer)
    form = form_for(card)
    kept = Filled(form.message if message is None else message, body or form.body)
    return await run_in_threadpool(page, request, engine, name, kept, answer)


async def _answer(request: Request, name: str, card: Card, message: str | None, body: str) -> Answer:
    began = time.monotonic()
    try:
        wanted = parsed(body) if message is None else saying(card, message)
        content = json.dumps(with_trace(card, wanted)).encode()
        relay = await ask_endpoint(request, name, "invocations", content)
        found = await relay.read()
    except ApiError as error:
        return Answer(error.status, time.monotonic() - began, [], [], "", error=error.message)
    return answers.read(relay.status_code, time.monotonic() - began, found)
