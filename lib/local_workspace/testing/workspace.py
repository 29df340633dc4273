"""What a test gets: the workspace's address, its clients, and `reset`."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from local_workspace.runtime import environment
from local_workspace.service.control import Connection
from local_workspace.testing import reset

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from mlflow import MlflowClient
    from pyspark.sql.connect.session import SparkSession


class DatabricksWorkspace:
    """A running local workspace, as a test sees it.

    `host` and `token` are what every client of Databricks takes. `variables` are the environment's variables that lead
    the clients here, `unset` the names of those that would lead them elsewhere.
    """

    def __init__(self, home: Path, connection: Connection) -> None:
        own = {name: value for name, value in connection.items() if name.isupper()}
        added, self.unset = environment.of_client(own)
        self.home = home
        self.variables: dict[str, str] = own | added
        self.host, self.token = own["DATABRICKS_HOST"], own["DATABRICKS_TOKEN"]

    @cached_property
    def client(self) -> "WorkspaceClient":
        """The SDK's client of the workspace."""
        from databricks.sdk import WorkspaceClient

        return WorkspaceClient(host=self.host, token=self.token, auth_type="pat")

    @cached_property
    def mlflow(self) -> "MlflowClient":
        """MLflow's client of the workspace: experiments, runs and traces, and the models of Unity Catalog."""
        from mlflow import MlflowClient

        return MlflowClient(self.host, "databricks-uc")

    @cached_property
    def spark(self) -> "SparkSession":
        """A Spark Connect session, made at first use, which waits until Spark has started."""
        from pyspark.sql.connect.session import SparkSession

        self.client.api_client.do("POST", "/api/local/wait/spark")
        return SparkSession.builder.remote(self.variables["SPARK_REMOTE"]).create()

    def reset(self) -> None:
        """Delete everything that was made through the API, whoever made it, and wait until it is gone.

        MLflow keeps the name of a deleted experiment: a test that makes one gives it a name of its own.
        The engines stay up, so this takes as long as the deletions do: nothing to delete, some requests.
        Raises what a deletion raises.
        """
        reset.reset(self.client)

    def close(self) -> None:
        """End the Spark session, if one was made."""
        if "spark" in self.__dict__:
            self.spark.stop()
