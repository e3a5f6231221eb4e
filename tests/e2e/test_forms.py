"""Forms in real tabs: in dialogs over the list, checked as they are left, kept up to date, with a keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import APPS, Server, Visitor

Visitors = Callable[..., Visitor]


@pytest.fixture(scope="module")
def server(serve_all: Callable[..., Server]) -> Server:
    return serve_all(APPS / "orders.py")


def opened(page: Page, name: str = "New order") -> Locator:
    page.get_by_role("link", name=name).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def wanting(visitors: Visitors, *expected: str, **options: Any) -> Visitor:
    visitor = visitors(**options)
    visitor.expected = expected
    return visitor


def test_an_order_is_written_in_a_dialog_and_taken_back(server: Server, visitors: Visitors) -> None:
    server.create("/client", name="Ada Lovelace")
    server.create("/client", name="Eve")
    page = wanting(visitors, "422").open(f"{server.url}/order")
    dialog = opened(page)
    expect(dialog.get_by_label("Title")).to_be_focused()
    expect(dialog.get_by_label("Paid by")).to_be_hidden()
    dialog.get_by_label("Kind").select_option("paid")
    expect(dialog.get_by_label("Paid by")).to_be_visible()

    dialog.get_by_role("combobox", name="Client").press_sequentially("ada")
    expect(dialog.get_by_role("listbox").get_by_role("option")).to_have_text(["Ada Lovelace"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("combobox", name="Client")).to_have_value("Ada Lovelace")

    for word in ("first", "second"):
        dialog.locator("[data-sm-add=tags]").click()
        page.keyboard.type(word)
    dialog.locator("[data-sm-add=lines]").click()
    page.keyboard.type("Tea")
    dialog.locator("[name='lines.0.price.amount']").fill("2.50")
    dialog.get_by_role("button", name="Create").click()

    expect(dialog.locator("[name=title]")).to_be_focused()
    expect(dialog.locator("[name=title]")).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_role("alert")).to_contain_text("Title: is required")
    dialog.get_by_label("Title").fill("Tea for two")
    page.keyboard.press("Enter")

    expect(dialog).to_be_hidden()
    row = page.locator("tbody tr", has_text="Tea for two")
    expect(row).to_contain_text("Ada Lovelace")
    expect(page.locator("tbody tr").first).to_contain_text("Tea for two")
    page.locator("#sm-toasts").get_by_role("link", name="Open").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tea for two")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("This is not there any more.")).to_be_visible()


def test_a_click_into_an_empty_reference_shows_what_there_is_to_choose_from(server: Server, visitors: Visitors) -> None:
    server.create("/client", name="Zora the Last")
    dialog = opened(visitors().open(f"{server.url}/order"))
    client = dialog.get_by_role("combobox", name="Client")
    client.click()
    dialog.get_by_role("option", name="Zora the Last").click()
    expect(client).to_have_value("Zora the Last")


def test_a_value_is_checked_when_its_field_is_left(server: Server, visitors: Visitors) -> None:
    page = visitors().open(f"{server.url}/order")
    dialog = opened(page)
    page.keyboard.press("Tab")
    page.wait_for_timeout(300)
    expect(dialog.locator("[aria-invalid=true]")).to_have_count(0)
    dialog.get_by_label("Title").fill("x")
    dialog.get_by_label("Title").fill("")
    page.keyboard.press("Tab")

    field = dialog.get_by_label("Title")
    expect(field).to_have_attribute("aria-invalid", "true")
    note = dialog.locator(f"#{field.get_attribute('aria-describedby')}")
    expect(note).to_have_text("is required")
    field.fill("y")
    expect(note).to_have_count(0)


def test_what_was_typed_is_not_lost_by_closing(server: Server, visitors: Visitors) -> None:
    page = visitors().open(f"{server.url}/order")
    dialog = opened(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("link", name="New order").first).to_be_focused()

    dialog = opened(page)
    page.keyboard.type("x")
    page.keyboard.press("Escape")
    page.locator("#sm-confirm").get_by_role("button", name="Cancel").click()
    expect(dialog.get_by_label("Title")).to_have_value("x")
    dialog.get_by_role("button", name="Cancel").click()
    page.locator("#sm-confirm").get_by_role("button", name="Discard").click()
    expect(page.locator("dialog")).to_have_count(0)


def test_an_open_form_shows_what_others_change_and_leaves_what_is_typed(server: Server, visitors: Visitors) -> None:
    id = server.create("/order", title="first", note="old")
    page = wanting(visitors, "409").open(f"{server.url}/order/{id}")
    dialog = opened(page, "Edit")
    dialog.get_by_label("Note").fill("mine")
    server.send(f"/order/{id}/update", title="second", note="theirs")

    expect(dialog.get_by_label("Title")).to_have_value("second")
    expect(dialog.get_by_label("Note")).to_have_value("mine")
    expect(dialog.get_by_text("Changed by somebody else to theirs")).to_be_visible()

    dialog.get_by_role("button", name="Save").click()
    choice = dialog.get_by_label("Note: which one?")
    expect(choice.get_by_role("option")).to_have_text(["Keep yours", "Take theirs: theirs"])
    expect(dialog.get_by_label("Note", exact=True)).to_have_value("mine")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("mine").first).to_be_visible()


def test_the_page_of_a_form_loses_nothing_that_its_user_or_others_have_entered(
    server: Server, visitors: Visitors
) -> None:
    id = server.create("/order", title="first", note="old")
    page = wanting(visitors, "404", "409", "410", "422").open(f"{server.url}/order/{id}/edit")
    note, told = page.get_by_label("Note", exact=True), page.get_by_text("Changed by somebody else to theirs")
    note.fill("mine")
    server.send(f"/order/{id}/update", title="second", note="theirs")
    expect(told).to_be_visible()
    server.send(f"/order/{id}/update", title="third")
    expect(page.get_by_label("Title")).to_have_value("third")
    expect(told).to_be_visible()

    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name="Cancel").click()
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Note: which one?")).to_be_visible()
    expect(page.locator("main [role=alert]")).to_be_focused()
    expect(page).to_have_url(f"{server.url}/order/{id}/edit")
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(f"{server.url}/order/{id}")
    expect(page.get_by_text("mine").first).to_be_visible()

    page.goto(f"{server.url}/order/{id}/edit")
    note.fill("my words")
    server.send(f"/order/{id}/delete")
    gone = page.get_by_text("What you have entered is still here")
    expect(gone).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#sm-toasts")).to_contain_text("Not found")
    expect(gone).to_be_visible()
    expect(note).to_have_value("my words")


def test_a_list_that_is_being_changed_is_left_alone(server: Server, visitors: Visitors) -> None:
    id = server.create("/order", title="t", tags=["a", "b"])
    page = visitors().open(f"{server.url}/order/{id}")
    dialog = opened(page, "Edit")
    dialog.locator("[data-sm-items=tags] [data-sm-remove]").first.click()
    dialog.locator("[data-sm-add=tags]").click()
    page.keyboard.type("c")
    server.send(f"/order/{id}/update", title="other")

    expect(dialog.get_by_label("Title")).to_have_value("other")
    fields = dialog.locator("[data-sm-items=tags] input:not([type=hidden])")
    assert [field.input_value() for field in fields.all()] == ["b", "c"]
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("b, c").first).to_be_visible()


def test_a_cell_is_changed_where_it_stands(server: Server, visitors: Visitors) -> None:
    id = server.create("/order", title="cell", note="")
    mine, theirs = wanting(visitors, "422").open(f"{server.url}/order"), visitors().open(f"{server.url}/order")
    expect(theirs.locator("html")).to_have_attribute("data-online", "true")
    cell = mine.locator(f"[id='order-{id}-due']")
    cell.dblclick()
    field = mine.locator(".sm-cell [name=due]")
    expect(field).to_be_focused()
    field.fill("2027-02-02")
    mine.get_by_role("heading", name="Orders").first.click()
    expect(theirs.locator(f"[id='order-{id}-due']")).to_contain_text("Feb 2, 2027")
    expect(field).to_have_count(0)
    cell.dblclick()
    field.fill("2027-02-03")
    mine.keyboard.press("Enter")
    expect(theirs.locator(f"[id='order-{id}-due']")).to_contain_text("Feb 3, 2027")
    expect(cell).to_be_focused()

    mine.keyboard.press("ArrowLeft")
    mine.keyboard.press("ArrowLeft")
    mine.keyboard.press("F2")
    title = mine.locator(".sm-cell [name=title]")
    title.fill("")
    mine.keyboard.press("Enter")
    expect(title).to_have_attribute("aria-invalid", "true")
    mine.keyboard.press("Escape")
    expect(mine.locator(".sm-cell")).to_have_count(0)
    expect(theirs.locator(f"[id='order-{id}-title']")).to_have_text("cell")

    mine.goto(f"{server.url}/order?columns=title,tags")
    mine.locator(f"[id='order-{id}-tags']").dblclick()
    dialog = mine.get_by_role("dialog")
    expect(dialog.locator("[data-sm-add=tags]")).to_be_focused()
    mine.keyboard.press("Escape")
    expect(mine.locator(f"[id='order-{id}-tags']")).to_be_focused()


def test_an_event_with_arguments_is_run_from_its_dialog_on_a_phone(server: Server, visitors: Visitors) -> None:
    id = server.create("/order", title="later")
    page = visitors(viewport={"width": 360, "height": 640}).open(f"{server.url}/order/{id}")
    dialog = opened(page, "Snooze")
    box = dialog.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    expect(dialog.get_by_text("Look at it again later.")).to_be_visible()
    dialog.get_by_label("Until").fill("2028-01-01")
    dialog.get_by_role("button", name="Snooze").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("Jan 1, 2028").first).to_be_visible()


def test_the_page_of_what_was_changed_does_not_offer_the_way_to_itself(server: Server, visitors: Visitors) -> None:
    id = server.create("/order", title="here")
    server.send(f"/order/{id}/update", title="still here")
    page = visitors().open(f"{server.url}/order/{id}")
    page.get_by_role("button", name="Undo").first.click()
    toast = page.locator("#sm-toasts > *")
    expect(toast).to_have_count(1)
    expect(toast.get_by_role("link", name="Open")).to_have_count(0)


def test_deleting_is_asked_for_and_can_be_undone(server: Server, visitors: Visitors) -> None:
    id = server.create("/order", title="gone soon")
    page = wanting(visitors, "404").open(f"{server.url}/order/{id}")
    dialog = opened(page, "Delete")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Delete").click()
    page.locator("#sm-toasts").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="gone soon").first).to_be_visible()
    expect(page.get_by_role("link", name="Delete")).to_be_visible()


def test_what_is_deleted_under_an_open_form_is_told_and_what_was_typed_stays(
    server: Server, visitors: Visitors
) -> None:
    id = server.create("/order", title="gone meanwhile", note="old")
    page = wanting(visitors, "404", "409", "410").open(f"{server.url}/order?limit=100")
    page.locator(f"[id='order-{id}'] a[data-sm-more]").click()
    page.get_by_role("menuitem", name="Edit").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Note").fill("my words")
    server.send(f"/order/{id}/delete")
    expect(page.locator(f"[id='order-{id}']")).to_have_count(0)
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("not there", exact=False).first).to_be_visible()
    expect(dialog.get_by_label("Note")).to_have_value("my words")
    page.keyboard.press("Escape")
    page.locator("#sm-confirm").get_by_role("button", name="Discard").click()
    expect(page.locator("dialog")).to_have_count(0)
