"""What `databricks bundle` sends to a workspace, over plain HTTP.

Recorded from the CLI (1.14, DATABRICKS_BUNDLE_ENGINE=direct), with a proxy in front of a workspace.
"""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from waiting import eventually

Json = dict[str, Any]
_JOBS = "/api/2.2/jobs"


class Bundle:
    """A target's deployment. `bundle` has its variables filled in, `files` what lies beside databricks.yml."""

    def __init__(self, http: httpx.Client, bundle: Json, target: str, files: Mapping[str, bytes]) -> None:
        self._http, self._files = http, files
        user = http.get("/api/2.0/preview/scim/v2/Me").json()["userName"]
        known = {"${bundle.name}": bundle["bundle"]["name"], "${bundle.target}": target}
        self.root = _filled(bundle["workspace"]["root_path"], known).replace("~", f"/Workspace/Users/{user}", 1)
        (self.key,) = bundle["resources"]["jobs"]
        job = _filled(bundle["resources"]["jobs"][self.key], {"${workspace.file_path}": f"{self.root}/files"})
        self.job = {
            **job,
            "tasks": [self._uploaded(task) for task in job["tasks"]],
            "deployment": {"kind": "BUNDLE", "metadata_file_path": f"{self.root}/state/metadata.json"},
            "edit_mode": "UI_LOCKED",
            "format": "MULTI_TASK",
            "max_concurrent_runs": 1,
        }

    def deploy(self) -> int:
        """Upload the files, create the job or reset the one of an earlier deployment, and return its id."""
        self._post("/api/2.0/workspace/mkdirs", {"path": f"{self.root}/files"})
        self.lock()
        for name, content in self._files.items():
            folder = f"{self.root}/files/{name}".rpartition("/")[0]
            self._post("/api/2.0/workspace/mkdirs", {"path": folder})
            self._import(f"files/{name}", content)
        job_id = self.deployed_job()
        if job_id is None:
            job_id = self._post(f"{_JOBS}/create", self.job)["job_id"]
        else:
            self._post(f"{_JOBS}/reset", {"job_id": job_id, "new_settings": self.job})
        self._import("state/resources.json", json.dumps({"state": {self.key: {"__id__": str(job_id)}}}).encode())
        self._post("/api/2.0/workspace/delete", {"path": f"{self.root}/state/deploy.lock"})
        return job_id

    def lock(self) -> None:
        """Take the deployment's lock, whose folder may not be there yet. Raises HTTPStatusError 409 if it is held."""
        if self._import("state/deploy.lock", b"{}", overwrite=False).status_code == 404:
            self._post("/api/2.0/workspace/mkdirs", {"path": f"{self.root}/state"})
            self._import("state/deploy.lock", b"{}", overwrite=False)

    def deployed_job(self) -> int | None:
        """The id of the job that is deployed, by the state that `summary` reads; None if none is."""
        path = f"{self.root}/state/resources.json"
        status = self._http.get("/api/2.0/workspace/get-status", params={"path": path, "return_export_info": "true"})
        if status.status_code == 404:
            return None
        exported = self._http.get("/api/2.0/workspace/export", params={"path": path, "direct_download": "true"})
        return int(exported.json()["state"][self.key]["__id__"])

    def run(self, **parameters: str) -> dict[str, str]:
        """Run the job with these parameters; returns what each task's notebook has exited with."""
        run = self._post(f"{_JOBS}/run-now", {"job_id": self.deployed_job(), "job_parameters": parameters})
        ended = eventually(
            lambda: self._get(f"{_JOBS}/runs/get", run_id=run["run_id"]), lambda seen: "end_time" in seen
        )
        assert ended["state"]["result_state"] == "SUCCESS", ended["state"]
        tasks = {task["task_key"]: task["run_id"] for task in ended["tasks"]}
        outputs = {key: self._get(f"{_JOBS}/runs/get-output", run_id=run_id) for key, run_id in tasks.items()}
        return {key: output["notebook_output"]["result"] for key, output in outputs.items()}

    def destroy(self) -> None:
        """Delete the job and the files."""
        self._post(f"{_JOBS}/delete", {"job_id": self.deployed_job()})
        self._post("/api/2.0/workspace/delete", {"path": self.root, "recursive": True})

    def _uploaded(self, task: Json) -> Json:
        """A task with its notebook's path in the workspace, where it has no extension."""
        path = task["notebook_task"]["notebook_path"].removeprefix("./").removesuffix(".ipynb")
        return {**task, "notebook_task": {"notebook_path": f"{self.root}/files/{path}"}}

    def _import(self, name: str, content: bytes, overwrite: bool = True) -> httpx.Response:
        path = f"/api/2.0/workspace-files/import-file{self.root}/{name}"
        answer = self._http.post(path, content=content, params={"overwrite": json.dumps(overwrite)})
        if answer.status_code != 404:
            answer.raise_for_status()
        return answer

    def _post(self, path: str, body: Json) -> Json:
        return _body(self._http.post(path, json=body))

    def _get(self, path: str, **query: object) -> Json:
        return _body(self._http.get(path, params={name: str(value) for name, value in query.items()}))


def _body(answer: httpx.Response) -> Json:
    assert answer.is_success, answer.text
    found: Json = answer.json()
    return found


def _filled(node: Any, values: Mapping[str, str]) -> Any:
    text = json.dumps(node)
    for name, value in values.items():
        text = text.replace(name, value)
    return json.loads(text)
