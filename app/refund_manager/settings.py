"""The app's settings, read from environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The app's settings.

    The address of Postgres is not among them: libpq reads PGHOST, PGPORT, PGDATABASE and PGUSER itself.
    """

    endpoint: str
    warehouse_id: str
    catalog: str
    simulator: str = "simulator"

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings. Raises RuntimeError that names all missing variables, or an invalid schema name."""
        missing = [name for name in ("LAKEBASE_ENDPOINT", "DATABRICKS_WAREHOUSE_ID", "CATALOG") if not env.get(name)]
        if missing:
            raise RuntimeError(
                f"Missing environment variables: {', '.join(missing)}. app.yaml and the app's resources provide them."
            )
        simulator = env.get("SIMULATOR_SCHEMA", "simulator")
        if not simulator.isidentifier():  # it becomes part of a SQL statement, as an identifier can't be a parameter
            raise RuntimeError(f"SIMULATOR_SCHEMA {simulator!r} is not a plain schema name.")
        return cls(
            env["LAKEBASE_ENDPOINT"],
            env["DATABRICKS_WAREHOUSE_ID"],
            env["CATALOG"],
            simulator,
        )

    @property
    def complaint_project(self) -> str:
        """The ID of the Lakebase project for complaints."""
        name = f"{self.catalog}complaintmanager".lower().replace("_", "-")
        return name if name[0].isalpha() else f"c{name}"

    @property
    def synced_table(self) -> str:
        """The resource name of the recommendations' synced table."""
        return f"synced_tables/{self.catalog}refundmanager.recommender.refund_recommendations"
