"""What the app reads from its environment, in one place."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What the app needs to know.

    Postgres' address is not here: libpq reads PGHOST, PGPORT, PGDATABASE and PGUSER itself.

    `local_user` is set where nothing stands in front of the app that could vouch for a user: on a laptop.
    """

    endpoint: str
    warehouse_id: str
    catalog: str
    local_user: str | None = None
    simulator: str = "simulator"

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Read them. Raises RuntimeError that names every missing variable, or a schema that is no name."""
        missing = [name for name in ("LAKEBASE_ENDPOINT", "DATABRICKS_WAREHOUSE_ID", "CATALOG") if not env.get(name)]
        if missing:
            raise RuntimeError(
                f"The app's environment lacks {', '.join(missing)}: app.yaml and the app's resources provide them."
            )
        simulator = env.get("SIMULATOR_SCHEMA", "simulator")
        if not simulator.isidentifier():  # it becomes part of a SQL statement, where no parameter can stand
            raise RuntimeError(f"SIMULATOR_SCHEMA {simulator!r} must be the plain name of a schema.")
        return cls(
            env["LAKEBASE_ENDPOINT"],
            env["DATABRICKS_WAREHOUSE_ID"],
            env["CATALOG"],
            env.get("LOCAL_WORKSPACE_USER"),
            simulator,
        )

    @property
    def complaint_project(self) -> str:
        """The Lakebase project of the complaints, beside that of the refunds."""
        name = f"{self.catalog}complaintmanager".lower().replace("_", "-")
        return name if name[0].isalpha() else f"c{name}"

    @property
    def synced_table(self) -> str:
        """The synced table of the recommendations, as the platform names it."""
        return f"synced_tables/{self.catalog}refundmanager.recommender.refund_recommendations"
