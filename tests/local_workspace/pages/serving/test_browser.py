"""An endpoint's page in a browser: asking, the calls of tools in an answer, and errors."""

from collections.abc import Iterator

import pytest
from databricks.sdk import WorkspaceClient
from fastapi import HTTPException
from playwright.sync_api import Page, expect

from chat_server import completion, serving
from signed_in import check
from waiting import eventually

SCRIPT = "<script>document.title = 'taken'</script>"
ENDPOINT = "seen-in-pages"


def answer(request: dict) -> dict:
    """A call of a tool; for the word `nothing` an error."""
    asked = request["messages"][-1]["content"]
    if asked == "nothing":
        raise HTTPException(400, f"no such dish {SCRIPT}")
    function = {"name": "get_order", "arguments": f'{{"order_id": "{SCRIPT}"}}'}
    call = {"id": "call-1", "type": "function", "function": function}
    return completion({"content": f"I look at {asked}", "tool_calls": [call]})


@pytest.fixture(scope="module")
def endpoint(w: WorkspaceClient) -> Iterator[str]:
    """The path of the page of an endpoint that forwards to `answer`."""
    with serving(answer) as ai:
        forwarded = {"openai_api_base": str(ai.base_url), "openai_api_key_plaintext": "none"}
        model = {"name": "big", "provider": "openai", "task": "llm/v1/chat", "openai_config": forwarded}
        config = {"served_entities": [{"name": "big", "external_model": model}]}
        w.api_client.do("POST", "/api/2.0/serving-endpoints", body={"name": ENDPOINT, "config": config})
        eventually(lambda: w.serving_endpoints.get(ENDPOINT).state.ready.value, lambda ready: ready == "READY")
        yield f"/ml/endpoints/{ENDPOINT}"
        w.serving_endpoints.delete(ENDPOINT)


@pytest.fixture
def asking(page: Page, workspace: dict[str, str], endpoint: str) -> Page:
    page.goto(workspace["DATABRICKS_HOST"] + endpoint)
    return page


def test_an_answer_shows_the_calls_of_tools_and_counts(asking, workspace):
    asking.get_by_label("Message").fill("order 7")
    asking.get_by_role("button", name="Send", exact=True).click()
    expect(asking.get_by_role("region", name="What the model said")).to_have_text("I look at order 7")
    asking.get_by_text("get_order").first.click()
    expect(asking.get_by_role("region", name="What get_order was given")).to_contain_text(SCRIPT)
    check(asking)
    asking.goto(f"{workspace['DATABRICKS_HOST']}/ml/endpoints")
    row = asking.get_by_role("row").filter(has_text=ENDPOINT)
    expect(row.get_by_role("cell").nth(4)).not_to_have_text("0")
    check(asking)


def test_an_error_of_the_model_is_shown_and_so_is_one_of_the_request(asking):
    asking.get_by_label("Message").fill("nothing")
    asking.get_by_role("button", name="Send", exact=True).click()
    expect(asking.locator("#answer .notice")).to_contain_text(f"no such dish {SCRIPT}")
    expect(asking.locator("#answer")).to_contain_text("Failed")
    check(asking)
    asking.get_by_text("A request as JSON").click()
    asking.get_by_label("Request body").fill('{"messages": [')
    asking.get_by_role("button", name="Send JSON").click()
    expect(asking.locator("#answer .notice")).to_contain_text("The request is not JSON")
