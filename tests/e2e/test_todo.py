"""The todo list in real tabs: everything a person does with it, seen by somebody else at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import EXAMPLES, Server, Visitor

Visitors = Callable[..., Visitor]


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    return serve(EXAMPLES / "todo.py")


def add(page: Page, title: str) -> None:
    page.get_by_placeholder("What is there to do?").fill(title)
    page.get_by_role("button", name="Add").click()


def titles(page: Page) -> list[str]:
    return [field.input_value() for field in page.get_by_label("Title").all()]


def test_add_toggle_edit_filter_and_delete_are_live(server: Server, visitors: Visitors) -> None:
    mine, theirs = visitors().open(server.url), visitors().open(server.url)
    for page in (mine, theirs):
        expect(page.locator("html")).to_have_attribute("data-online", "true")
    for title in ("Milk", "Bread", 'Eggs <b>fresh</b> & "free"'):
        add(mine, title)
        expect(theirs.get_by_label(f"Delete {title}")).to_be_visible()
    expect(mine.get_by_placeholder("What is there to do?")).to_have_value("")
    assert titles(theirs) == ["Bread", 'Eggs <b>fresh</b> & "free"', "Milk"]

    theirs.get_by_label("Done: Milk").click()
    expect(mine.get_by_label("Done: Milk")).to_have_attribute("aria-pressed", "true")
    expect(mine.get_by_text("2 open of 3 shown")).to_be_visible()

    mine.get_by_role("link", name="open").click()
    expect(mine.get_by_label("Title")).to_have_count(2)
    theirs.get_by_label("Done: Bread").click()
    expect(mine.get_by_label("Title")).to_have_count(1)

    theirs.get_by_label("Title").first.fill("Brown bread")
    theirs.get_by_label("Title").first.press("Tab")
    mine.get_by_role("link", name="done").click()
    expect(mine.get_by_label("Delete Brown bread")).to_be_visible()

    mine.get_by_label("Delete Milk").click()
    mine.get_by_role("dialog").get_by_role("button").last.click()
    expect(theirs.get_by_label("Delete Milk")).to_have_count(0)
    expect(theirs.get_by_text("1 open of 2 shown")).to_be_visible()


def test_a_rule_that_is_broken_is_said_and_nothing_is_stored(server: Server, visitors: Visitors) -> None:
    who = visitors()
    who.expected = ("422",)
    page = who.open(server.url)
    add(page, "   ")
    expect(page.get_by_text("Write down what there is to do.").first).to_be_visible()
    expect(page.get_by_placeholder("What is there to do?")).to_have_value("   ")
    expect(page.get_by_label("Title")).to_have_count(0)


def test_it_works_without_javascript(server: Server, visitors: Visitors) -> None:
    page = visitors(java_script_enabled=False).context.new_page()
    page.goto(server.url + "/?show=all")
    add(page, "Write a letter")
    assert page.url == server.url + "/?show=all"
    page.get_by_label("Done: Write a letter").click()
    assert page.get_by_label("Done: Write a letter").get_attribute("aria-pressed") == "true"
    page.get_by_label("Title").fill("Write two letters")
    page.get_by_label("Title").press("Enter")
    assert titles(page) == ["Write two letters"]
    page.get_by_label("Delete Write two letters").click()
    assert titles(page) == []


def test_a_change_of_one_row_touches_one_row(server: Server, visitors: Visitors) -> None:
    mine, theirs = visitors().open(server.url + "/?show=all"), visitors().open(server.url + "/?show=all")
    for number in range(5):
        add(mine, f"Thing {number}")
    expect(theirs.get_by_label("Title")).to_have_count(5)
    theirs.evaluate("""() => {
      window.__touched = new Set();
      const row = node => (node.closest ? node : node.parentElement).closest('li')?.id;
      const note = ({target}) => window.__touched.add(row(target));
      new MutationObserver(all => all.forEach(note)).observe(
        document.querySelector('ul'), {subtree: true, childList: true, characterData: true, attributes: true});
    }""")
    mine.get_by_label("Done: Thing 3").click()
    expect(theirs.get_by_label("Done: Thing 3")).to_have_attribute("aria-pressed", "true")
    touched = [id for id in theirs.evaluate("[...window.__touched]") if id]
    assert len(touched) == 1


@pytest.mark.parametrize("name", ["counter", "todo"])
def test_the_examples_are_as_short_as_promised(name: str) -> None:
    lines = [line for line in (EXAMPLES / f"{name}.py").read_text().splitlines() if line.strip()]
    assert len(lines) < {"counter": 30, "todo": 50}[name]
    assert Path(EXAMPLES / "demo.py").exists()
