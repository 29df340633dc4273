import json
from types import SimpleNamespace

import pytest

from caspers.platform import home_page
from caspers.platform.state import Resource


def workbook(local=True):
    sent = []
    client = SimpleNamespace(do=lambda method, path, body: sent.append((method, path, body)))
    return SimpleNamespace(local=local, catalog="kitchens", w=SimpleNamespace(api_client=client)), sent


@pytest.mark.parametrize(
    ("kind", "id", "name", "page"),
    [
        ("schema", "", "ai", "/explore/data/kitchens/ai"),
        ("table", "", "ai.orders", "/explore/data/kitchens/ai/orders"),
        ("view", "", "other.ai.orders", "/explore/data/other/ai/orders"),
        ("volume", "", "simulator.events", "/explore/data/volumes/kitchens/simulator/events"),
        ("function", "", "ai.f", "/explore/data/functions/kitchens/ai/f"),
        ("model", "", "kitchens.ai.agent", "/explore/data/models/kitchens/ai/agent"),
        ("catalog", "", "kitchens", "/explore/data/kitchens"),
        ("job", "17", "bake", "/jobs/17"),
        ("pipeline", "ab-1", "items", "/pipelines/ab-1"),
        ("warehouse", "0f", "w", "/sql/warehouses/0f"),
        ("endpoint", "", "agent", "/ml/endpoints/agent"),
        ("app", "", "desk", "/apps/desk"),
        ("synced_table", "x", "t", "/lakebase"),
        ("something", "x", "t", ""),
    ],
)
def test_a_resource_leads_to_its_page(kind, id, name, page):
    assert home_page.page_of(workbook()[0], Resource(kind, id, name)) == page


def test_a_tasks_resources_are_a_section():
    ws, sent = workbook()
    home_page.show_resources(ws, "Bake_Bread", [Resource("job", "17", "bake")])
    items = [{"text": "bake", "detail": "job", "path": "/jobs/17"}]
    body = {"title": "Bake Bread", "position": 1, "items": items}
    assert sent == [("PUT", "/api/local/home/Bake_Bread", body)]


def test_the_notebooks_are_listed_by_their_titles(tmp_path):
    for name, title in (("01_bake.ipynb", "# 1. Bake\n"), ("template.ipynb", "# Not this\n")):
        (tmp_path / name).write_text(json.dumps({"cells": [{"source": [title, "more"]}]}))
    ws, sent = workbook()
    home_page.show_notebooks(ws, tmp_path)
    assert sent[0][2]["items"] == [{"text": "1. Bake", "detail": "01_bake.ipynb", "path": ""}]


def test_databricks_has_a_home_page_of_its_own():
    ws, sent = workbook(local=False)
    home_page.show_notebooks(ws)
    assert sent == []


def test_a_notebook_links_to_the_pages_of_what_it_made():
    ws, _ = workbook()
    ws.w.config = SimpleNamespace(host="http://here")
    made = [Resource("job", "17", "bake"), Resource("something", "x", "t"), Resource("table", "", "ai.orders")]
    assert home_page.links(ws, made).data.splitlines() == [
        "- job [bake](http://here/jobs/17)",
        "- table [ai.orders](http://here/explore/data/kitchens/ai/orders)",
    ]
