"""Renders the templates, and formats their values."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from refund_manager.domain.models import UNDO_MINUTES
from refund_manager.web.security import form_token, set_token_cookie
from refund_manager.web.wording import described, plain, source_name

HERE = Path(__file__).parent
_templates = Jinja2Templates(HERE / "templates")
_templates.env.trim_blocks = _templates.env.lstrip_blocks = True


def _money(amount: Decimal | None) -> str:
    return "–" if amount is None else f"${amount:,.2f}"


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%-d %b %Y, %H:%M")


def _age(when: datetime, now: datetime | None = None) -> str:
    """The time from `when` to `now`, without one the current time, in its largest unit: for example 3 h."""
    minutes = max(0, ((now or datetime.now(UTC)) - when).total_seconds() / 60)
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes >= size:
            return f"{minutes / size:.0f} {unit}"
    return f"{minutes:.0f} min"


def _ago(when: datetime, now: datetime | None = None) -> str:
    """How long before `now` `when` is, for example 3 h ago."""
    age = _age(when, now)
    return "just now" if age == "0 min" else f"{age} ago"


def _labelled(values: Iterable[str]) -> list[tuple[str, str]]:
    """Each value with its label."""
    return [(value, plain(value)) for value in values]


def with_query(path: str, values: Mapping[str, object], **changes: object) -> str:
    """A URL with query parameters: `values` overridden by `changes`, without those that are None or empty."""
    kept = {name: value for name, value in {**values, **changes}.items() if value not in (None, "")}
    return f"{path}?{urlencode(kept)}" if kept else path


_templates.env.filters |= {"money": _money, "moment": _moment, "age": _age, "ago": _ago, "link": with_query}
_templates.env.filters |= {"source_name": source_name, "plain": plain, "described": described, "labelled": _labelled}
_templates.env.globals |= {"new_key": lambda: str(uuid.uuid4()), "undo_minutes": UNDO_MINUTES}


def render(request: Request, template: str, code: int = 200, **values: object) -> HTMLResponse:
    """Render an HTML page with all values escaped. `token` protects its forms against cross-site requests."""
    complaints = request.app.state.platform.complaints
    page = _templates.TemplateResponse(
        request,
        template,
        {
            "token": form_token(request),
            "path": request.url.path,
            "has_complaints": complaints is not None,
            **values,
        },
        code,
    )
    set_token_cookie(request, page)
    return page
