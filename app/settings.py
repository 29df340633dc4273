"""What the app reads from its environment, in one place."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The app's surroundings. Postgres' address is not here: libpq reads PGHOST, PGPORT, PGDATABASE and PGUSER itself.

    `local_user` is set where nothing stands in front of the app that could vouch for a user: on a laptop.
    """

    endpoint: str
    warehouse_id: str
    catalog: str
    local_user: str | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Read them. Raises RuntimeError that names every missing variable."""
        missing = [name for name in ("LAKEBASE_ENDPOINT", "DATABRICKS_WAREHOUSE_ID", "CATALOG") if not env.get(name)]
        if missing:
            raise RuntimeError(f"The app's environment lacks {', '.join(missing)}: app.yaml and the app's resources "
                               "provide them.")
        return cls(env["LAKEBASE_ENDPOINT"], env["DATABRICKS_WAREHOUSE_ID"], env["CATALOG"],
                   env.get("LOCAL_WORKSPACE_USER"))
