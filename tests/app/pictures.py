"""Takes the README's screenshots of the Refund Manager that runs in the local workspace.

make run && make pictures
"""

import sys
from pathlib import Path

from playwright.sync_api import Page, expect

import caspers
from caspers.platform import apps
from chromium import chromium

DOCS = Path(__file__).parents[2] / "docs"


def take(page: Page, url: str) -> None:
    """Save the queue of partial refunds (one screen) and the order with the highest open refund (full page)."""
    page.goto(f"{url}/?refund_class=partial")
    page.screenshot(path=DOCS / "refund_manager_queue.png")
    page.goto(f"{url}/?refund_class=full&sort=amount")
    page.locator("#queue tbody a").first.click()
    expect(page.locator("#timeline svg.map")).to_be_visible()
    page.screenshot(path=DOCS / "refund_manager_order.png", full_page=True)


def main() -> None:
    """Find the app and take the screenshots."""
    workbook = caspers.connect("caspersdev")
    app = apps.find(workbook, apps.NAME)
    if app is None:
        sys.exit("The Refund Manager is not running. Start it with `make run`, then run this again.")
    with chromium() as browser:
        password = {"username": "you", "password": workbook.w.config.token}
        take(browser.new_page(viewport={"width": 1200, "height": 640}, http_credentials=password), app.url)


if __name__ == "__main__":
    main()
