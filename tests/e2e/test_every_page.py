"""Every kind of page for everybody: light and dark, wide and narrow, from right to left, loaded quickly and at rest."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import APPS, Server, Visitor

Visitors = Callable[..., Visitor]
Axe = Callable[[Page], list[str]]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
LONG = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"
"""Without a place to break it: what does not fit scrolls in its own box, never the page."""

MOST = 120_000
"""Bytes of a first load, compressed: the page itself and everything that it brings along."""

SHIFTED = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((one) => (sum += one.value)))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 60);
})"""


@dataclass(frozen=True)
class Shop:
    """A server with something on every kind of page."""

    server: Server
    order: str
    gone: str
    then: str

    def url(self, path: str) -> str:
        return self.server.url + path.format(order=self.order, gone=self.gone, then=self.then)


def filled(server: Server) -> Shop:
    client = server.create("/client", name="Ada Lovelace")
    for number in range(25):
        server.create("/order", title=f"Order {number} {LONG if number % 9 == 0 else ''}", due="2030-01-02")
    lines = [{"what": "A4", "pieces": 3}, {"what": LONG}]
    two = "Two\nlines"
    order = server.create("/order", title="C++ (new)", client_id=client, tags=["quick"], lines=lines, note=two)
    server.send(f"/order/{order}/snooze", until="2031-02-03")
    server.send(f"/order/{order}/update", title="C++ <b>(newer)</b>")
    gone = server.create("/order", title="Gone")
    server.send(f"/order/{gone}/delete")
    with urllib.request.urlopen(f"{server.url}/order/{order}", timeout=5) as answer:
        then = re.findall(r"\?at=\d+", answer.read().decode())[-1]
    return Shop(server, order, gone, then)


@pytest.fixture(scope="module")
def shop(serve_all: Callable[..., Server]) -> Shop:
    return filled(serve_all(APPS / "orders.py"))


@pytest.fixture(scope="module")
def plain(serve_all: Callable[..., Server]) -> Shop:
    return filled(serve_all(APPS / "orders.py", environment={"STARMODEL_UI": "plain"}))


def open_dialog(page: Page) -> None:
    page.locator("a[data-sm-dialog]").first.click()
    expect(page.get_by_role("dialog").get_by_role("textbox").first).to_be_focused()


def open_filter(page: Page) -> None:
    page.locator("a[href*='/order/filter']").first.click()
    expect(page.get_by_role("dialog").get_by_role("combobox").first).to_be_focused()


def open_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(page.locator("#sm-palette")).to_be_visible()
    page.keyboard.type("newer")
    expect(page.locator("#sm-palette-list [role=option]")).to_have_count(1)


def nothing(_: Page) -> None: ...


PAGES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "home": ("/", nothing),
    "list": ("/order", nothing),
    "filter": ("/order?kind=open&limit=3", open_filter),
    "create": ("/order?limit=3", open_dialog),
    "palette": ("/order?limit=3", open_palette),
    "detail": ("/order/{order}", nothing),
    "edit": ("/order/{order}/edit", nothing),
    "event": ("/order/{order}/do/snooze", nothing),
    "import": ("/order/import", nothing),
    "as it was": ("/order/{order}{then}", nothing),
    "deleted": ("/order/{gone}", nothing),
    "views": ("/order/views", nothing),
    "not found": ("/order/nothing", nothing),
}


def has_room(page: Page) -> bool:
    fits: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return fits


def problems(page: Page, axe: Axe) -> list[str]:
    """Return what is wrong with an open page: in the light and wide, in the dark and narrow."""
    found: list[str] = []
    for look, size in (("light", WIDE), ("dark", NARROW)):
        page.emulate_media(color_scheme=look, reduced_motion="reduce")
        page.set_viewport_size(size)
        found += [f"{look}: {one}" for one in axe(page)]
        found += [] if has_room(page) else [f"{look}: scrolls sideways"]
    return found


def visited(shop: Shop, visitors: Visitors, names: list[str], look: Callable[[Page], list[str]], **options: Any) -> Any:
    visitor = visitors(reduced_motion="reduce", **options)
    visitor.expected = ("404", "410")
    page, told = visitor.open(shop.url("/")), {}
    for name in names:
        path, prepare = PAGES[name]
        page.goto(shop.url(path))
        prepare(page)
        told[name] = look(page)
    return {name: found for name, found in told.items() if found}


FULLEST = ["filter", "create", "palette", "detail"]
"""The pages with most on them."""


@pytest.mark.parametrize("names", [FULLEST, pytest.param([*PAGES], marks=pytest.mark.long)], ids=["fullest", "all"])
def test_nothing_serious_keeps_anybody_out(shop: Shop, visitors: Visitors, axe: Axe, names: list[str]) -> None:
    assert visited(shop, visitors, names, lambda page: problems(page, axe), viewport=WIDE) == {}


@pytest.mark.parametrize("names", [FULLEST[3:], pytest.param([*PAGES], marks=pytest.mark.long)], ids=["fullest", "all"])
def test_nor_with_the_plain_kit(plain: Shop, visitors: Visitors, axe: Axe, names: list[str]) -> None:
    assert visited(plain, visitors, names, lambda page: problems(page, axe), viewport=WIDE) == {}


@pytest.mark.long
def test_every_page_is_read_from_the_right_in_arabic_and_never_scrolls_sideways(shop: Shop, visitors: Visitors) -> None:
    def look(page: Page) -> list[str]:
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
        return [] if has_room(page) else ["scrolls sideways"]

    assert visited(shop, visitors, list(PAGES), look, viewport=NARROW, locale="ar") == {}


@pytest.mark.parametrize(
    "size", [pytest.param(WIDE, id="wide", marks=pytest.mark.long), pytest.param(NARROW, id="narrow")]
)
def test_a_first_load_is_small_and_nothing_moves(shop: Shop, visitors: Visitors, size: dict[str, int]) -> None:
    visitor = visitors(new=True, viewport=size)
    page = visitor.context.new_page()
    network, received = visitor.context.new_cdp_session(page), []
    network.on("Network.loadingFinished", lambda done: received.append(done["encodedDataLength"]))
    network.send("Network.enable")
    page.goto(shop.url("/order"))
    expect(page.locator("html")).to_have_attribute("data-online", "true")
    assert len(received) > 5
    assert sum(received) <= MOST
    for path in ("/order", "/order/{order}", "/order/{order}/edit", "/order/new", "/"):
        page.goto(shop.url(path))
        assert round(page.evaluate(SHIFTED), 3) == 0, path
