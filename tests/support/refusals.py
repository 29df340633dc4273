"""What tests of the routes expect of an answer to a request that makes no sense."""

import httpx

LONG = "x" * 3000
WHOLE_BODIES = ([], ["x"], 5, "x", True)


def refused(answer: httpx.Response, field: str) -> None:
    """It is a 400 of Databricks' form whose message names `field`."""
    assert (answer.status_code, answer.json().get("error_code")) == (400, "INVALID_PARAMETER_VALUE"), answer.text
    assert field in answer.json()["message"] and len(answer.json()["message"]) < 400


def refused_as_openai(answer: httpx.Response, field: str) -> None:
    """It is a 400 of OpenAI's form whose message names `field`."""
    assert answer.status_code == 400, answer.text
    assert field in answer.json()["error"]["message"]
