"""What tests do at the desk: fill in forms, and wait for what comes in the background."""

import re

from tenacity import Retrying, retry_if_not_result, stop_after_delay, wait_fixed


def decide(client, order_id, decision, key=None, **more):
    headers = {"idempotency-key": key} if key else {}
    return client.post("/api/refunds", json={"order_id": order_id, "decision": decision, **more}, headers=headers)


def fields(html):
    """The hidden fields of a page's first form that has them."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html))


def send(client, page, path, **values):
    """Send a form of `page` to `path`, as a browser does: with the page's hidden fields."""
    hidden = fields(client.get(page).text)
    return client.post(path, data={name: hidden[name] for name in ("token", "key") if name in hidden} | values)


def eventually(look, wanted=True, seconds=20):
    """What `look()` gives once it is `wanted`, or true; fails with what it gave last."""
    seen = None

    def matches():
        nonlocal seen
        seen = look()
        return seen == wanted if wanted is not True else bool(seen)

    Retrying(
        retry=retry_if_not_result(bool),
        stop=stop_after_delay(seconds),
        wait=wait_fixed(0.05),
        retry_error_callback=lambda state: None,
    )(matches)
    assert seen == wanted if wanted is not True else seen, f"in the end it was {seen}"
    return seen


def ids(answer):
    return [row["order_id"] for row in answer.json()["recommendations"]]
