"""Unity Catalog: registered models and their versions, as the Databricks SDK reads and writes them."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field

from local_workspace.engines.models import ModelsEngine
from local_workspace.engines.models.documents import ModelVersion, RegisteredModel
from local_workspace.engines.models.names import model_name
from local_workspace.http.bodies import Refused, StrictBody, Text
from local_workspace.http.paging import Page, by_max_results
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes import model_access
from local_workspace.routes.catalog_principals import check_known
from local_workspace.runtime.errors import invalid

router = APIRouter(prefix="/api/2.1/unity-catalog/models", dependencies=[REFUSE_UNKNOWN, model_access.TO_READ])

Json = Mapping[str, object]
Number = Annotated[int, Path(ge=0, lt=2**31)]
Aliases = Annotated[bool, Query(description="also the aliases")]
Browse = Annotated[bool, Query(description="no effect: everything here may be read")]


class NewModel(StrictBody):
    """A model to create."""

    name: Text | None = None
    catalog_name: Text | None = None
    schema_name: Text | None = None
    comment: Text | None = None
    storage_location: Refused = None


class ModelChange(StrictBody):
    """Changes of a model."""

    full_name: Text | None = None
    comment: Text | None = None
    owner: Text | None = None
    new_name: Refused = None


class VersionChange(StrictBody):
    """Changes of a version."""

    full_name: Text | None = None
    version: int | None = None
    comment: Text | None = None


class AliasTarget(StrictBody):
    """The version that an alias means."""

    full_name: Text | None = None
    alias: Text | None = None
    version_num: Annotated[int, Field(ge=0, lt=2**31)]


def _engine(request: Request) -> ModelsEngine:
    engine: ModelsEngine = request.app.state.engines.models
    return engine


Models = Annotated[ModelsEngine, Depends(_engine)]
Paged = Annotated[Page, Depends(by_max_results)]


@router.post("")
def create(models: Models, body: NewModel) -> Json:
    """Create a model."""
    levels = (body.catalog_name, body.schema_name, body.name)
    return _model(models, models.create(".".join(level or "" for level in levels), body.comment or ""), True)


@router.get("")
def list_all(
    request: Request,
    models: Models,
    page: Paged,
    catalog_name: Text = "",
    schema_name: Text = "",
    include_browse: Browse = False,
) -> Json:
    """The models of a schema, or all."""
    if bool(catalog_name) != bool(schema_name):
        raise invalid("catalog_name and schema_name go together: give both, or neither for all models.")
    found = model_access.usable(request, models.models(f"{catalog_name}.{schema_name}" if catalog_name else ""))
    return page.of("registered_models", [_model(models, model, False) for model in found])


@router.get("/{full_name}")
def get(models: Models, full_name: Text, include_aliases: Aliases = False, include_browse: Browse = False) -> Json:
    """One model."""
    return _model(models, models.get(full_name), include_aliases)


@router.patch("/{full_name}")
def update(request: Request, models: Models, full_name: Text, body: ModelChange) -> Json:
    """Change a model's comment or owner."""
    check_known(request, body.owner)
    return _model(models, models.update(full_name, body.comment, body.owner), True)


@router.delete("/{full_name}")
def delete(models: Models, full_name: Text) -> Json:
    """Delete a model with its versions."""
    models.delete(full_name)
    return {}


@router.put("/{full_name}/aliases/{alias}")
def set_alias(models: Models, full_name: Text, alias: Text, body: AliasTarget) -> Json:
    """Have an alias mean a version."""
    model = models.set_alias(full_name, alias, body.version_num)
    return _alias(model["full_name"], alias, body.version_num)


@router.get("/{full_name}/aliases/{alias}")
def get_by_alias(models: Models, full_name: Text, alias: Text, include_aliases: Aliases = False) -> Json:
    """The version that an alias means."""
    return _version(models, models.by_alias(full_name, alias), include_aliases)


@router.delete("/{full_name}/aliases/{alias}")
def delete_alias(models: Models, full_name: Text, alias: Text) -> Json:
    """Delete an alias."""
    models.delete_alias(full_name, alias)
    return {}


@router.get("/{full_name}/versions")
def list_versions(models: Models, page: Paged, full_name: Text, include_browse: Browse = False) -> Json:
    """The versions of a model, the newest first."""
    return page.of("model_versions", [_version(models, each, False) for each in models.versions(full_name)])


@router.get("/{full_name}/versions/{version}")
def get_version(
    models: Models,
    full_name: Text,
    version: Number,
    include_aliases: Aliases = False,
    include_browse: Browse = False,
) -> Json:
    """One version."""
    return _version(models, models.version(full_name, version), include_aliases)


@router.patch("/{full_name}/versions/{version}")
def update_version(models: Models, full_name: Text, version: Number, body: VersionChange) -> Json:
    """Change a version's comment."""
    return _version(models, models.update_version(full_name, version, body.comment or ""), True)


@router.delete("/{full_name}/versions/{version}")
def delete_version(models: Models, full_name: Text, version: Number) -> Json:
    """Delete a version."""
    models.delete_version(full_name, version)
    return {}


def _model(models: ModelsEngine, model: RegisteredModel, aliases: bool) -> Json:
    name = model_name(model["full_name"])
    shown: dict[str, object] = {
        **{key: model[key] for key in ("full_name", "comment", "owner", "created_by", "created_at", "updated_at")},
        "name": name.model,
        "catalog_name": name.catalog,
        "schema_name": name.schema,
        "updated_by": model["created_by"],
        "storage_location": str(models.folder(model["full_name"], 0).parent),
    }
    if aliases:
        shown["aliases"] = [_alias(model["full_name"], *each) for each in model["aliases"].items()]
    return shown


def _version(models: ModelsEngine, version: ModelVersion, aliases: bool) -> Json:
    name, number = model_name(version["model"]), version["version"]
    shown: dict[str, object] = {
        **{key: version[key] for key in ("id", "version", "status", "comment", "source", "run_id", "created_by")},
        **{key: version[key] for key in ("created_at", "updated_at")},
        "model_name": name.model,
        "catalog_name": name.catalog,
        "schema_name": name.schema,
        "updated_by": version["created_by"],
        "storage_location": str(models.folder(version["model"], number)),
    }
    if aliases:
        own = [each for each in models.get(version["model"])["aliases"].items() if each[1] == number]
        shown["aliases"] = [_alias(version["model"], *each) for each in own]
    return shown


def _alias(full_name: str, alias: str, version: int) -> Json:
    name = model_name(full_name)
    return {
        "alias_name": alias,
        "version_num": version,
        "model_name": name.model,
        "catalog_name": name.catalog,
        "schema_name": name.schema,
    }
