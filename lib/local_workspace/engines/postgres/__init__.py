"""Lakebase on a laptop: projects as real Postgres servers, with databases, catalogs and synced tables."""

from local_workspace.engines.postgres.engine import PostgresEngine
from local_workspace.engines.postgres.reading import Rows, StatementFailed

__all__ = ["PostgresEngine", "Rows", "StatementFailed"]
