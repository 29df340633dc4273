"""What the documents say of the repository is so."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

REPO = Path(__file__).resolve().parents[2]
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    *sorted(str(path.relative_to(REPO)) for path in (REPO / "docs").glob("*.md")),
    "lib/local_workspace/README.md",
    "tests/README.md",
)
PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]


def tracked() -> list[str]:
    listing = subprocess.run(["git", "ls-files"], cwd=REPO, capture_output=True, text=True, check=True).stdout
    return listing.splitlines()


def test_the_readme_lists_the_top_level_folders() -> None:
    (block,) = re.findall(r"^## Repository\n\n```\n(.*?)```", (REPO / "README.md").read_text(), re.M | re.S)
    listed = [line.split()[0] for line in block.splitlines()]
    assert all((REPO / path).exists() for path in listed)
    folders = {path.partition("/")[0] for path in tracked() if "/" in path and not path.startswith(".")}
    assert {path.partition("/")[0] for path in listed if path.endswith("/")} == folders


def test_the_readme_has_the_times_of_each_notebook_and_the_machine() -> None:
    row = r"\(notebooks/(\d\d_\w+)\.ipynb\) \|.*\| (\d+) s \| (\d+) min \|$"
    readme, times = (REPO / "README.md").read_text(), json.loads((REPO / "docs/notebook_times.json").read_text())
    rows, measured = re.findall(row, readme, re.M), times["seconds"]
    assert f"on this machine: {times['machine']}. The times to read" in readme
    assert {stem: int(seconds) for stem, seconds, _ in rows} == {
        stem: seconds for stem, seconds in measured.items() if stem != "template"
    }
    for stem, seconds, minutes in rows:
        line = f"**Time:** {seconds} s to run, about {minutes} minutes to read"
        assert line in (REPO / f"notebooks/{stem}.ipynb").read_text(), stem


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_a_document_names_exists(document: str) -> None:
    text = (REPO / document).read_text()
    roots = {path.partition("/")[0] for path in tracked()}
    named = {word.rstrip("/") for word in re.findall(r"`([\w.-]+(?:/[\w.*-]+)*/?)`", text) if "/" in word}
    paths = {path for path in named if path.partition("/")[0] in roots}
    links = {target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target}
    assert [path for path in sorted(paths) if not list(REPO.glob(path))] == []
    assert [target for target in sorted(links) if not ((REPO / document).parent / target).exists()] == []
    assert paths or links


def test_the_architecture_names_a_file_at_each_step() -> None:
    text = (REPO / "docs/architecture.md").read_text()
    steps = re.findall(r"^\d+\. .*(?:\n   .*)*", text, re.M)
    assert len(steps) >= 12
    assert [step for step in steps if not re.search(r"`(lib|app|pipelines|notebooks)/[\w/.]+`", step)] == []


def test_the_guide_to_databricks_has_every_call_of_the_workbook() -> None:
    """Calls through the SDK, as `w.jobs.create(` or, in two notebooks, `api.create_project(` of Postgres."""
    code = [path.read_text() for path in (REPO / "lib/caspers").rglob("*.py")]
    for notebook in (REPO / "notebooks").rglob("*.ipynb"):
        cells = json.loads(notebook.read_text())["cells"]
        code += ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    called = {".".join(call) for text in code for call in re.findall(r"\bw\.(\w+)\.(\w+)(?=[(,])", text)}
    called |= {f"postgres.{call}" for text in code for call in re.findall(r"\bapi\.(\w+)(?=[(,])", text)}
    described = set(re.findall(r"`(\w+\.\w+)`", (REPO / "docs/databricks.md").read_text()))
    assert called - described - {"api_client.do"} == set()
    assert len(called) > 50


def test_a_commit_is_checked_as_make_lint_does() -> None:
    recipe = re.search(r"^lint:\n((?:\t.*\n)+)", (REPO / "Makefile").read_text(), re.M).group(1)
    commands = [line.strip().replace("$(UV)", "uv") for line in recipe.splitlines()]
    (local,) = yaml.safe_load((REPO / ".pre-commit-config.yaml").read_text())["repos"]
    assert local["repo"] == "local"
    assert [hook["entry"] for hook in local["hooks"]] == commands
    assert not any(hook["pass_filenames"] for hook in local["hooks"])


def test_the_changelog_knows_the_version() -> None:
    versions = re.findall(r"^## \[([^]]+)\]", (REPO / "CHANGELOG.md").read_text(), re.M)
    assert versions[:2] == ["Unreleased", PROJECT["version"]]


def test_one_licence_holds_for_everything() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    assert "Apache License" in (REPO / "LICENSE").read_text()
    for document in ("README.md", "data/canonical/README.md"):
        assert "Apache-2.0" in (REPO / document).read_text()
