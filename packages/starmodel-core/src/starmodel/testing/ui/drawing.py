"""Contract of everything that a kit draws: sound HTML, words that stay words, nothing from elsewhere."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

import re
from typing import Any

import pytest

from starmodel.core.ui import Column, Link, UIAdapter

from .base import Draw, UISuite, keeps
from .samples import ATTRIBUTES, DRAWINGS, HOSTILE, sample_field

__all__ = ["DrawingContract"]

_ADDRESS = re.compile(r"(?:https?:)?//[\w.-]+\.\w+")
_NAMESPACES = re.compile(r"http://www\.w3\.org/[\w/]+")  # names that look like addresses; nothing is fetched from them
_EVERY = pytest.mark.parametrize("name", DRAWINGS)


class DrawingContract(UISuite):
    """What holds for all of it."""

    def test_a_kit_is_a_ui_adapter(self, kit: UIAdapter) -> None:
        assert isinstance(kit, UIAdapter)

    def test_the_files_of_a_kit_are_there_and_load_nothing_from_elsewhere(self, kit: UIAdapter) -> None:
        for name, path in {**kit.styles, **kit.scripts}.items():
            assert name.endswith(".css" if name in kit.styles else ".js")
            text = _NAMESPACES.sub("", path.read_text("utf-8"))
            loads = re.findall(r"@import[^;]*|url\([^)]*\)|\bimport\b[^;]*|fetch\([^)]*", text)
            assert text
            assert not [load for load in loads if _ADDRESS.search(load)], f"{name} loads from another host"

    def test_scripts_before_the_first_paint_are_short(self, kit: UIAdapter) -> None:
        assert sum(path.stat().st_size for path in kit.scripts.values()) < 8_000

    @_EVERY
    def test_ids_are_unique_and_what_refers_to_one_finds_it(self, kit: UIAdapter, draw: Draw, name: str) -> None:
        page = draw(DRAWINGS[name](kit))
        ids = [id for element in page if (id := element.get("id")) is not None]
        assert len(ids) == len(set(ids))
        assert page.dangling() == []

    @_EVERY
    def test_words_stay_words(self, kit: UIAdapter, draw: Draw, name: str) -> None:
        page = draw(DRAWINGS[name](kit))
        assert not page.all("img")
        shown = page.text + "".join(value for element in page for value in element.attributes.values())
        assert HOSTILE in shown

    @_EVERY
    def test_a_strict_content_security_policy_holds(self, kit: UIAdapter, draw: Draw, name: str) -> None:
        for element in draw(DRAWINGS[name](kit)):
            assert element.tag not in {"script", "style", "link", "iframe", "object", "embed", "base", "meta"}
            assert not [key for key in element.attributes if key.startswith("on") or key == "style"]
            for key in ("src", "href", "action"):
                assert not _ADDRESS.match(element.get(key) or "")

    @_EVERY
    def test_whoever_listens_hears_what_a_control_is(self, kit: UIAdapter, draw: Draw, name: str) -> None:
        page = draw(DRAWINGS[name](kit))
        controls = [e for e in page if e.tag in {"button", "a", "input", "select", "textarea", "summary", "dialog"}]
        nameless = [e for e in controls if e.get("type") != "hidden" and not page.name_of(e)]
        assert nameless == []

    @_EVERY
    def test_pictures_are_hidden_from_whoever_listens(self, kit: UIAdapter, draw: Draw, name: str) -> None:
        assert all(element.get("aria-hidden") == "true" for element in draw(DRAWINGS[name](kit)).all("svg"))

    @pytest.mark.parametrize("name", ["button", "link", "row", "cell", "table", "form", "field", "dialog", "column"])
    def test_attributes_are_kept_exactly(self, kit: UIAdapter, draw: Draw, name: str) -> None:
        drawn: dict[str, tuple[str, Any]] = {
            "button": ("button", kit.button("x", ATTRIBUTES)),
            "link": ("a", kit.link(Link(label="x", href="/", attributes=ATTRIBUTES))),
            "row": ("tr", kit.row("r", [], attributes=ATTRIBUTES)),
            "cell": ("td", kit.cell("x", attributes=ATTRIBUTES)),
            "table": ("tbody", kit.table("t", [], [], attributes=ATTRIBUTES)),
            "form": ("form", kit.form([], [], attributes=ATTRIBUTES)),
            "field": ("input", kit.field(sample_field(attributes=ATTRIBUTES))),
            "dialog": ("dialog", kit.dialog("d", "x", [], attributes=ATTRIBUTES)),
            "column": ("th", kit.table("t", [Column(name="c", label="x", attributes=ATTRIBUTES)], [])),
        }
        tag, element = drawn[name]
        assert keeps(draw(element).one(tag))

    def test_an_unknown_icon_is_nothing_and_a_known_one_is_silent(self, kit: UIAdapter, draw: Draw) -> None:
        nothing = draw(kit.cell(kit.icon("no-such-icon"))).one("td")
        assert (nothing.text, list(nothing)) == ("", [])
        assert not [e for e in draw(kit.cell(kit.icon("plus"))).all("svg") if e.get("aria-hidden") != "true"]
