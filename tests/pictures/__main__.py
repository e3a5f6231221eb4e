"""Run each example, put something into it, and take a picture of it: what ``nox -s pictures`` does."""

from __future__ import annotations

import tempfile
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from json import dumps, load
from pathlib import Path
from typing import Any

from boot.visit import chromium
from e2e.conftest import APPS, EXAMPLES, ROOT, Server
from playwright.sync_api import Browser, sync_playwright

from rig.redis import Redis

from .two_tabs import film_two_tabs, picture_todos

IMAGES = ROOT / "docs" / "images"
WIDE = {"width": 1040, "height": 640}
WIDER = {"width": 1280, "height": 800}

Command = tuple[str, Mapping[str, Any]]
"""Where something is sent, and what."""

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


CUSTOMERS: list[Command] = [
    ("/customer/create", {"name": name}) for name in ("Ada Lovelace", "Alan Turing", "Grace Hopper")
]
THINGS = (
    *("Chairs for the garden", "Paint", "A tent", "Tea for a year", "New tyres", "Wall clock", "Strings", "Books"),
    *("A lamp", "Flour", "Two bicycles", "Seeds", "A kettle", "Coal", "Paper, 500 sheets", "A ladder"),
)
STATES = ("new", "sent", "sent")


def orders(customers: list[str]) -> list[Command]:
    """Return an order of each thing, some of them of these customers."""
    return [
        (
            "/order/create",
            {
                "title": thing,
                "paid": number % 3 == 1,
                "state": STATES[number % 3],
                "due": str(date(2026, 3, 2) + timedelta(days=23 * number)),
                "price": f"{(number * 7919) % 1990 + 9.9:.2f}",
                "customer_id": [*customers, None][number % 4],
            },
        )
        for number, thing in enumerate(THINGS)
    ]


def send(url: str, commands: Iterable[Command]) -> list[str]:
    """Send them all; return the ids of what they were about."""
    ids = []
    for path, values in commands:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(url + path, dumps(values).encode(), headers)) as answer:
            ids.append(load(answer)["id"])
    return ids


@contextmanager
def served(target: Path, folder: Path, **environment: str) -> Iterator[str]:
    """Serve an application on a database of its own; its address is what the block is given."""
    settings = {"DATABASE_URL": f"sqlite:///{folder / target.stem}.db", "STARMODEL_ENV": "development", **environment}
    server = Server(str(target), folder, environment=settings).start()
    try:
        yield server.url
    finally:
        server.stop()


def take(
    browser: Browser, folder: Path, name: str, commands: Iterable[Command], *clicks: str, **environment: str
) -> None:
    """Take ``docs/images/NAME.png`` of the example of that name."""
    with served(EXAMPLES / f"{name}.py", folder, **environment) as url:
        send(url, commands)
        page = browser.new_page(viewport=WIDE, reduced_motion="reduce")
        page.goto(url)
        for label in clicks:
            page.get_by_label(label, exact=True).or_(page.get_by_role("button", name=label, exact=True)).first.click()
            page.wait_for_timeout(400)
        page.locator("#sm-toasts > *").evaluate_all("all => all.forEach(one => one.remove())")
        page.screenshot(path=IMAGES / f"{name}.png")
        page.close()


def take_list(browser: Browser, folder: Path) -> None:
    """Take ``docs/images/list.png``: the list that an entity has without a line of page."""
    with served(APPS / "shop.py", folder) as url:
        send(url, orders(send(url, CUSTOMERS)))
        page = browser.new_page(viewport=WIDER, reduced_motion="reduce")
        page.goto(f"{url}/order")
        page.screenshot(path=IMAGES / "list.png")
        page.close()


def take_two_tabs(browser: Browser, folder: Path) -> None:
    """Take the film and the pictures of two tabs."""
    with served(EXAMPLES / "demo.py", folder) as url:
        film_two_tabs(browser, url, IMAGES / "two-tabs.gif")
        picture_todos(browser, url, IMAGES)


def main() -> None:
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder, Redis() as redis:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        take(browser, Path(folder), "kanban", CARDS)
        take(browser, Path(folder), "chat", MESSAGES)
        take(browser, Path(folder), "dashboard", SALES)
        take(browser, Path(folder), "shop", PRODUCTS, "Add Tea", "Add Honey")
        clicks = ("Add A map of rain", "Add The slow web", "Order", "Add Chess by post")
        take(browser, Path(folder), "hybrid", POSTS, *clicks, REDIS_URL=redis.url)
        take_list(browser, Path(folder))
        take_two_tabs(browser, Path(folder))
        browser.close()


main()
