"""HTTP clients of an application in this process, each with a token of its own."""

from collections.abc import Callable

from fastapi import FastAPI
from fastapi.testclient import TestClient


def clients_of(app: FastAPI) -> Callable[[str], TestClient]:
    """Makes a client that shows the given token."""
    return lambda token: TestClient(app, base_url="http://localhost", headers={"Authorization": f"Bearer {token}"})
