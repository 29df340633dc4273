"""Unity Catalog's model registry as MLflow's client speaks to it with the registry URI `databricks-uc`.

Source: mlflow/store/_unity_catalog/registry/rest_store.py and mlflow/protos/databricks_uc_registry_service.proto.
Stages are refused by the client itself.
"""

import re
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request

from local_workspace.engines.models import ModelsEngine
from local_workspace.engines.models.documents import ModelVersion, RegisteredModel
from local_workspace.http.bodies import Text
from local_workspace.http.queries import REFUSE_UNKNOWN
from local_workspace.routes import model_access
from local_workspace.routes import model_bodies as bodies
from local_workspace.routes.models import Json, Models, Paged
from local_workspace.runtime.errors import ApiError, invalid

router = APIRouter(prefix="/api/2.0/mlflow/unity-catalog", dependencies=[REFUSE_UNKNOWN, model_access.TO_READ])

Number = Annotated[str, Query(pattern=r"^\d{1,9}$")]
_FILTER = re.compile(r"(name|run_id)\s*=\s*(['\"])(.*)\2", re.IGNORECASE)


# models


@router.get("/registered-models:is-databricks-sdk-models-artifact-repository-enabled")
def files_through_the_sdk() -> Json:
    """Whether clients write models' files through the Files API; else they would write to cloud storage directly."""
    return {"is_databricks_sdk_models_artifact_repository_enabled": True}


@router.post("/registered-models/create")
def create_model(models: Models, body: bodies.NewModel) -> Json:
    """Create a model."""
    tags = {tag.key: tag.value for tag in body.tags or []}
    return {"registered_model": _model(models.create(body.name, body.description or "", tags))}


@router.patch("/registered-models/update")
def update_model(models: Models, body: bodies.ModelChange) -> Json:
    """Change a model's description."""
    return {"registered_model": _model(models.update(body.name, body.description))}


@router.delete("/registered-models/delete")
def delete_model(models: Models, body: bodies.Model) -> Json:
    """Delete a model with its versions."""
    models.delete(body.name)
    return {}


@router.get("/registered-models/get")
def get_model(models: Models, name: Text) -> Json:
    """One model."""
    return {"registered_model": _model(models.get(name))}


@router.get("/registered-models/search")
def search_models(request: Request, models: Models, page: Paged) -> Json:
    """All models, without their tags and aliases."""
    found = model_access.usable(request, models.models())
    return page.of("registered_models", [_searched_model(model) for model in found])


@router.post("/registered-models/set-tag")
def set_model_tag(models: Models, body: bodies.ModelTag) -> Json:
    """Set a model's tag."""
    models.set_tag(body.name, body.key, body.value)
    return {}


@router.delete("/registered-models/delete-tag")
def delete_model_tag(models: Models, body: bodies.ModelTagKey) -> Json:
    """Delete a model's tag."""
    models.delete_tag(body.name, body.key)
    return {}


@router.post("/registered-models/alias")
def set_alias(models: Models, body: bodies.AliasTarget) -> Json:
    """Have an alias mean a version."""
    models.set_alias(body.name, body.alias, int(body.version))
    return {}


@router.get("/registered-models/alias")
def get_by_alias(models: Models, name: Text, alias: Text) -> Json:
    """The version that an alias means."""
    return {"model_version": _version(models, models.by_alias(name, alias))}


@router.delete("/registered-models/alias")
def delete_alias(models: Models, body: bodies.Alias) -> Json:
    """Delete an alias."""
    models.delete_alias(body.name, body.alias)
    return {}


# versions


@router.post("/model-versions/create")
def create_version(models: Models, body: bodies.NewVersion) -> Json:
    """Create a version, whose files are written next."""
    return {"model_version": _version(models, models.create_version(body.name, body.details()))}


@router.post("/model-versions/finalize")
def finalize_version(models: Models, body: bodies.Version) -> Json:
    """Register a version whose files are written."""
    return {"model_version": _version(models, models.finalize(body.name, int(body.version)))}


@router.patch("/model-versions/update")
def update_version(models: Models, body: bodies.VersionChange) -> Json:
    """Change a version's description."""
    changed = models.update_version(body.name, int(body.version), body.description or "")
    return {"model_version": _version(models, changed)}


