"""The Refund Manager in Chromium. Each test saves a screenshot in screenshots/."""

from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import expect

from asgi_server import Served
from chromium import chromium, serious
from refund_table import add
from waiting import eventually

SCREENSHOTS = Path(__file__).parent / "screenshots"


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser, request):
    """A page that fails the test on a dialog, a page error, or an error in the console."""
    page, errors = browser.new_page(), []
    page.on("dialog", lambda dialog: (errors.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield page
    page.screenshot(path=SCREENSHOTS / f"{request.node.name}.png", full_page=True)
    page.close()
    assert [error for error in errors if "status of" not in error and "ERR_" not in error] == []


def decisions(conninfo):
    with psycopg.connect(conninfo) as connection:
        return connection.execute(
            "SELECT order_id, decision, amount::text FROM refunds.refund_decisions ORDER BY 1"
        ).fetchall()


def test_from_the_queue_to_a_decision(page, served):
    page.goto(served)
    page.get_by_role("link", name="DDD444").click()
    expect(page.get_by_text("<script>alert('x')</script>")).to_be_visible()
    page.get_by_role("button", name="Approve $7.10").click()
    expect(page.get_by_text("By ana")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    page.get_by_role("link", name="Back to the list").click()
    expect(page.get_by_role("link", name="DDD444")).to_have_count(0)
    page.get_by_role("link", name="decided").click()
    expect(page.get_by_role("row", name="DDD444")).to_contain_text("approved")


def await_shortcuts(page):
    """Return once the keyboard shortcuts work: the script then shows their help button."""
    expect(page.get_by_role("button", name="Shortcuts")).to_be_visible()


def test_deciding_with_keyboard_shortcuts(page, served, conninfo):
    page.goto(f"{served}/?refund_class=all")
    await_shortcuts(page)
    page.keyboard.press("n")  # DDD444
    page.keyboard.press("a")
    expect(page.get_by_role("status").filter(has_text="DDD444")).to_contain_text("approved $7.10")
    await_shortcuts(page)
    page.keyboard.press("u")
    expect(page.get_by_role("row", name="DDD444")).to_be_visible()
    await_shortcuts(page)
    for key in "nnnp":  # DDD444, CCC333, BBB222, CCC333
        page.keyboard.press(key)
    expect(page.locator("tr.chosen")).to_contain_text("CCC333")
    page.keyboard.press("n")
    page.keyboard.press("c")
    expect(page.get_by_label("Another amount, in dollars")).to_be_focused()
    page.keyboard.type("3.10")
    page.keyboard.press("Enter")
    expect(page.get_by_text("changed", exact=True)).to_be_visible()
    await_shortcuts(page)
    page.keyboard.press("n")  # the next open order
    expect(page.get_by_role("heading", name="Order AAA111")).to_be_visible()
    await_shortcuts(page)
    page.keyboard.press("d")
    page.keyboard.type("was on time")
    page.keyboard.press("Enter")
    expect(page.get_by_text("By ana")).to_be_visible()
    assert decisions(conninfo) == [("AAA111", "denied", "0.00"), ("BBB222", "changed", "3.10")]
    await_shortcuts(page)
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("q")
    expect(page.get_by_role("row", name="DDD444")).to_be_visible()
    await_shortcuts(page)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_two_people_decide_the_same_order(page, browser, served, make_app):
    with Served(make_app("ben")) as other:
        second = browser.new_page()
        page.goto(f"{served}/orders/AAA111")
        second.goto(f"{other}/orders/AAA111")
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_text("By ana")).to_be_visible()
        second.get_by_label("Reason for denying the refund").fill("it was on time")
        second.get_by_role("button", name="Deny").click()
        expect(second.get_by_role("alert")).to_contain_text("ana has already decided order AAA111")
        second.get_by_role("button", name="Undo").click()
        expect(second.get_by_role("alert")).to_contain_text("Only they can undo")
        second.close()


def test_a_double_click_saves_one_decision(page, served, conninfo):
    page.goto(f"{served}/orders/AAA111")
    page.get_by_role("button", name="Approve").dblclick()
    expect(page.get_by_text("By ana")).to_be_visible()
    page.reload()
    page.go_back()
    page.goto(f"{served}/orders/AAA111")
    expect(page.get_by_text("By ana")).to_be_visible()
    assert decisions(conninfo) == [("AAA111", "approved", "5.00")]


def test_a_lost_response_leaves_one_visible_decision(page, browser, served, conninfo):
    sent = []

    def lose(route):
        sent.append(route.request.post_data)
        route.fetch(max_redirects=0)
        route.abort("connectionreset")

    page.goto(f"{served}/orders/AAA111")
    page.route("**/decision**", lose, times=1)
    with page.expect_event("requestfailed"):
        page.get_by_role("button", name="Approve").click()
    assert len(sent) == 1
    assert decisions(conninfo) == [("AAA111", "approved", "5.00")]
    again = browser.new_page()
    again.goto(f"{served}/orders/AAA111")
    expect(again.get_by_text("By ana")).to_be_visible()
    again.close()


def test_bulk_approval_with_preview_and_undo(page, served, conninfo):
    page.goto(f"{served}/?refund_class=partial")
    page.get_by_role("link", name="Approve all of these").click()
    expect(page.get_by_text("$12.10", exact=True)).to_be_visible()
    page.get_by_role("button", name="Approve 2 orders, $12.10").click()
    expect(page.get_by_role("status").filter(has_text="2 orders")).to_be_visible()
    assert len(decisions(conninfo)) == 2
    page.reload()
    page.get_by_role("button", name="Undo all").click()
    expect(page.get_by_role("row", name="DDD444")).to_be_visible()
    assert decisions(conninfo) == []


def test_filters_make_links_that_can_be_shared(page, browser, served):
    page.goto(served)
    eventually(lambda: page.goto(served) and page.get_by_text("Bellevue").count())
    page.get_by_text("Search, filter and sort").click()
    page.get_by_label("City", exact=True).select_option("Bellevue")
    page.get_by_label("Sort by").select_option("amount")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row", name="BBB222")).to_be_visible()
    expect(page.get_by_role("row", name="AAA111")).to_have_count(0)
    shared = browser.new_page()
    shared.goto(page.url)
    expect(shared.get_by_role("row", name="BBB222")).to_be_visible()
    expect(shared.get_by_label("City", exact=True)).to_have_value("Bellevue")
    shared.get_by_label("From $").fill("500")
    shared.get_by_role("button", name="Show").click()
    expect(shared.get_by_text("No open orders match")).to_be_visible()
    shared.close()


def test_new_rows_are_announced(page, served, conninfo):
    page.clock.install()
    page.goto(served)
    with psycopg.connect(conninfo) as connection:
        add(connection, "EEE555", 50, "agent", '{"refund_usd": 1, "refund_class": "partial", "reason": "new"}')

    def announced():
        page.clock.run_for(10_000)
        return page.get_by_role("link", name="1 new").count()

    eventually(announced)
    page.get_by_role("link", name="1 new").click()
    expect(page.get_by_role("row", name="EEE555")).to_be_visible()


def test_a_phone_shows_everything_without_scrolling_sideways(page, served):
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/?status=all&sort=amount", "/orders/AAA111", "/overview", "/bulk"):
        page.goto(served + path)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.goto(f"{served}/orders/AAA111")
    expect(page.get_by_label("Another amount, in dollars")).to_be_visible()


def test_complaints_are_found_by_their_words_and_decided(page, make_app, with_complaints):
    app = make_app()
    with_complaints(app)
    with Served(app) as url:
        eventually(
            lambda: page.goto(f"{url}/complaints?text=tea&city=San+Francisco") and page.locator("tbody tr").count()
        )
        expect(page.get_by_role("row", name="AAA111")).to_contain_text("My tea was cold when it came.")
        page.get_by_label("About").select_option("food quality")
        page.get_by_role("button", name="Show").click()
        await_shortcuts(page)
        page.keyboard.press("n")
        page.keyboard.press("Enter")
        expect(page.get_by_text("My tea was cold")).to_be_visible()
        page.get_by_role("button", name="Grant the suggested $4.25").click()
        expect(page.get_by_text("By ana")).to_be_visible()
        page.get_by_role("link", name="All complaints").click()
        expect(page.get_by_text("No open complaints match")).to_be_visible()
        page.get_by_role("link", name="Clear all filters").click()
        expect(page.locator("tbody tr")).to_have_count(3)
        page.set_viewport_size({"width": 360, "height": 740})
        for path in ("/complaints?status=all&sort=newest", "/complaints/c-3", "/complaints/c-2"):
            page.goto(url + path)
            assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_axe_finds_nothing_serious(page, make_app, with_complaints):
    app = make_app()
    with_complaints(app)
    with Served(app) as url:
        decide_one(page, url)
        for path in (
            "/?status=all&sort=amount",
            "/orders/AAA111",
            "/orders/BBB222",
            "/overview",
            "/bulk",
            "/complaints?sort=newest",
            "/complaints/c-2",
            "/nowhere",
        ):
            page.goto(url + path)
            expect(page.locator("[data-load] [role=status]")).to_have_count(0)  # the timeline is loaded
            for scheme, rules in (
                ("light", {}),
                ("dark", {"runOnly": ["color-contrast"]}),
            ):  # only colours differ in dark mode
                page.emulate_media(color_scheme=scheme)
                assert (path, scheme, serious(page, rules)) == (path, scheme, [])
                name = path.partition("?")[0].strip("/").replace("/", "_") or "queue"
                page.screenshot(path=SCREENSHOTS / f"{name}_{scheme}.png", full_page=True)


def decide_one(page, url):
    page.goto(f"{url}/orders/BBB222")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("By ana")).to_be_visible()


def test_no_layout_shift_while_a_page_loads(page, served):
    eventually(lambda: page.goto(served) and page.get_by_text("Bellevue").count())
    for path in ("/?status=all", "/orders/AAA111"):
        page.goto(served + path)
        expect(page.locator("[data-load] [role=status]")).to_have_count(0)
        assert layout_shift(page) == 0


def layout_shift(page):
    return page.evaluate("""() => new Promise((done) => {
        let sum = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += entry.value)))
            .observe({ type: "layout-shift", buffered: true });
        requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
    })""")


def test_the_offline_banner_disappears_after_an_outage(page, browser, served, server):
    page.clock.install()
    page.goto(f"{served}/?status=all")
    other = browser.new_page()
    server.stop()
    try:
        other.goto(served)
        expect(other.get_by_role("alert")).to_contain_text("can't be reached")
        page.clock.run_for(10_000)
        expect(page.get_by_text("The connection is lost")).to_be_visible()
    finally:
        server.start()
    expect(other.get_by_role("link", name="AAA111")).to_be_visible()

    def gone():
        page.clock.run_for(10_000)
        return page.get_by_text("The connection is lost").is_hidden()

    eventually(gone)
    other.close()
