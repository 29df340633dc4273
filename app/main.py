"""The Refund Manager: people decide about the refunds that the agent suggests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import api
import bulk_pages
import complaint_pages
import order_pages
import pages
import problems
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from db import Database
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from follower import Follower
from lakehouse import Lakehouse
from queries.schema import SCHEMA
from security import Guard
from service import Refunds
from settings import Settings
from surroundings import Surroundings
from web import HERE


def connect(settings: Settings) -> tuple[Database, WorkspaceClient]:
    """The database and the workspace, by the platform's own credentials."""
    workspace = WorkspaceClient(config=Config(retry_timeout_seconds=10))

    def password() -> str:
        return workspace.postgres.generate_database_credential(endpoint=settings.endpoint).token

    return Database(SCHEMA, password), workspace


def create_app(settings: Settings | None = None, database: Database | None = None,
               workspace: WorkspaceClient | None = None) -> FastAPI:
    """The app. Without arguments everything comes from the environment, as uvicorn's factory wants it."""
    settings = settings or Settings.from_env()
    if database is None or workspace is None:
        database, workspace = connect(settings)
    lakehouse = Lakehouse(workspace, settings.warehouse_id, settings.catalog, settings.simulator)
    surroundings = Surroundings(workspace, lakehouse, settings)
    follower = Follower(database, lakehouse, surroundings.look)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database.open()
        follower.start()
        yield
        follower.stop()
        surroundings.close()
        database.close()

    app = FastAPI(title="Refund Manager", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json",
                  lifespan=lifespan)
    app.state.settings, app.state.surroundings = settings, surroundings
    app.state.refunds = Refunds(database, lakehouse, follower)
    app.add_middleware(Guard, settings=settings, refuse=problems.refuse)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    for module in (api, pages, order_pages, bulk_pages, complaint_pages):
        app.include_router(module.router)
    problems.install(app)
    return app