@router.delete("/model-versions/delete")
def delete_version(models: Models, body: bodies.Version) -> Json:
    """Delete a version."""
    models.delete_version(body.name, int(body.version))
    return {}


@router.get("/model-versions/get")
def get_version(models: Models, name: Text, version: Number) -> Json:
    """One version."""
    return {"model_version": _version(models, models.version(name, int(version)))}


@router.get("/model-versions/search")
def search_versions(models: Models, page: Paged, wanted: Annotated[Text, Query(alias="filter")] = "") -> Json:
    """The versions of a model or of a run, without their tags and aliases."""
    return page.of("model_versions", [_searched_version(each) for each in _matching(models, wanted.strip())])


@router.get("/model-versions/get-download-uri")
def download_uri(models: Models, name: Text, version: Number) -> Json:
    """The folder of a version's files."""
    found = models.version(name, int(version))
    return {"artifact_uri": models.folder(found["model"], found["version"]).as_uri()}


@router.post("/model-versions/generate-temporary-credentials")
def temporary_credentials(models: Models, body: bodies.CredentialsOf) -> Json:
    """Refused: there is no cloud storage."""
    models.version(body.name, int(body.version))
    raise ApiError(
        400,
        "INVALID_STATE",
        "A local workspace keeps models' files itself and has no cloud storage. Use MLflow 3, whose client asks where "
        "they are, and leave MLFLOW_USE_DATABRICKS_SDK_MODEL_ARTIFACTS_REPO_FOR_UC unset.",
    )


@router.post("/model-versions/emit-lineage")
def emit_lineage(body: bodies.Lineage) -> Json:
    """Accepted and not recorded: there is no lineage here."""
    return {}


@router.post("/model-versions/set-tag")
def set_version_tag(models: Models, body: bodies.VersionTag) -> Json:
    """Set a version's tag."""
    models.set_version_tag(body.name, int(body.version), body.key, body.value)
    return {}


@router.delete("/model-versions/delete-tag")
def delete_version_tag(models: Models, body: bodies.VersionTagKey) -> Json:
    """Delete a version's tag."""
    models.delete_version_tag(body.name, int(body.version), body.key)
    return {}


def _matching(models: ModelsEngine, wanted: str) -> list[ModelVersion]:
    """The versions that a filter selects. Raises ApiError 400 for another filter than Unity Catalog knows."""
    if not wanted:
        raise invalid("Missing filter: please specify a filter parameter in the format `name = 'model_name'`.")
    found = _FILTER.fullmatch(wanted)
    if found is None:
        raise invalid(
            f"Unsupported filter query : `{wanted[:200]}`. Please specify your filter parameter in the format "
            "`name = 'model_name'`."
        )
    field, value = found[1].lower(), found[3]
    return models.versions(value) if field == "name" else models.of_run(value)


def _searched_model(model: RegisteredModel) -> dict[str, object]:
    return {
        "name": model["full_name"],
        "description": model["comment"],
        "user_id": model["created_by"],
        "creation_timestamp": model["created_at"],
        "last_updated_timestamp": model["updated_at"],
    }


def _model(model: RegisteredModel) -> Json:
    return _searched_model(model) | {
        "tags": _tags(model["tags"]),
        "aliases": [{"alias": alias, "version": str(version)} for alias, version in model["aliases"].items()],
    }


def _searched_version(version: ModelVersion) -> dict[str, object]:
    return {
        **{key: version[key] for key in ("source", "run_id", "model_id", "status")},
        "name": version["model"],
        "version": str(version["version"]),
        "description": version["comment"],
        "user_id": version["created_by"],
        "creation_timestamp": version["created_at"],
        "last_updated_timestamp": version["updated_at"],
    }


def _version(models: ModelsEngine, version: ModelVersion) -> Json:
    aliases = models.get(version["model"])["aliases"].items()
    number = version["version"]
    return _searched_version(version) | {
        "tags": _tags(version["tags"]),
        "aliases": [{"alias": alias, "version": str(number)} for alias, meant in aliases if meant == number],
        "storage_location": str(models.folder(version["model"], number)),
    }


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
