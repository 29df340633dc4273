import base64
import io
import json
import os

import httpx
import nbformat
import pytest
from databricks.sdk.errors import BadRequest, DatabricksError, NotFound, ResourceAlreadyExists
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectType

from job_workspace import TOKEN, serving

HOME = "/Workspace/Users/you@localhost"


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("files") / "home") as workspace:
        yield workspace


@pytest.fixture
def files(space):
    return space.w.workspace


def notebook_bytes(*cells) -> bytes:
    return nbformat.writes(nbformat.v4.new_notebook(cells=list(cells))).encode()


def test_the_folders_of_every_workspace_are_there_and_stay(space, files):
    """https://docs.databricks.com/aws/en/workspace/workspace-browser"""
    assert space.files.exists(HOME)
    assert {"/Shared", "/Users"} <= {info.path for info in files.list("/")}
    assert [info.path for info in files.list("/Users")] == ["/Users/you@localhost"]
    assert files.get_status(HOME).object_type == ObjectType.DIRECTORY
    for folder in ("/Shared", "/Users", HOME):
        with pytest.raises(BadRequest, match="is protected"):
            files.delete(folder, recursive=True)
    files.upload("/Shared/plan.txt", b"plan", format=ImportFormat.AUTO)
    with pytest.raises(NotFound, match="Create it with mkdirs"):
        files.upload("/Users/nobody@localhost/plan.txt", b"plan", format=ImportFormat.AUTO)


def test_an_uploaded_file_comes_back_byte_for_byte(files):
    content = bytes(range(256)) * 500 + b"\r\n--\r\n\n"
    files.upload(f"{HOME}/data.bin", io.BytesIO(content), format=ImportFormat.RAW)
    assert files.download(f"{HOME}/data.bin").read() == content
    assert base64.b64decode(files.export(f"{HOME}/data.bin").content) == content


def test_a_file_has_one_name_with_and_without_workspace(files):
    files.upload(f"{HOME}/same.txt", b"same", format=ImportFormat.AUTO)
    info = files.get_status(f"{HOME}/same.txt")
    assert info.path == "/Users/you@localhost/same.txt"
    assert (info.object_type, info.size) == (ObjectType.FILE, 4)
    assert files.get_status(info.path).object_id == info.object_id


def test_a_notebook_loses_its_extension_and_is_found_by_either_name(space, files):
    files.upload(f"{HOME}/report.ipynb", notebook_bytes(), format=ImportFormat.AUTO)
    for name in ("report", "report.ipynb"):
        info = files.get_status(f"{HOME}/{name}")
        assert (info.path, info.object_type, info.language) == (
            "/Users/you@localhost/report",
            ObjectType.NOTEBOOK,
            Language.PYTHON,
        )
        assert space.files.resolve(f"{HOME}/{name}").name == "report.ipynb"
    assert space.files.resolve("Users/you@localhost/report").is_file()


def test_a_notebook_imported_as_json_with_jupyter_format(files):
    content = base64.b64encode(notebook_bytes(nbformat.v4.new_code_cell("1 + 1"))).decode()
    files.import_(f"{HOME}/typed", content=content, format=ImportFormat.JUPYTER)
    exported = json.loads(files.download(f"{HOME}/typed", format=ExportFormat.JUPYTER).read())
    assert ["".join(cell["source"]) for cell in exported["cells"]] == ["1 + 1"]


def test_a_notebook_downloads_as_databricks_source_by_default(files):
    text = nbformat.v4.new_markdown_cell("# Title\ntext")
    python, sql = nbformat.v4.new_code_cell("x = 1"), nbformat.v4.new_code_cell("%sql\nSELECT 1")
    files.upload(f"{HOME}/source.ipynb", notebook_bytes(text, python, sql), format=ImportFormat.AUTO)
    assert files.download(f"{HOME}/source").read().decode() == (
        "# Databricks notebook source\n# MAGIC %md\n# MAGIC # Title\n# MAGIC text\n\n# COMMAND ----------\n\nx = 1\n\n"
        "# COMMAND ----------\n\n# MAGIC %sql\n# MAGIC SELECT 1\n"
    )


def test_overwrite_has_to_be_asked_for(files):
    files.upload(f"{HOME}/once.txt", b"first", format=ImportFormat.AUTO)
    with pytest.raises(ResourceAlreadyExists):
        files.upload(f"{HOME}/once.txt", b"second", format=ImportFormat.AUTO)
    assert files.download(f"{HOME}/once.txt").read() == b"first"
    files.upload(f"{HOME}/once.txt", b"second", format=ImportFormat.AUTO, overwrite=True)
    assert files.download(f"{HOME}/once.txt").read() == b"second"


