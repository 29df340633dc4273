"""What tests do in the app: fill in forms and send decisions."""

import re


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


def ids(answer):
    return [row["order_id"] for row in answer.json()["recommendations"]]
