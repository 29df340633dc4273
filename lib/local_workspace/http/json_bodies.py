"""Bodies that are JSON whatever their header says.

Databricks does not look at the content type: many scripts call it with `curl --data`, which says that it sends a form,
such as https://github.com/microsoft/Purview-ADB-Lineage-Solution-Accelerator.
"""

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

_MESSAGES = re.compile(r"(/mlflow)?/(ajax-)?api/\d\.\d/(?!fs/|mlflow-artifacts/|workspace-files/)")
# No type, that of curl's --data, that of a script in a browser, and JSON itself in any case and with parameters.
_TAKEN_FOR_JSON = {"", "application/x-www-form-urlencoded", "text/plain", "application/json"}


class JsonBodyMiddleware:
    """Has every route of the API read JSON, but for those of files, which take bodies as they come."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with the content type of JSON if it has a body that may be."""
        if scope["type"] == "http" and _MESSAGES.match(scope["path"]):
            headers = MutableHeaders(scope=scope)
            has_body = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
            if has_body and headers.get("content-type", "").partition(";")[0].strip().lower() in _TAKEN_FOR_JSON:
                headers["content-type"] = "application/json"
        await self.app(scope, receive, send)
