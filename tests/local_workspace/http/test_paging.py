"""Listings a page at a time, over HTTP."""

from collections.abc import Mapping
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

from local_workspace.http.errors import install
from local_workspace.http.paging import LONGEST_PAGE, Page, by_max_results, by_page_size


def listing(token: str, count: int) -> TestClient:
    app = FastAPI()
    app.state.token = token
    install(app)
    items = list(range(count))

    @app.get("/tables")
    def tables(page: Annotated[Page, Depends(by_max_results)]) -> Mapping[str, object]:
        return page.of("tables", items)

    @app.get("/roles")
    def roles(page: Annotated[Page, Depends(by_page_size)]) -> Mapping[str, object]:
        return page.of("roles", items)

    return TestClient(app)


@pytest.mark.parametrize(("size", "pages"), [(3, [3, 3, 1]), (7, [7]), (6, [6, 1]), (1, [1] * 7), (100, [7])])
def test_the_pages_together_are_the_listing(size, pages):
    client, found, sizes, token = listing("secret", 7), [], [], ""
    while token is not None:
        answer = client.get("/tables", params={"max_results": size, "page_token": token}).json()
        found += answer["tables"]
        sizes.append(len(answer["tables"]))
        token = answer.get("next_page_token")
    assert (found, sizes) == (list(range(7)), pages)


@pytest.mark.parametrize("query", ["", "?max_results=0", "?max_results=5000"])
def test_no_page_is_longer_than_the_longest(query):
    answer = listing("secret", LONGEST_PAGE + 1).get(f"/tables{query}").json()
    assert (len(answer["tables"]), "next_page_token" in answer) == (LONGEST_PAGE, True)


def test_a_request_that_names_no_size_gets_a_shorter_listing_whole():
    assert listing("secret", 7).get("/tables").json() == {"tables": list(range(7))}


def test_an_empty_listing_is_one_empty_page():
    assert listing("secret", 0).get("/roles", params={"page_size": 5}).json() == {"roles": []}


def test_a_token_is_good_after_a_restart_and_with_another_size():
    token = listing("secret", 7).get("/tables", params={"max_results": 3}).json()["next_page_token"]
    answer = listing("secret", 7).get("/tables", params={"max_results": 2, "page_token": token})
    assert answer.json()["tables"] == [3, 4]


def test_a_token_of_another_listing_or_workspace_is_refused():
    token = listing("secret", 7).get("/tables", params={"max_results": 3}).json()["next_page_token"]
    for client, path in ((listing("secret", 7), "/roles"), (listing("other", 7), "/tables")):
        answer = client.get(path, params={"page_token": token})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("token", ["x", "====", "MyA0", "é", "LTEgYWFhYQ", "eCB5", "MTAwIA"])
def test_what_no_listing_has_handed_out_is_refused(token):
    answer = listing("secret", 7).get("/tables", params={"page_token": token})
    assert answer.status_code == 400 and "start again without one" in answer.json()["message"]


def test_a_listing_that_has_shrunk_ends():
    token = listing("secret", 7).get("/tables", params={"max_results": 6}).json()["next_page_token"]
    assert listing("secret", 2).get("/tables", params={"page_token": token}).json() == {"tables": []}
