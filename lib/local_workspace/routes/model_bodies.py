"""The bodies of the requests with which MLflow's client uses the Unity Catalog registry (`databricks-uc`)."""

from typing import Annotated

from pydantic import Field

from local_workspace.engines.models.documents import Dependency, VersionDetails
from local_workspace.http.bodies import Body, Refused, StrictBody, Text

Number = Annotated[str, Field(pattern=r"^\d{1,9}$", description="a version's number")]


class Tag(StrictBody):
    """A tag."""

    key: Text
    value: Text = ""


class UsedThing(StrictBody):
    """Something that a version uses."""

    type: Text
    name: Text


class Model(StrictBody):
    """A model."""

    name: Text


class NewModel(Model):
    """A model to create."""

    description: Text | None = None
    tags: list[Tag] | None = None
    deployment_job_id: Refused = None


class ModelChange(Model):
    """A change of a model."""

    description: Text | None = None
    new_name: Refused = None
    deployment_job_id: Refused = None


class ModelTag(Model):
    """A tag to set."""

    key: Text
    value: Text = ""


class ModelTagKey(Model):
    """A tag to delete."""

    key: Text


class Alias(Model):
    """An alias to delete."""

    alias: Text


class AliasTarget(Alias):
    """An alias, and the version that it means."""

    version: Number


class NewVersion(Model):
    """A version to create."""

    source: Text
    run_id: Text | None = None
    model_id: Text | None = None
    description: Text | None = None
    tags: list[Tag] | None = None
    model_version_dependencies: list[UsedThing] | None = None
    feature_deps: Text | None = None
    run_tracking_server_id: Text | None = None

    def details(self) -> VersionDetails:
        """What is stored of it."""
        used: list[Dependency] = [
            {"type": each.type, "name": each.name} for each in self.model_version_dependencies or []
        ]
        return {
            "source": self.source,
            "run_id": self.run_id or "",
            "model_id": self.model_id or "",
            "comment": self.description or "",
            "tags": {tag.key: tag.value for tag in self.tags or []},
            "dependencies": used,
        }


class Version(Model):
    """A version."""

    version: Number


class VersionChange(Version):
    """A change of a version."""

    description: Text | None = None


class VersionTag(Version):
    """A tag to set."""

    key: Text
    value: Text = ""


class VersionTagKey(Version):
    """A tag to delete."""

    key: Text


class CredentialsOf(Version):
    """A version whose cloud storage a client wants to reach."""

    operation: Text | None = None


class Lineage(Body):
    """What was made from a version; nothing is recorded."""

    name: Text | None = None
    version: Text | None = None
