"""databricks.yml in two catalogs of one workspace, by the calls of `databricks bundle deploy|summary|run|destroy`.

The notebooks are stand-ins that have the parameters of the real ones and exit with the values that reach them.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import nbformat
import pytest
import yaml

from bundle_calls import Bundle
from caspers.config import REPO
from caspers.runbook.bundle import read_bundle
from job_workspace import TOKEN, serving

pytestmark = pytest.mark.slow

OWN_NAME = "Casper's Initializer (my_kitchens)"
RECEIVE = "import json\nfrom caspers import parameters\nparameters.receive(globals())"
EXIT = "dbutils.notebook.exit(json.dumps({name: globals()[name] for name in parameters.RULES if name in globals()}))"
# The job's environment installs what lies beside databricks.yml. Its own build backend needs no package of a registry.
PROJECT = """
[project]
name = "stand-in"
version = "0"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
BACKEND = f"""
import pathlib, zipfile
LIB = {str(REPO / "lib")!r}

def build_editable(folder, config_settings=None, metadata_directory=None):
    name, info = "stand_in-0-py3-none-any.whl", "stand_in-0.dist-info"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as package:
        package.writestr("stand_in.pth", LIB)  # where caspers is
        package.writestr(info + "/METADATA", "Metadata-Version: 2.1\\nName: stand-in\\nVersion: 0\\n")
        package.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        package.writestr(info + "/RECORD", "")
    return name
"""


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        serving(tmp_path_factory.mktemp("bundle") / "home") as space,
        httpx.Client(base_url=space.host, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60) as client,
    ):
        yield client


def stand_in(notebook: Path) -> bytes:
    """A notebook with the parameters of a real one."""
    cells = nbformat.read(notebook, 4).cells
    (declared,) = [cell.source for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in (declared, RECEIVE, EXIT)])
    return nbformat.writes(made).encode()


def bundle(http: httpx.Client, folder: Path, **variables: str) -> Bundle:
    """Target `all` of databricks.yml with these variables, as `--var` or BUNDLE_VAR_… sets them."""
    given = yaml.safe_load((REPO / "databricks.yml").read_text())
    for name, value in variables.items():
        given["variables"][name]["default"] = value
    file = folder / "databricks.yml"
    file.write_text(yaml.safe_dump(given))
    read = read_bundle(file, "all")
    (job,) = read["resources"]["jobs"].values()
    paths = [task["notebook_task"]["notebook_path"].removeprefix("./") for task in job["tasks"]]
    notebooks = {path: stand_in(REPO / path) for path in paths}
    return Bundle(http, read, "all", {"pyproject.toml": PROJECT.encode(), "backend.py": BACKEND.encode(), **notebooks})


@pytest.fixture(scope="module")
def default(http, tmp_path_factory) -> Bundle:
    return bundle(http, tmp_path_factory.mktemp("default"))


@pytest.fixture(scope="module")
def own(http, tmp_path_factory) -> Bundle:
    return bundle(http, tmp_path_factory.mktemp("own"), CATALOG="my_kitchens", JOB_NAME=OWN_NAME)


def jobs(http: httpx.Client) -> dict[int, str]:
    found = http.get("/api/2.2/jobs/list").json().get("jobs", [])
    return {job["job_id"]: job["settings"]["name"] for job in found}


def test_two_catalogs_have_a_deployment_each(http, default, own) -> None:
    ids = [each.deploy() for each in (default, own)]
    assert jobs(http) == dict(zip(ids, ["Casper's Initializer", OWN_NAME], strict=True))
    assert own.root.endswith("/.bundle/caspers-kitchens/my_kitchens/all")


def test_deployed_again_it_is_the_same_job(http, own) -> None:
    before = jobs(http)
    assert own.deploy() == own.deployed_job()
    assert jobs(http) == before


def test_who_deploys_while_another_does_is_refused(own) -> None:
    own.lock()
    with pytest.raises(httpx.HTTPStatusError, match="409"):
        own.deploy()


def test_every_notebook_gets_the_catalog_of_its_deployment(own) -> None:
    exited = {key: json.loads(text) for key, text in own.run(START_DAY="6").items()}
    assert len(exited) == 10
    assert {values["CATALOG"] for values in exited.values()} == {"my_kitchens"}
    assert exited["Canonical_Data"]["START_DAY"] == 6
    endpoints = {value for values in exited.values() for name, value in values.items() if "ENDPOINT" in name}
    assert endpoints == {"caspers_refund_agent_my_kitchens", "caspers_complaint_agent_my_kitchens"}


def test_one_is_destroyed_and_the_other_stays(http, default, own) -> None:
    own.destroy()
    assert (own.deployed_job(), jobs(http)) == (None, {default.deployed_job(): "Casper's Initializer"})