def test_listing_a_folder_and_deleting_it(files):
    files.mkdirs(f"{HOME}/tree/.bundle/deep")
    files.upload(f"{HOME}/tree/a.txt", b"", format=ImportFormat.AUTO)
    files.upload(f"{HOME}/tree/.bundle/b.ipynb", notebook_bytes(), format=ImportFormat.AUTO)
    assert [entry.path for entry in files.list(f"{HOME}/tree", recursive=True)] == [
        "/Users/you@localhost/tree/a.txt",
        "/Users/you@localhost/tree/.bundle/b",
    ]
    with pytest.raises(BadRequest, match="not empty"):
        files.delete(f"{HOME}/tree")
    files.delete(f"{HOME}/tree", recursive=True)
    with pytest.raises(NotFound):
        files.get_status(f"{HOME}/tree")


def test_a_listing_leaves_out_notebooks_that_are_older(space, files):
    files.mkdirs(f"{HOME}/ages")
    files.upload(f"{HOME}/ages/plain.txt", b"", format=ImportFormat.AUTO)
    for name, seconds in (("old", 1_000), ("new", 2_000)):
        files.upload(f"{HOME}/ages/{name}.ipynb", notebook_bytes(), format=ImportFormat.AUTO)
        os.utime(space.files.resolve(f"{HOME}/ages/{name}"), (seconds, seconds))
    os.utime(space.files.resolve(f"{HOME}/ages/plain.txt"), (1_000, 1_000))
    found = files.list(f"{HOME}/ages", notebooks_modified_after=1_000_000)
    assert [entry.path.rpartition("/")[2] for entry in found] == ["new", "plain.txt"]


def test_the_cli_imports_a_file_by_its_url(space, files):
    with httpx.Client(base_url=space.host, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        url = "/api/2.0/workspace-files/import-file/Users%2Fyou@localhost%2Fstate.json"
        assert client.post(url, params={"overwrite": "true"}, content=b"{}").status_code == 200
        assert client.post(url, content=b"{}").status_code == 409
        lost = client.post(url.replace("state", "none%2Fstate"), content=b"{}")
        assert (lost.status_code, lost.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
        status = client.get(
            "/api/2.0/workspace/get-status",
            params={"path": "/Workspace/Users/you@localhost/state.json", "return_export_info": "true"},
        )
        assert status.json()["object_type"] == "FILE"
    assert files.download("/Users/you@localhost/state.json").read() == b"{}"


@pytest.mark.parametrize("path", ["/Users/../../outside", "/Workspace/../x", "/Users/a\0b", ""])
def test_no_path_leads_out_of_the_workspace(space, path):
    before = {entry for entry in space.home.root.rglob("*") if entry.parent != space.home.root}
    with pytest.raises(DatabricksError, match="not a path inside the workspace"):
        space.w.workspace.upload(path, b"x", format=ImportFormat.AUTO)
    assert {entry for entry in space.home.root.rglob("*") if entry.parent != space.home.root} == before


def test_a_link_does_not_lead_out_either(space, tmp_path):
    (tmp_path / "secret").write_text("hidden")
    (space.home.workspace_files / "link").symlink_to(tmp_path)
    with pytest.raises(BadRequest, match="leads out"):
        space.w.workspace.download("/link/secret")
    (space.home.workspace_files / "link").unlink()


@pytest.mark.parametrize("content", [b"not json", b"[]", b'{"cells": 3}'])
def test_what_is_no_notebook_is_refused(files, content):
    with pytest.raises(DatabricksError, match="not a Jupyter notebook"):
        files.upload(f"{HOME}/broken.ipynb", content, format=ImportFormat.AUTO)
    with pytest.raises(NotFound):
        files.get_status(f"{HOME}/broken")


def test_a_file_and_a_folder_do_not_share_a_name(files):
    files.upload(f"{HOME}/taken.ipynb", notebook_bytes(), format=ImportFormat.AUTO)
    with pytest.raises(BadRequest, match="is a file"):
        files.mkdirs(f"{HOME}/taken/below")
    files.mkdirs(f"{HOME}/folder")
    with pytest.raises(ResourceAlreadyExists, match="folder"):
        files.upload(f"{HOME}/folder.ipynb", notebook_bytes(), format=ImportFormat.AUTO, overwrite=True)


def test_an_unknown_format_and_bad_base64_are_refused(space, files):
    with pytest.raises(DatabricksError, match="DBC"):
        files.upload(f"{HOME}/archive", b"", format=ImportFormat.DBC)
    with pytest.raises(BadRequest, match="base64"):
        files.import_(f"{HOME}/bad.txt", content="***", format=ImportFormat.AUTO)
    with pytest.raises(NotFound, match="nothing at '/nowhere'"):
        files.download("/nowhere")
