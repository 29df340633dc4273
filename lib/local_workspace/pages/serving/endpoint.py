"""The page of an endpoint."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.engines.serving import ServingEngine
from local_workspace.http.bodies import Name
from local_workspace.pages.engines import Serving
from local_workspace.pages.live import whole_or_part
from local_workspace.pages.rendering import render
from local_workspace.pages.serving.answers import Answer
from local_workspace.pages.serving.requests import Form, form_for
from local_workspace.pages.serving.views import endpoint_of

router = APIRouter()

_LINES = 200


@router.get("/ml/endpoints/{name}")
def endpoint(request: Request, engine: Serving, name: Name) -> HTMLResponse:
    """What an endpoint serves and how it does, its log, and a form that asks it."""
    return page(request, engine, name, form_for(engine.card(name)))


@router.get("/ml/endpoints/{name}/logs")
def logs(request: Request, engine: Serving, name: Name) -> HTMLResponse:
    """The end of its log alone."""
    return render(request, "serving/logs.html", name=name, log=_log(engine, name))


def page(request: Request, engine: ServingEngine, name: str, form: Form, answer: Answer | None = None) -> HTMLResponse:
    """The whole page, with the `answer` to what was asked."""
    shown = endpoint_of(engine, engine.get(name))
    return whole_or_part(
        request, "serving/endpoint", endpoint=shown, form=form, answer=answer, name=name, log=_log(engine, name)
    )


def _log(engine: ServingEngine, name: str) -> str:
    """The last lines of the log of the newest config's process; empty for an external model."""
    doc = engine.get(name)
    config = doc.get("pending_config") or doc.get("config")
    text = engine.logs(name, config["served_entities"][0]["name"]) if config else ""
    return "\n".join(text.splitlines()[-_LINES:])
