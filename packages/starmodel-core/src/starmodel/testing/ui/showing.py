"""Contract of what a page is made of: its frame, lists, messages and dialogs."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

import pytest

from starmodel.core.ui import Column, Entry, Frame, Level, Link, UIAdapter

from .base import Draw, UISuite
from .samples import DRAWINGS

__all__ = ["ShowingContract"]


class ShowingContract(UISuite):
    """Pages and their parts."""

    def test_the_first_link_of_a_page_leads_past_the_navigation(self, kit: UIAdapter, draw: Draw) -> None:
        page = draw(DRAWINGS["page"](kit))
        target = (page.all("a")[0].get("href") or "").removeprefix("#")
        content = page.id(target)
        assert [heading.text for heading in content.all("h1")] == ["Title"]
        assert not content.all("nav")
        assert content.get("tabindex") == "-1"

    def test_the_navigation_is_named_and_says_where_one_is(self, kit: UIAdapter, draw: Draw) -> None:
        page = draw(DRAWINGS["page"](kit))
        navigation = page.one("nav")
        assert navigation.get("aria-label")
        assert [link.get("href") for link in navigation.all("a", aria_current="page")] == ["/here"]
        assert page.all("a", href="/home")
        assert "Tool" in [button.text for button in page.all("button")]

    def test_a_page_speaks_the_readers_words(self, kit: UIAdapter, draw: Draw) -> None:
        words = {"menu": "Menü", "skip": "Zum Inhalt", "theme": "Farben", "light": "Hell", "dark": "D", "system": "S"}
        page = draw(kit.page(Frame(brand="B", links=[Link(label="x", href="/")], words=words), []))
        assert page.all("a")[0].text == "Zum Inhalt"
        assert page.one("nav").get("aria-label") == "Menü"
        written = {
            value for element in page for value in (element.get("aria-label"), element.get("title"), element.text)
        }
        assert not {"Menu", "Skip to content", "Theme", "Light", "Dark", "System"} & written

    def test_a_page_without_links_has_no_navigation(self, kit: UIAdapter, draw: Draw) -> None:
        assert not draw(kit.page(Frame(brand="B"), [kit.heading("T")])).all("nav")

    def test_headings_go_down_one_step_at_a_time(self, kit: UIAdapter, draw: Draw) -> None:
        page = draw(
            [kit.heading("One", subtitle="Below"), kit.section("Two", ["x"], id="part"), kit.section("", ["y"])]
        )
        assert [(e.tag, e.text) for e in page if e.tag in {"h1", "h2", "h3"}] == [("h1", "One"), ("h2", "Two")]
        assert "x" in page.id("part").text

    def test_text_that_is_given_as_content_may_be_filled_with_blocks(self, kit: UIAdapter, draw: Draw) -> None:
        holders = [kit.section("T", ["slot"]), kit.dialog("d", "T", ["slot"]), kit.toolbar(["slot"]), kit.cell("slot")]
        for holder in map(draw, holders):
            around = [element.tag for element in holder if "slot" in element.text]
            assert not {"p", "span", "label", "button", "h2"} & set(around)

    def test_a_button_sends_nothing_unless_it_is_told_to(self, kit: UIAdapter, draw: Draw) -> None:
        assert draw(kit.button("x", {})).one("button").get("type") == "button"
        assert draw(kit.button("x", {"type": "submit", "form": "f"})).one("button", form="f").get("type") == "submit"

    def test_a_link_says_that_it_is_the_open_page(self, kit: UIAdapter, draw: Draw) -> None:
        here, there = (kit.link(Link(label="x", href="/a?b=1&c=2", current=current)) for current in (True, False))
        assert draw(here).one("a", href="/a?b=1&c=2").get("aria-current") == "page"
        assert draw(there).one("a").get("aria-current") is None

    def test_a_menu_opens_without_scripts(self, kit: UIAdapter, draw: Draw) -> None:
        menu = draw(kit.menu("More", [kit.button("Archive", {"id": "archive"})]))
        assert menu.all("summary") or menu.all(popovertarget=True)
        assert menu.id("archive").text == "Archive"

    def test_a_table_says_what_its_columns_are(self, kit: UIAdapter, draw: Draw) -> None:
        table = draw(DRAWINGS["table"](kit)).one("table")
        heads = table.all("th")
        assert {head.get("scope") for head in heads} == {"col"}
        assert [head.get("aria-sort") for head in heads] == ["ascending", None, None]
        assert [link.get("href") for head in heads for link in head.all("a")] == ["/?sort=a", "/?sort=b"]

    def test_rows_and_cells_can_be_patched(self, kit: UIAdapter, draw: Draw) -> None:
        body = draw(DRAWINGS["table"](kit)).one("tbody", id="rows")
        assert [row.get("id") for row in body.all("tr")] == ["row-1"]
        assert len(body.all("td")) == 3

    def test_a_table_may_be_empty(self, kit: UIAdapter, draw: Draw) -> None:
        assert not draw(kit.table("t", [Column(name="a", label="A")], [])).one("tbody", id="t").all("tr")

    def test_a_pager_leads_both_ways_where_there_is_a_way(self, kit: UIAdapter, draw: Draw) -> None:
        before, after = Link(label="Back", href="/1"), Link(label="On", href="/3")
        assert [link.get("href") for link in draw(kit.pager("2 of 3", before, after)).all("a")] == ["/1", "/3"]
        assert [link.get("href") for link in draw(kit.pager("1 of 3", None, after)).all("a")] == ["/3"]
        assert "1 of 1" in draw(kit.pager("1 of 1", None, None)).text

    def test_a_dialog_is_native_closed_and_named_by_its_title(self, kit: UIAdapter, draw: Draw) -> None:
        page = draw(kit.dialog("d", "A title", ["content"], close="Done"))
        dialog = page.one("dialog", id="d")
        assert "open" not in dialog.attributes
        assert page.name_of(dialog) == "A title"
        assert "content" in dialog.text

    def test_a_dialog_has_a_button_that_closes_it(self, kit: UIAdapter, draw: Draw) -> None:
        page = draw(kit.dialog("d", "A title", [], close="Done"))
        form = page.one("form", method="dialog")
        [button] = form.all("button")
        assert page.name_of(button) == "Done"
        assert button.get("type") == "submit"

    @pytest.mark.parametrize("level", ["info", "success", "warning", "error"])
    def test_only_an_error_interrupts_whoever_listens(self, kit: UIAdapter, draw: Draw, level: Level) -> None:
        page = draw(kit.alert("What", "Why", level=level))
        assert bool(page.all(role="alert")) is (level == "error")
        assert page.text.index("What") < page.text.index("Why")

    def test_an_empty_list_says_so_and_what_to_do(self, kit: UIAdapter, draw: Draw) -> None:
        page = draw(kit.empty("None yet", "Make one.", actions=[kit.button("New", {"id": "new"})]))
        assert page.text.index("None yet") < page.text.index("Make one.")
        assert page.id("new").text == "New"

    def test_facts_are_names_and_values(self, kit: UIAdapter, draw: Draw) -> None:
        facts = draw(kit.facts([("A", "1"), ("B", kit.badge("2"))])).one("dl")
        assert [e.text for e in facts.all("dt")] == ["A", "B"]
        assert [e.text for e in facts.all("dd")] == ["1", "2"]

    def test_a_timeline_is_a_list_in_the_order_given(self, kit: UIAdapter, draw: Draw) -> None:
        entries = [Entry(title="Second", who="Ada", when="today", moment="2026-01-31"), Entry(title="First")]
        items = draw(kit.timeline(entries)).all("li")
        assert [("Second" in item.text, "First" in item.text) for item in items] == [(True, False), (False, True)]
        assert "Ada" in items[0].text
        assert items[0].one("time").get("datetime") == "2026-01-31"
        assert not items[1].all("time")

    def test_a_tile_leads_somewhere_and_says_something_first(self, kit: UIAdapter, draw: Draw) -> None:
        tiles = draw(kit.tiles([(Link(label="Tasks", href="/tasks"), "12"), (Link(label="Late", href="/late"), 3)]))
        assert [(tile.get("href"), sorted(tile.text)) for tile in tiles.all("a")] == [
            ("/tasks", sorted("Tasks12")),
            ("/late", sorted("Late3")),
        ]
