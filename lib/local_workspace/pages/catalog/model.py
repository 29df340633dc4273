"""The page of a registered model, and that of one of its versions."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import yaml
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_workspace.engines.models import ModelFiles
from local_workspace.pages.catalog.securable import Tab, page, privileges
from local_workspace.pages.engines import ModelsFiles, Unity
from local_workspace.pages.rendering import render
from local_workspace.runtime.errors import ApiError

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Field:
    """A column of a model's input or output: its type as MLflow writes it, nested ones as JSON."""

    name: str
    type: str
    required: bool


@router.get("/explore/data/models/{catalog}/{schema}/{name}")
def model(
    request: Request,
    unity: Unity,
    catalog: str,
    schema: str,
    name: str,
    tab: Tab = "",
) -> HTMLResponse:
    """A registered model with its versions."""
    found = unity.models.get(f"{catalog}.{schema}.{name}")
    unity.grants.check_use(found["full_name"], found["owner"], request.state.principal)
    shown = page("model", found["full_name"], ("overview", "permissions"), tab)
    versions = unity.models.versions(found["full_name"]) if shown.tab == "overview" else []
    return render(
        request,
        "catalog/model.html",
        page=shown,
        model=found,
        versions=versions,
        privileges=privileges(unity, shown),
    )


@router.get("/explore/data/models/{catalog}/{schema}/{name}/version/{version}")
def version(
    request: Request, unity: Unity, files: ModelsFiles, catalog: str, schema: str, name: str, version: int
) -> HTMLResponse:
    """A version of a model with its signature."""
    found = unity.models.get(f"{catalog}.{schema}.{name}")
    unity.grants.check_use(found["full_name"], found["owner"], request.state.principal)
    shown = unity.models.version(found["full_name"], version)
    aliases = [alias for alias, number in found["aliases"].items() if number == version]
    signature = _signature(files, f"/Models/{found['full_name'].replace('.', '/')}/{version}/MLmodel")
    return render(
        request,
        "catalog/version.html",
        page=page("model", found["full_name"], ("overview",), ""),
        version=shown,
        aliases=aliases,
        signature=signature,
    )


def _signature(files: ModelFiles, path: str) -> list[tuple[str, list[Field]]]:
    """Inputs, outputs and parameters of the version whose MLmodel file lies at `path`; none if it has no signature."""
    try:
        document = yaml.safe_load(files.file(path).read_text())
    except (ApiError, yaml.YAMLError):
        return []
    signature = cast("Mapping[str, str | None]", document.get("signature") or {})
    titles = (("Inputs", "inputs"), ("Outputs", "outputs"), ("Parameters", "params"))
    return [(title, _fields(text)) for title, part in titles if (text := signature.get(part))]


def _fields(text: str) -> list[Field]:
    """The columns of a part of a signature, which is JSON."""
    return [_field(each) for each in cast("list[Mapping[str, object]]", json.loads(text))]


def _field(column: Mapping[str, object]) -> Field:
    known = {"name", "type", "required"}
    nested = {key: value for key, value in column.items() if key not in known}
    shown = f"{column['type']} {json.dumps(nested)}" if nested else str(column["type"])
    return Field(str(column.get("name", "")), shown, bool(column.get("required", True)))
