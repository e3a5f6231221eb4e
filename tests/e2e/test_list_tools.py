"""The tools of a list in real tabs: searching, sorting, filtering, choosing, by mouse, by keys, without scripts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import APPS, Server, Visitor

Visitors = Callable[..., Visitor]


@pytest.fixture(scope="module")
def server(serve_all: Callable[..., Server]) -> Server:
    server = serve_all(APPS / "orders.py")
    for number in range(25):
        server.create("/order", title=f"Order {number:02}", kind="paid" if number % 5 == 0 else "open")
    return server


def never_left(page: Page) -> bool:
    return bool(page.evaluate("window.__boot"))


def rows(page: Page) -> list[str]:
    return page.locator("tbody tr td:nth-child(2)").all_inner_texts()


def test_what_is_typed_is_searched_for_and_the_address_follows(server: Server, visitors: Visitors) -> None:
    page = visitors().open(f"{server.url}/order")
    search = page.get_by_role("searchbox")
    search.press_sequentially("order 07", delay=20)
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url(f"{server.url}/order?q=order+07")
    expect(search).to_be_focused()
    expect(search).to_have_value("order 07")
    search.fill("")
    expect(page.locator("tbody tr")).to_have_count(20)
    assert never_left(page)


def test_what_can_be_done_with_a_row_stays_in_sight_beside_more_columns_than_fit(
    server: Server, visitors: Visitors
) -> None:
    page = visitors(viewport={"width": 800, "height": 600}).open(f"{server.url}/order")
    table, more = page.locator(".mk-table"), page.locator("[data-sm-more]").first
    assert table.evaluate("table => table.scrollWidth > table.clientWidth")
    for scrolled in (0, 100, 10_000):
        table.evaluate("(table, by) => table.scrollLeft = by", scrolled)
        box = more.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 800
    more.click()
    expect(page.get_by_role("menuitem", name="Edit")).to_be_visible()


def test_a_list_is_sorted_by_several_columns_and_paged_and_back_goes_back(server: Server, visitors: Visitors) -> None:
    page = visitors().open(f"{server.url}/order")
    page.get_by_role("columnheader", name="Kind").get_by_role("link").click()
    expect(page).to_have_url(f"{server.url}/order?sort=kind")
    page.get_by_role("columnheader", name="Title").get_by_role("link").click(modifiers=["Shift"])
    expect(page).to_have_url(f"{server.url}/order?sort=kind%2Ctitle")
    expect(page.locator("tbody tr").first).to_contain_text("Order 01")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("tbody tr")).to_have_count(5)
    assert rows(page) == [f"Order {number:02}" for number in (0, 5, 10, 15, 20)]
    page.go_back()
    expect(page.locator("tbody tr")).to_have_count(20)
    expect(page).to_have_url(f"{server.url}/order?sort=kind%2Ctitle")
    assert never_left(page)


def test_a_filter_is_built_in_a_dialog_with_groups_in_groups(server: Server, visitors: Visitors) -> None:
    page = visitors().open(f"{server.url}/order")
    page.get_by_role("link", name="Filter").click()
    panel = page.get_by_role("dialog")
    panel.locator("[name='f0.0']").select_option("kind")
    expect(panel.locator("select[name='v0.0']")).to_be_visible()
    panel.locator("[name='v0.0']").select_option("paid")
    panel.get_by_role("button", name="Add a group").click()
    panel.locator("[name='v0.1.0']").fill("05")
    panel.locator("[name='v0.1.1']").fill("10")
    panel.locator("[name='v0.1.1']").press("Enter")
    expect(panel).not_to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(2)
    shared = visitors().open(page.url)
    assert sorted(rows(shared)) == ["Order 05", "Order 10"]
    page.get_by_role("link", name="Remove the filter Title").click()
    expect(page.locator("tbody tr")).to_have_count(5)
    assert never_left(page)


def test_a_row_has_a_menu_that_keys_can_use(server: Server, visitors: Visitors) -> None:
    page = visitors().open(f"{server.url}/order?q=order+03")
    more = page.get_by_role("link", name="More actions for Order 03")
    more.focus()
    page.keyboard.press("Enter")
    menu = page.get_by_role("menu")
    expect(menu.get_by_role("menuitem", name="Open")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(menu.get_by_role("menuitem", name="Delete")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#sm-menu")).to_have_count(0)  # hidden at once, it is taken away a moment later
    expect(more).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Edit").click()
    expect(page.get_by_role("dialog").get_by_label("Title")).to_have_value("Order 03")
    page.keyboard.press("Escape")
    expect(more).to_be_focused()


def test_a_row_is_deleted_and_taken_back_by_keys_alone(server: Server, visitors: Visitors) -> None:
    visitor = visitors()
    visitor.expected = ("404",)  # the page of what was deleted may be asked for once more
    page = visitor.open(f"{server.url}/order?q=order+1&sort=title")
    page.get_by_role("link", name="More actions for Order 13").focus()
    for key in ("Enter", "ArrowUp", "Enter"):
        page.keyboard.press(key)
        page.wait_for_function("document.activeElement !== document.body")
    delete = page.get_by_role("dialog").get_by_role("button", name="Delete")
    delete.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="More actions for Order 13")).to_have_count(0)
    expect(page.get_by_role("link", name="More actions for Order 14")).to_be_focused()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()  # the row goes before the answer comes
    page.keyboard.press("F8")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.get_by_role("link", name="More actions for Order 14").focus()
    page.keyboard.press("Control+z")
    expect(page.get_by_role("link", name="More actions for Order 13")).to_be_visible()
    expect(page.get_by_role("link", name="More actions for Order 14")).to_be_focused()


def test_the_focus_that_somebody_has_given_up_is_not_brought_back_by_what_others_change(
    server: Server, visitors: Visitors
) -> None:
    id = server.create("/order", title="Focused")
    page = visitors().open(f"{server.url}/order?q=focused")
    expect(page.locator("html")).to_have_attribute("data-online", "true")
    more, cell = page.get_by_role("link", name="More actions for Focused"), page.locator(f"[id='order-{id}-due']")
    more.focus()
    server.send(f"/order/{id}/update", due="2030-01-02")
    expect(cell).to_contain_text("2030")
    expect(more).to_be_focused()
    more.blur()
    server.send(f"/order/{id}/update", due="2031-01-02")
    expect(cell).to_contain_text("2031")
    assert page.evaluate("document.activeElement === document.body")


def test_a_row_is_opened_by_a_click_anywhere_on_it(server: Server, visitors: Visitors) -> None:
    page = visitors().open(f"{server.url}/order?q=order+04")
    page.locator("tbody tr td:nth-child(3)").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Order 04")


def test_several_rows_are_chosen_tried_changed_and_taken_back(server: Server, visitors: Visitors) -> None:
    visitor = visitors()
    page = visitor.open(f"{server.url}/order?sort=title")
    expect(page.locator("#sm-bulk")).not_to_be_visible()
    boxes = page.locator("input[form=sm-bulk]")
    boxes.nth(0).check()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(page.get_by_text("3 chosen")).to_be_visible()
    page.locator("#sm-bulk").get_by_role("button", name="Snooze").click()
    page.get_by_label("Until").fill("2031-02-03")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("Feb 3, 2031").first).to_be_visible()
    page.get_by_role("button", name="Snooze them").click()
    expect(page.get_by_text("It is done.")).to_be_visible()
    page.get_by_role("button", name="Undo all of it").click()
    expect(page.get_by_role("heading", name="Undo: 3 orders")).to_be_visible()
    expect(page.get_by_text("It is done.")).to_be_visible()


def test_a_file_is_imported(server: Server, visitors: Visitors, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("Title;Kind;Due\nImported one;open;2030-01-02\nImported two;paid;soon\n")
    page = visitors().open(f"{server.url}/order/import")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("row", name="3 Due")).to_be_visible()
    page.get_by_role("button", name="Import 2 records").click()
    expect(page.get_by_text("It is done.")).to_be_visible()
    expect(page.get_by_text("Line 3")).to_be_visible()


def test_without_a_script_the_builder_and_the_boxes_work_all_the_same(server: Server, visitors: Visitors) -> None:
    context = visitors(java_script_enabled=False).context
    page = context.new_page()
    page.goto(f"{server.url}/order")
    page.get_by_role("link", name="Filter").click()
    page.locator("[name='v0.0']").fill("order 1")
    page.get_by_role("button", name="Add a condition").click()
    page.locator("[name='f0.1']").select_option("kind")
    page.get_by_role("button", name="Update").last.click()
    page.locator("[name='v0.1']").select_option("paid")
    page.get_by_role("button", name="Show").last.click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator("input[form=sm-bulk]").first.check()
    page.locator("#sm-bulk").get_by_role("button", name="Snooze").click()
    expect(page.get_by_role("heading", name="Snooze: 1 order")).to_be_visible()


@pytest.mark.parametrize("where", ["/order?kind=paid", "/order/filter?kind=paid", "/order/options", "/order/views"])
def test_the_tools_of_a_list_can_be_used_by_everybody(
    server: Server, visitors: Visitors, axe: Callable[[Page], list[str]], where: str
) -> None:
    visitor = visitors(viewport={"width": 360, "height": 800})
    visitor.expected = ("Content Security Policy", "eval")
    page = visitor.open(f"{server.url}{where}")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
