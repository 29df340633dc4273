"""Helpers for tests of the app: send forms and decisions."""

import re


def decide(client, order_id, decision, key=None, **more):
    headers = {"idempotency-key": key} if key else {}
    return client.post("/api/refunds", json={"order_id": order_id, "decision": decision, **more}, headers=headers)


def fields(html):
    """The hidden input fields of a page."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html))


def send(client, page, path, **values):
    """Post `values` to `path` with the hidden fields of `page`, as a browser does."""
    hidden = fields(client.get(page).text)
    return client.post(path, data={name: hidden[name] for name in ("token", "key") if name in hidden} | values)


def ids(answer):
    return [row["order_id"] for row in answer.json()["recommendations"]]
