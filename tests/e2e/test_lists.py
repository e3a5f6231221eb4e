"""Lists in real tabs: one changed value is one changed cell, and nothing else on the page moves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from .conftest import APPS, Server, Visitor

Visitors = Callable[..., Visitor]

WATCH = """() => {
  window.__touched = [];
  new MutationObserver((records) => {
    for (const record of records) {
      const node = record.target.nodeType === 1 ? record.target : record.target.parentElement;
      window.__touched.push(node.closest("tr")?.id ?? node.id ?? node.tagName);
    }
  }).observe(document.getElementById("sm-page"), {
    subtree: true, childList: true, attributes: true, characterData: true,
  });
}"""


@pytest.fixture(scope="module")
def server(serve_all: Callable[..., Server]) -> Server:
    return serve_all(APPS / "shop.py")


def is_live(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("data-online", "true")


def test_a_changed_value_touches_one_cell_of_one_row(server: Server, visitors: Visitors) -> None:
    ids = [server.create("/order", title=f"Order {number}") for number in range(3)]
    mine, theirs = visitors().open(f"{server.url}/order"), visitors().open(f"{server.url}/order")
    is_live(mine)
    is_live(theirs)
    theirs.evaluate(WATCH)

    mine.locator(f"#order-{ids[1]}").get_by_role("button", name="Pay").click()

    expect(theirs.locator(f"#order-{ids[1]}-paid")).to_have_text("Yes")
    assert set(theirs.evaluate("window.__touched")) == {f"order-{ids[1]}"}
    expect(mine.locator(f"#order-{ids[1]}-paid")).to_have_text("Yes")


def test_a_new_name_is_told_by_the_box_and_the_menu_that_are_in_use(server: Server, visitors: Visitors) -> None:
    id = server.create("/order", title="Old")
    mine, theirs = visitors().open(f"{server.url}/order"), visitors().open(f"{server.url}/order")
    is_live(mine)
    is_live(theirs)
    theirs.get_by_role("checkbox", name="Select Old").check()
    theirs.get_by_role("link", name="More actions for Old").focus()

    mine.locator(f"#order-{id}-title").dblclick(position={"x": 1, "y": 1})
    mine.locator(".sm-cell input[name=title]").fill('New "<b>')
    mine.locator(".sm-cell input[name=title]").press("Enter")

    expect(theirs.get_by_role("checkbox", name='Select New "<b>')).to_be_checked()
    expect(theirs.get_by_role("link", name='More actions for New "<b>')).to_be_focused()
    assert theirs.locator(f"#order-{id} td:first-child").locator(f"#sm-box-{id}").count() == 1
    assert theirs.locator(f"#order-{id} td:last-child").locator(f"#sm-more-{id}").count() == 1


def test_a_question_is_asked_before_an_event_that_wants_it(server: Server, visitors: Visitors) -> None:
    id = server.create("/order", title="Careful")
    page = visitors().open(f"{server.url}/order")
    is_live(page)
    page.locator(f"#order-{id}").get_by_role("link", name="Send").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Send it now?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.locator(f"#order-{id}-state")).to_have_text("New")
    page.locator(f"#order-{id}").get_by_role("link", name="Send").click()
    page.get_by_role("dialog").get_by_role("button", name="Send").click()
    expect(page.locator(f"#order-{id}-state")).to_have_text("Sent")


def test_a_new_one_appears_in_every_open_list(server: Server, visitors: Visitors) -> None:
    page = visitors().open(f"{server.url}/customer")
    is_live(page)
    server.create("/customer", name='Eve <b>"Mallory"</b>')
    expect(page.get_by_role("link", name='Eve <b>"Mallory"</b>', exact=True)).to_be_visible()


def test_it_works_without_scripts(server: Server, visitors: Visitors) -> None:
    id = server.create("/order", title="Plain")
    page = visitors(java_script_enabled=False).context.new_page()
    page.goto(f"{server.url}/order")
    page.locator(f"#order-{id}").get_by_role("button", name="Pay").click()
    expect(page.locator(f"#order-{id}-paid")).to_have_text("Yes")
    page.get_by_role("searchbox").fill("plain")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
