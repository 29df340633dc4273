"""Which releases of its dependencies the project takes."""

import tomllib
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DECLARED = [
    *PROJECT["project"]["dependencies"],
    *(text for group in PROJECT["dependency-groups"].values() for text in group),
    *(ROOT / "app/requirements.txt").read_text().splitlines(),
]


@pytest.mark.parametrize("text", DECLARED)
def test_every_dependency_stops_before_a_version_that_nobody_has_tried(text):
    requirement = Requirement(text)
    assert {"<", "=="} & {each.operator for each in requirement.specifier}, f"{text} has no upper bound"
    assert version(requirement.name) in requirement.specifier


def test_http_clients_can_be_made_where_there_is_a_socks_proxy(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    httpx.Client().close()
