"""The Refund Manager: people decide about the refunds that the agent suggests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import api
import pages
import problems
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from db import Database
from events import EventReader
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from security import Guard
from service import Refunds
from settings import Settings
from web import HERE


def connect(settings: Settings) -> tuple[Database, EventReader]:
    """The database and the lakehouse, by the platform's own credentials."""
    workspace = WorkspaceClient(config=Config(retry_timeout_seconds=10))

    def password() -> str:
        return workspace.postgres.generate_database_credential(endpoint=settings.endpoint).token

    return Database(password), EventReader(workspace, settings.warehouse_id, settings.catalog)


def create_app(settings: Settings | None = None, database: Database | None = None,
               events: EventReader | None = None) -> FastAPI:
    """The app. Without arguments everything comes from the environment, as uvicorn's factory wants it."""
    settings = settings or Settings.from_env()
    if database is None or events is None:
        database, events = connect(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database.open()
        yield
        database.close()

    app = FastAPI(title="Refund Manager", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json",
                  lifespan=lifespan)
    app.state.settings, app.state.refunds = settings, Refunds(database, events)
    app.add_middleware(Guard, settings=settings)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.include_router(api.router)
    app.include_router(pages.router)
    problems.install(app)
    return app
