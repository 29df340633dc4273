"""Registered models and their versions, which MLflow's client and the Databricks SDK both read and write."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from local_workspace.engines.models.documents import ModelVersion, RegisteredModel, VersionDetails
from local_workspace.engines.models.names import checked_alias, checked_tags, model_name, no_model
from local_workspace.runtime.documents import Documents
from local_workspace.runtime.errors import already_exists, not_found
from local_workspace.runtime.home import Home
from local_workspace.runtime.store import Store
from local_workspace.runtime.timestamps import now_ms

_LONGEST_NUMBER = 2**31


class ModelsEngine:
    """Creates, finds and removes registered models, versions, aliases and tags.

    `check_schema` raises ApiError 404 unless the schema `catalog.schema` exists; `changed` is called when a model has
    been created or removed. Names may be in any case. Every
    change is one or a few documents, written one after the other: a model whose creation or removal was interrupted
    can be created or removed again.
    """

    def __init__(
        self,
        home: Home,
        store: Store,
        check_schema: Callable[[str], object],
        user: str,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._root, self._store, self._check_schema, self._user = home.models, store, check_schema, user
        self._models = Documents[RegisteredModel](store, "registered_model")
        self._versions = Documents[ModelVersion](store, "model_version")
        self._changed = changed
        self._lock = threading.RLock()

    # models

    def create(self, full_name: str, comment: str = "", tags: dict[str, str] | None = None) -> RegisteredModel:
        """The new model, without versions. Raises ApiError 400 for the name, 404 for the schema, 409 if it exists."""
        name = model_name(full_name)
        self._check_schema(name.in_schema)
        stamp = now_ms()
        doc: RegisteredModel = {
            "id": f"{self._store.next_id():032x}",
            "full_name": str(name),
            "comment": comment,
            "owner": self._user,
            "created_by": self._user,
            "created_at": stamp,
            "updated_at": stamp,
            "tags": checked_tags(tags or {}),
            "aliases": {},
            "last_version": 0,
        }
        with self._lock:
            if self._models.get(str(name)):
                raise already_exists(f"Routine or Model '{name}' already exists.")
            self._models.put(str(name), doc)
        self._changed()
        return doc

    def get(self, full_name: str) -> RegisteredModel:
        """The model. Raises ApiError 400 for a name without three levels, 404."""
        name = model_name(full_name)
        found = self._models.get(str(name))
        if found is None:
            raise no_model(name)
        return found

    def models(self, in_schema: str = "") -> list[RegisteredModel]:
        """The models of the schema `catalog.schema`, or all models."""
        start = f"{in_schema.lower()}." if in_schema else ""
        return [model for model in self._models.list() if model["full_name"].startswith(start)]

    def update(self, full_name: str, comment: str | None, owner: str | None = None) -> RegisteredModel:
        """Change the comment and the owner, those that are given. Raises ApiError 404."""
        changes = {"comment": comment, "owner": owner}
        with self._lock:
            name = self.get(full_name)["full_name"]
            return self._change(name, **{key: value for key, value in changes.items() if value is not None})

    def delete(self, full_name: str) -> None:
        """Remove the model with its versions and their files. Raises ApiError 404."""
        with self._lock:
            name = self.get(full_name)["full_name"]
            for version in self.versions(name):
                self._versions.delete(_key(name, version["version"]))
            self._models.delete(name)
            shutil.rmtree(self._folder(name), ignore_errors=True)
        self._changed()

    def set_tag(self, full_name: str, key: str, value: str) -> None:
        """Set a tag of the model. Raises ApiError 404, 400."""
        with self._lock:
            model = self.get(full_name)
            self._change(model["full_name"], tags=checked_tags(model["tags"] | {key: value}))

    def delete_tag(self, full_name: str, key: str) -> None:
        """Remove a tag of the model, if it has it. Raises ApiError 404."""
        with self._lock:
            model = self.get(full_name)
            self._change(model["full_name"], tags={name: each for name, each in model["tags"].items() if name != key})

    # aliases

    def set_alias(self, full_name: str, alias: str, version: int) -> RegisteredModel:
        """Have `alias` mean that version. Raises ApiError 404, 400."""
        with self._lock:
            model, _ = self.get(full_name), self.version(full_name, version)
            return self._change(model["full_name"], aliases=model["aliases"] | {checked_alias(alias): version})

    def delete_alias(self, full_name: str, alias: str) -> None:
        """Remove an alias, if there is one. Raises ApiError 404 for the model."""
        with self._lock:
            model = self.get(full_name)
            left = {name: version for name, version in model["aliases"].items() if name != alias}
            self._change(model["full_name"], aliases=left)

    def by_alias(self, full_name: str, alias: str) -> ModelVersion:
        """The version that an alias means. Raises ApiError 404."""
        model = self.get(full_name)
        if alias not in model["aliases"]:
            raise not_found(f"Alias '{alias[:100]}' does not exist on model '{model['full_name']}'.")
        return self.version(full_name, model["aliases"][alias])

    # versions

    def create_version(self, full_name: str, details: VersionDetails) -> ModelVersion:
        """The new version, with an empty folder for its files. Raises ApiError 404 for the model, 400 for the tags."""
        with self._lock:
            model = self.get(full_name)
            name, number, stamp = model["full_name"], model["last_version"] + 1, now_ms()
            doc: ModelVersion = {
                **details,
                "tags": checked_tags(details["tags"]),
                "id": f"{self._store.next_id():032x}",
                "model": name,
                "version": number,
                "status": "PENDING_REGISTRATION",
                "created_by": self._user,
                "created_at": stamp,
                "updated_at": stamp,
            }
            self._change(name, last_version=number)
            shutil.rmtree(self.folder(name, number), ignore_errors=True)  # of a model whose removal was interrupted
            self.folder(name, number).mkdir(parents=True)
            self._versions.put(_key(name, number), doc)
        return doc

    def version(self, full_name: str, version: int) -> ModelVersion:
        """A version. Raises ApiError 404."""
        model = self.get(full_name)["full_name"]
        found = self._versions.get(_key(model, version)) if version < _LONGEST_NUMBER else None
        if found is None:
            raise not_found(f"Model Version '{model}/{version}' does not exist.")
        return found

    def versions(self, full_name: str) -> list[ModelVersion]:
        """The versions of a model, the newest first. Raises ApiError 404."""
        model = self.get(full_name)["full_name"]
        found = [each for each in self._versions.list() if each["model"] == model]
        return sorted(found, key=lambda each: each["version"], reverse=True)

    def of_run(self, run_id: str) -> list[ModelVersion]:
        """The versions that an MLflow run made."""
        return [each for each in self._versions.list() if each["run_id"] == run_id]

    def finalize(self, full_name: str, version: int) -> ModelVersion:
        """Register a version whose files are written. Raises ApiError 404."""
        return self._change_version(full_name, version, status="READY")

    def update_version(self, full_name: str, version: int, comment: str) -> ModelVersion:
        """Change a version's comment. Raises ApiError 404."""
        return self._change_version(full_name, version, comment=comment)

    def set_version_tag(self, full_name: str, version: int, key: str, value: str) -> None:
        """Set a tag of a version. Raises ApiError 404, 400."""
        with self._lock:
            tags = self.version(full_name, version)["tags"] | {key: value}
            self._change_version(full_name, version, tags=checked_tags(tags))

    def delete_version_tag(self, full_name: str, version: int, key: str) -> None:
        """Remove a tag of a version, if it has it. Raises ApiError 404."""
        with self._lock:
            tags = self.version(full_name, version)["tags"]
            self._change_version(full_name, version, tags={name: tags[name] for name in tags if name != key})

    def delete_version(self, full_name: str, version: int) -> None:
        """Remove a version, its aliases and its files. Raises ApiError 404."""
        with self._lock:
            model = self.version(full_name, version)["model"]
            left = {alias: number for alias, number in self.get(model)["aliases"].items() if number != version}
            self._change(model, aliases=left)
            self._versions.delete(_key(model, version))
            shutil.rmtree(self.folder(model, version), ignore_errors=True)

    def folder(self, full_name: str, version: int) -> Path:
        """The folder with a version's files."""
        return self._folder(full_name) / str(version)

    def _folder(self, full_name: str) -> Path:
        name = model_name(full_name)
        return self._root / name.catalog / name.schema / name.model

    def _change(self, name: str, **changes: object) -> RegisteredModel:
        return self._models.update(name, updated_at=now_ms(), **changes)

    def _change_version(self, full_name: str, version: int, **changes: object) -> ModelVersion:
        with self._lock:
            model = self.version(full_name, version)["model"]
            return self._versions.update(_key(model, version), updated_at=now_ms(), **changes)


def _key(model: str, version: int) -> str:
    return f"{model}/{version}"
