"""Templates: how a page is rendered, and how its values are written."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

HERE = Path(__file__).parent
_templates = Jinja2Templates(HERE / "templates")


def _money(amount: Decimal | None) -> str:
    return "–" if amount is None else f"${amount:,.2f}"


def _moment(when: datetime) -> str:
    return when.strftime("%-d %b %Y, %H:%M")


_templates.env.filters |= {"money": _money, "moment": _moment}


def render(request: Request, template: str, code: int = 200, **values: object) -> HTMLResponse:
    """An HTML page; every value is escaped."""
    return _templates.TemplateResponse(request, template, values, status_code=code)
