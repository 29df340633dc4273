"""The app factory."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from refund_manager.postgres.credentials import password_of
from refund_manager.postgres.database import Database
from refund_manager.postgres.schema import REFUNDS
from refund_manager.services.lakehouse import Lakehouse
from refund_manager.services.platform import Platform
from refund_manager.services.queue_updater import QueueUpdater
from refund_manager.services.refunds import Refunds
from refund_manager.settings import Settings
from refund_manager.web import api, problems
from refund_manager.web.pages import bulk as bulk_pages
from refund_manager.web.pages import complaints as complaint_pages
from refund_manager.web.pages import orders as order_pages
from refund_manager.web.pages import queue as pages
from refund_manager.web.rendering import HERE
from refund_manager.web.security import Guard


def connect(settings: Settings) -> tuple[Database, WorkspaceClient]:
    """The database and the workspace client, with the credentials that the platform provides."""
    workspace = WorkspaceClient(config=Config(retry_timeout_seconds=10))
    return Database(REFUNDS, password_of(workspace, settings.endpoint)), workspace


def create_app(
    settings: Settings | None = None,
    database: Database | None = None,
    workspace: WorkspaceClient | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """Create the app. What is not given is read from the environment, so that uvicorn can call it as a factory.

    `clock` returns the seconds by which writes are rate limited. Raises RuntimeError for missing settings.
    """
    settings = settings or Settings.from_env()
    if database is None or workspace is None:
        database, workspace = connect(settings)
    lakehouse = Lakehouse(workspace, settings.warehouse_id, settings.catalog, settings.simulator)
    platform = Platform(workspace, lakehouse, settings, database)
    updater = QueueUpdater(database, lakehouse, platform.refresh)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        database.open()
        updater.start()
        yield
        updater.stop()
        platform.close()
        database.close()

    app = FastAPI(
        title="Refund Manager", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json", lifespan=lifespan
    )
    app.state.settings, app.state.platform = settings, platform
    app.state.refunds = Refunds(database, lakehouse, updater)
    app.add_middleware(Guard, refuse=problems.refuse, clock=clock)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    for module in (api, pages, order_pages, bulk_pages, complaint_pages):
        app.include_router(module.router)
    problems.install(app)
    return app
