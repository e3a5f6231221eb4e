"""Run each example, put something into it, and take a picture of it: what ``nox -s pictures`` does."""

from __future__ import annotations

import tempfile
import urllib.request
from collections.abc import Iterable, Mapping
from json import dumps, load
from pathlib import Path
from typing import Any

from boot.visit import chromium
from e2e.conftest import EXAMPLES, ROOT, Server
from playwright.sync_api import Browser, sync_playwright

from rig.redis import Redis

IMAGES = ROOT / "docs" / "images"
WIDE = {"width": 1040, "height": 640}

Command = tuple[str, Mapping[str, Any]]
"""Where something is sent, and what: ``{}`` in an address is the id of what was made last."""

CARDS: list[Command] = [
    ("/card/create", {"title": "Choose the songs", "assignee": "Ada", "column": "done"}),
    ("/card/create", {"title": "Draw the poster", "assignee": "Grace", "column": "doing"}),
    ("/card/create", {"title": "Rent the lights", "column": "doing"}),
    ("/card/create", {"title": "Ask the baker", "assignee": "Ada"}),
    ("/card/create", {"title": "Print the tickets"}),
    ("/card/create", {"title": "Tune the piano", "assignee": "Grace"}),
]
MESSAGES: list[Command] = [
    ("/message/say", {"who": "Ada", "text": "The poster is ready. Who looks at it?"}),
    ("/message/say", {"who": "Grace", "text": "I do. Give me five minutes."}),
    ("/message/say", {"who": "Grace", "text": "The date is wrong, it is the 14th."}),
    ("/message/say", {"who": "Ada", "text": "Thank you! Mended."}),
]
SALES: list[Command] = [
    ("/sale/create", {"region": region, "amount": amount})
    for region, amounts in {
        "north": ("120.00", "80.50", "99.90"),
        "south": ("45.00", "60.00"),
        "east": ("210.00",),
        "west": ("15.00", "18.20", "22.80", "9.90"),
    }.items()
    for amount in amounts
]
PRODUCTS: list[Command] = [
    ("/product/create", {"name": "Bread", "price": "3.80", "description": "Rye, baked this morning"}),
    ("/product/create", {"name": "Honey", "price": "6.50", "description": "From the meadow behind the house"}),
    ("/product/create", {"name": "Tea", "price": "4.20", "description": "Green, a hundred grams"}),
    ("/product/create", {"name": "Cheese", "price": "8.90", "description": "Goat, half a year old"}),
    ("/product/create", {"name": "Apples", "price": "2.40", "description": "A kilogram"}),
    ("/product/create", {"name": "Jam", "price": "5.10", "description": "Apricot"}),
]


POSTS: list[Command] = [
    ("/blogpost/create", {"title": "A map of rain", "price": "3.20", "body": "Why it always finds your street."}),
    ("/blogpost/create", {"title": "Bread at home", "price": "1.80", "body": "Flour, water, and a weekend."}),
    ("/blogpost/create", {"title": "Chess by post", "price": "2.00", "body": "Forty moves, four years."}),
    ("/blogpost/create", {"title": "Letters to a lamp", "price": "2.90", "body": "What the moths wrote."}),
    ("/blogpost/create", {"title": "The slow web", "price": "2.50", "body": "Pages that are there before you ask."}),
]


def send(url: str, commands: Iterable[Command]) -> None:
    for path, values in commands:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(url + path, dumps(values).encode(), headers)) as answer:
            load(answer)


def take(
    browser: Browser, folder: Path, name: str, commands: Iterable[Command], *clicks: str, **environment: str
) -> None:
    """Take ``docs/images/NAME.png`` of the example of that name."""
    settings = {"DATABASE_URL": f"sqlite:///{folder / name}.db", "STARMODEL_ENV": "development", **environment}
    server = Server(str(EXAMPLES / f"{name}.py"), folder, environment=settings)
    server.start()
    try:
        send(server.url, commands)
        page = browser.new_page(viewport=WIDE, reduced_motion="reduce")
        page.goto(server.url)
        for label in clicks:
            page.get_by_label(label, exact=True).or_(page.get_by_role("button", name=label, exact=True)).first.click()
            page.wait_for_timeout(400)
        page.locator("#sm-toasts > *").evaluate_all("all => all.forEach(one => one.remove())")
        page.screenshot(path=IMAGES / f"{name}.png")
        page.close()
    finally:
        server.stop()


def main() -> None:
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder, Redis() as redis:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        take(browser, Path(folder), "kanban", CARDS)
        take(browser, Path(folder), "chat", MESSAGES)
        take(browser, Path(folder), "dashboard", SALES)
        take(browser, Path(folder), "shop", PRODUCTS, "Add Tea", "Add Honey")
        clicks = ("Add A map of rain", "Add The slow web", "Order", "Add Chess by post")
        take(browser, Path(folder), "hybrid", POSTS, *clicks, REDIS_URL=redis.url)
        browser.close()


main()
