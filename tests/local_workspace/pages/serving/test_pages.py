"""The pages of an endpoint that forwards to a real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from chat_server import completion, serving
from local_workspace.engines.secrets import SecretsEngine
from local_workspace.engines.serving import ServingEngine
from local_workspace.runtime.home import open_home
from local_workspace.runtime.processes import Processes
from local_workspace.runtime.store import Store
from model_workspace import models_of
from page_client import PART, page_client
from waiting import eventually

SCRIPT = "<script>document.title = 'taken'</script>"
ESCAPED = "&lt;script&gt;document.title"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServingEngine]:
    home = open_home(Path(tmp_path_factory.mktemp("endpoints")) / "home")
    store = Store(home.database)
    with serving(
        lambda request: completion({"role": "assistant", "content": request["messages"][-1]["content"]})
    ) as ai:
        made = ServingEngine(home, store, Processes(home), models_of(home, store), SecretsEngine(home, store), {})
        made.start()
        made.create("echo", _echoing(str(ai.base_url)))
        eventually(lambda: made.get("echo")["state"]["ready"], lambda ready: ready == "READY")
        yield made
        made.stop()
    store.close()


def _echo(request: dict) -> dict:
    return completion({"role": "assistant", "content": request["messages"][-1]["content"]})


def _echoing(url: str) -> dict[str, object]:
    config = {"openai_api_base": url, "openai_api_key_plaintext": "none"}
    model = {"name": "big", "provider": "openai", "task": "llm/v1/chat", "openai_config": config}
    return {"served_entities": [{"name": "big", "external_model": model}]}


@pytest.fixture
def pages(engine) -> Iterator[TestClient]:
    with page_client(user="you@localhost", serving=engine) as client:
        yield client


def test_the_list_shows_each_endpoint_with_what_it_serves(pages):
    text = pages.get("/ml/endpoints").text
    assert 'href="/ml/endpoints/echo"' in text
    assert "llm/v1/chat" in text and "Ready" in text


def test_an_answer_is_shown_as_text_and_the_call_is_counted(pages, engine):
    before = engine.traffic("echo").calls
    whole = pages.post("/ml/endpoints/echo/ask", data={"message": SCRIPT})
    part = pages.post("/ml/endpoints/echo/ask", data={"message": SCRIPT}, headers=PART)
    assert whole.status_code == part.status_code == 200
    assert "<h1>echo</h1>" in whole.text and "<h1>" not in part.text
    for text in (whole.text, part.text):
        assert ESCAPED in text and SCRIPT not in text
    assert engine.traffic("echo").calls == before + 2


def test_a_request_may_be_json_and_a_wrong_one_says_why(pages):
    sent = '{"messages": [{"role": "user", "content": "from JSON"}]}'
    assert "from JSON" in pages.post("/ml/endpoints/echo/ask", data={"body": sent}, headers=PART).text
    refused = pages.post("/ml/endpoints/echo/ask", data={"body": "{"}, headers=PART)
    assert "The request is not JSON" in refused.text


def test_the_page_has_the_form_filled_and_says_that_there_is_no_log(pages):
    text = pages.get("/ml/endpoints/echo").text
    assert ">Hello</textarea>" in text
    assert "No log:" in text
    assert "Calls in the last hour" in pages.get("/ml/endpoints/echo", headers=PART).text


def test_an_unknown_endpoint_is_named(pages):
    answer = pages.get("/ml/endpoints/nobody")
    assert answer.status_code == 404
    assert "There is no endpoint nobody." in answer.text
