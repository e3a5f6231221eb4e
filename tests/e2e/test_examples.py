"""Each example in two real tabs: what its first lines promise is what happens."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from .conftest import EXAMPLES, Server, Visitor

Visitors = Callable[..., Visitor]


@pytest.fixture
def tabs(serve: Callable[..., Server], visitors: Visitors) -> Callable[..., tuple[Page, Page]]:
    """Return two visitors' tabs of one example, both live."""

    def open_both(name: str, **environment: str) -> tuple[Page, Page]:
        server = serve(EXAMPLES / name, environment=environment)
        pages = visitors().open(server.url), visitors().open(server.url)
        for page in pages:
            expect(page.locator("html")).to_have_attribute("data-online", "true")
        return pages

    return open_both


def test_a_card_moves_on_every_board(tabs: Callable[..., tuple[Page, Page]]) -> None:
    mine, theirs = tabs("kanban.py")
    mine.get_by_label("New card").fill("Draw the poster")
    mine.get_by_role("button", name="Add", exact=True).click()
    expect(theirs.get_by_label("todo", exact=True)).to_contain_text("Draw the poster")
    theirs.get_by_label("Move Draw the poster to doing").click()
    expect(mine.get_by_label("doing", exact=True)).to_contain_text("Draw the poster")
    expect(mine.get_by_label("todo", exact=True)).not_to_contain_text("Draw the poster")


def test_what_one_says_everybody_hears(tabs: Callable[..., tuple[Page, Page]]) -> None:
    mine, theirs = tabs("chat.py")
    mine.get_by_label("Your name").fill("Ada")
    mine.get_by_label("Message", exact=True).fill("<b>Hello</b>")
    mine.get_by_role("button", name="Send").click()
    expect(theirs.get_by_role("list", name="Messages")).to_contain_text("Ada <b>Hello</b>")
    theirs.get_by_label("Message", exact=True).fill("Good morning")
    theirs.get_by_label("Message", exact=True).press("Enter")
    expect(mine.get_by_role("list", name="Messages")).to_contain_text("somebody Good morning")


def test_a_sale_moves_the_dashboard(tabs: Callable[..., tuple[Page, Page]]) -> None:
    mine, theirs = tabs("dashboard.py")
    mine.get_by_role("button", name="Sell North").click()
    expect(theirs.get_by_text("North: 10.00")).to_be_visible()
    theirs.get_by_role("button", name="Sell North").click()
    expect(mine.get_by_text("North: 20.00")).to_be_visible()


def test_a_cart_is_ones_own_and_an_order_is_everybodys(tabs: Callable[..., tuple[Page, Page]]) -> None:
    mine, theirs = tabs("shop.py", DATABASE_URL="sqlite:///shop.db", STARMODEL_ENV="development")
    made = mine.request.post(
        mine.url + "product/create", data={"name": "Tea", "price": "4.20"}, headers={"Accept": "application/json"}
    )
    assert made.ok
    mine.get_by_label("Add Tea").click()
    mine.get_by_label("Add Tea").click()
    expect(mine.get_by_label("Cart")).to_contain_text("8.40")
    expect(theirs.get_by_label("Cart")).to_contain_text("Nothing in it yet.")
    theirs.goto(mine.url + "order")
    mine.get_by_role("button", name="Order", exact=True).click()
    expect(mine.get_by_label("Cart")).to_contain_text("Nothing in it yet.")
    expect(theirs.get_by_role("row").nth(1)).to_contain_text("8.40")
    theirs.get_by_role("button", name="Send", exact=True).click()
    expect(theirs.get_by_role("row").nth(1)).to_contain_text("Yes")


def test_an_order_is_everybodys_at_once_and_the_cart_in_redis_follows(
    tabs: Callable[..., tuple[Page, Page]], redis_url: str
) -> None:
    settings = {"REDIS_URL": redis_url, "DATABASE_URL": "sqlite:///magazine.db", "STARMODEL_ENV": "development"}
    mine, theirs = tabs("hybrid.py", **settings)
    made = mine.request.post(
        mine.url + "blogpost/create", data={"title": "Rain", "price": "3.20"}, headers={"Accept": "application/json"}
    )
    assert made.ok
    mine.get_by_label("Add Rain").click()
    expect(mine.get_by_label("Cart")).to_contain_text("3.20")
    mine.get_by_role("button", name="Order", exact=True).click()
    expect(theirs.get_by_label("Orders")).to_contain_text("Rain · 3.20")
    expect(theirs.get_by_text("sold 1")).to_be_visible()
    expect(mine.get_by_label("Cart")).to_contain_text("Nothing in it yet.")
    expect(mine.get_by_label("Orders")).to_contain_text("Rain · 3.20")
