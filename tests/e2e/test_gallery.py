"""Everything that a kit draws, as people meet it: light and dark, wide and narrow, with a keyboard, without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from .conftest import APPS, Server, Visitor

Visitors = Callable[..., Visitor]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def gallery(serve_all: Callable[..., Server]) -> Server:
    return serve_all(APPS / "gallery.py")


@pytest.fixture(scope="module")
def plain(serve_all: Callable[..., Server]) -> Server:
    return serve_all(APPS / "gallery.py", environment={"STARMODEL_UI": "plain"})


def is_dark(page: Page) -> bool:
    dark: bool = page.evaluate("getComputedStyle(document.documentElement).colorScheme === 'dark'")
    return dark


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param(WIDE, "light", id="wide-light"),
        pytest.param(NARROW, "dark", id="narrow-dark"),
        pytest.param(WIDE, "dark", id="wide-dark", marks=pytest.mark.long),
        pytest.param(NARROW, "light", id="narrow-light", marks=pytest.mark.long),
    ],
)
def test_nothing_serious_keeps_anybody_out(
    gallery: Server, visitors: Visitors, axe: Callable[[Page], list[str]], size: dict[str, int], scheme: str
) -> None:
    page = visitors(viewport=size, color_scheme=scheme, reduced_motion="reduce").open(gallery.url)
    assert is_dark(page) is (scheme == "dark")
    assert axe(page) == []
    page.get_by_role("button", name="New task").first.click()
    expect(page.get_by_role("dialog", name="New task")).to_be_visible()
    assert axe(page) == []


def test_the_plain_kit_keeps_nobody_out_either(
    plain: Server, visitors: Visitors, axe: Callable[[Page], list[str]]
) -> None:
    assert axe(visitors(viewport=WIDE, reduced_motion="reduce").open(plain.url)) == []


def test_a_narrow_page_never_scrolls_sideways(gallery: Server, visitors: Visitors) -> None:
    page = visitors(viewport=NARROW).open(gallery.url)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_narrow_page_keeps_its_navigation_behind_a_button(gallery: Server, visitors: Visitors) -> None:
    page = visitors(viewport=NARROW).open(gallery.url)
    link = page.get_by_role("link", name="Customers")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(link).to_be_visible()
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()


def test_a_visitor_chooses_light_or_dark_and_finds_it_again(gallery: Server, visitors: Visitors) -> None:
    who = visitors(viewport=WIDE, color_scheme="light")
    page, other = who.open(gallery.url), who.open(gallery.url)
    assert not is_dark(page)
    page.get_by_role("radio", name="Dark").check(force=True)
    assert is_dark(page)
    expect(other.locator("html.dark")).to_be_attached()  # the other tab follows
    page.reload()
    assert is_dark(page)
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    page.get_by_role("radio", name="System").check(force=True)
    assert not is_dark(page)
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html.dark")).to_be_attached()


def test_a_dialog_puts_the_focus_into_its_first_field_and_gives_it_back(gallery: Server, visitors: Visitors) -> None:
    page = visitors(viewport=WIDE).open(gallery.url)
    button = page.get_by_role("button", name="New task").first
    button.click()
    expect(page.get_by_role("dialog").get_by_label("Title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_the_first_key_leads_past_the_navigation(gallery: Server, visitors: Visitors) -> None:
    page = visitors(viewport=WIDE).open(gallery.url)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#sm-content summary").first).to_be_focused()


def test_a_page_loads_little(gallery: Server, visitors: Visitors) -> None:
    page = visitors(viewport=WIDE).open(gallery.url)
    sizes = "performance.getEntriesByType('resource').map((entry) => entry.encodedBodySize)"
    loaded: list[int] = page.evaluate(sizes)
    assert len(loaded) > 5
    assert sum(loaded) < 120_000
