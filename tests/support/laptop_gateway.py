"""Stands in for the gateway in front of the app: each request is one of a user who has signed in."""

from starlette.datastructures import MutableHeaders


class LaptopGateway:
    """Middleware that sets the headers with which a laptop's gateway names its user."""

    def __init__(self, app, user):
        self.app, self.user = app, user

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            headers = MutableHeaders(scope=scope)
            headers["x-forwarded-email"], headers["x-forwarded-proto"] = self.user, "http"
        await self.app(scope, receive, send)
