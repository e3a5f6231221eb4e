"""Parts of an application's own among the usual ones, in real tabs: as live, and as cheap."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .conftest import APPS, Server, Visitor
from .test_lists import WATCH, is_live

Visitors = Callable[..., Visitor]


@pytest.fixture(scope="module")
def server(serve_all: Callable[..., Server]) -> Server:
    return serve_all(APPS / "box_office.py")


def test_an_own_cell_is_patched_alone_and_still_opens_its_entity(server: Server, visitors: Visitors) -> None:
    id = server.create("/ticket", title="Front row")
    server.create("/ticket", title="Balcony")
    mine, theirs = visitors().open(f"{server.url}/ticket"), visitors().open(f"{server.url}/ticket")
    is_live(mine)
    is_live(theirs)
    theirs.evaluate(WATCH)
    mine.locator(f"#ticket-{id}").get_by_role("button", name="Sell it").click()
    expect(theirs.locator(f"#ticket-{id}-title em")).to_have_text("Front row at 0 €")
    expect(theirs.locator(f"#ticket-{id}-sold")).to_have_text("Yes")
    assert set(theirs.evaluate("window.__touched")) == {f"ticket-{id}"}
    theirs.get_by_role("link", name="Front row at 0 €").click()
    expect(theirs.get_by_role("heading", name="Front row")).to_be_visible()


def test_an_own_row_is_patched_in_place(server: Server, visitors: Visitors) -> None:
    id = server.create("/guest", name="Ada")
    mine, theirs = visitors().open(f"{server.url}/guest"), visitors().open(f"{server.url}/guest")
    is_live(mine)
    is_live(theirs)
    mine.locator(f"#guest-{id}").get_by_role("button", name="Come").click()
    expect(theirs.locator(f"#guest-{id}")).to_have_class("opacity-50")
    expect(theirs.locator(f"#guest-{id}-here")).to_have_text("Yes")


def test_an_own_page_with_the_usual_one_in_it_is_live_as_a_whole(server: Server, visitors: Visitors) -> None:
    id = server.create("/ticket", title="Stage")
    mine, theirs = (visitors().open(f"{server.url}/ticket/{id}") for _ in range(2))
    is_live(mine)
    is_live(theirs)
    mine.get_by_role("button", name="Raise price").click()
    expect(theirs.locator("#summary")).to_have_text("Stage costs 1 €.")
    expect(theirs.locator("#timeline")).to_contain_text("Raise price")


def test_an_own_form_page_opens_in_a_dialog_keeps_it_when_refused_and_works_without_scripts(
    server: Server, visitors: Visitors
) -> None:
    visitor = visitors()
    visitor.expected = ("422",)
    page = visitor.open(f"{server.url}/ticket")
    page.get_by_role("link", name="New ticket").first.click()
    dialog = page.get_by_role("dialog", name="New ticket")
    expect(dialog.locator("#advice")).to_be_visible()
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(dialog.locator("#advice")).to_be_visible()
    dialog.get_by_label("Title").fill("Gallery")
    dialog.get_by_role("button", name="Create").click()
    expect(page.get_by_role("link", name="Gallery at 0 €")).to_be_visible()

    plain = visitors(java_script_enabled=False).context.new_page()
    plain.goto(f"{server.url}/ticket/new")
    expect(plain.locator("#advice")).to_be_visible()
    plain.get_by_label("Title").fill("Foyer")
    plain.get_by_role("button", name="Create").click()
    expect(plain.locator("#summary")).to_have_text("Foyer costs 0 €.")
