"""What browsers keep themselves: through reloads and a new start, for all their tabs, and no click is lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from .conftest import APPS, Server, Visitor

Visitors = Callable[..., Visitor]

CHROMIUM = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), None)
BURST = "button => { for (let i = 0; i < 15; i++) button.click() }"


@pytest.fixture(scope="module")
def server(serve_all: Callable[..., Server]) -> Server:
    return serve_all(APPS / "basket.py")


def count(page: Page) -> Any:
    return page.locator("h1")


def key(page: Page, entity: str) -> str:
    found: str = page.evaluate(
        "name => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]"
        ".find(it => it.startsWith(`starmodel:${name}:`))",
        entity,
    )
    return found


def test_a_basket_survives_a_reload_and_is_the_same_in_every_tab(server: Server, visitors: Visitors) -> None:
    ada, bob = visitors(), visitors()
    first, second, other = ada.open(server.url), ada.open(server.url), bob.open(server.url)
    first.get_by_text("Apple", exact=True).click()
    for page in (first, second):
        expect(page.locator("li")).to_have_text("Äpple")
    first.get_by_text("+1").evaluate(BURST)
    second.get_by_text("+1").evaluate(BURST)
    for page in (first, second):
        expect(count(page)).to_have_text("30", timeout=20_000)  # who loses a race tries again after ever longer pauses
        expect(page.locator("#shown")).to_have_text("Count: 30")
    first.get_by_label("Note").fill("only here")
    first.get_by_text("Write").click()
    expect(first.locator("#note")).to_have_text("only here")
    first.get_by_text("Dearer").click()  # the server's part of the page is live, and takes nothing of the rest away
    for page in (first, second, other):
        expect(page.locator("#price")).to_have_text("An apple is 101")
    first.reload()
    expect(count(first)).to_have_text("30")
    expect(first.locator("#note")).to_have_text("only here")
    expect(second.locator("#note")).to_have_text("")
    expect(count(second)).to_have_text("30")
    second.get_by_text("Empty").click()
    second.locator("#sm-confirm").get_by_text("Empty").click()
    for page in (first, second, other):
        expect(count(page)).to_have_text("0")
    assert key(other, "Basket") is None


def test_a_basket_is_there_when_the_browser_is_started_again(server: Server, browser: Browser, tmp_path: Path) -> None:
    for expected in ("1", "2"):
        context = browser.browser_type.launch_persistent_context(
            tmp_path, executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        page = context.pages[0]
        page.goto(server.url)
        if expected == "2":
            expect(count(page)).to_have_text("1")
        page.get_by_text("+1").click()
        expect(count(page)).to_have_text(expected)
        context.close()


def test_a_lost_answer_has_no_second_effect(server: Server, visitors: Visitors) -> None:
    who = visitors()
    who.expected = ("ERR_",)
    page = who.open(server.url)
    lost: list[int] = []

    def lose_the_first(route: Route) -> None:
        answer = route.fetch()
        if len(lost) < 1:
            lost.append(answer.status)
            route.abort()
        else:
            route.fulfill(response=answer)

    page.route("**/increment", lose_the_first)
    page.get_by_text("+1").dblclick()
    expect(count(page)).to_have_text("2")
    assert lost == [200]


def test_what_does_not_fit_is_set_aside_and_the_page_goes_on(server: Server, visitors: Visitors) -> None:
    who = visitors()
    who.expected = ("422", "413")
    page = who.open(server.url)
    page.get_by_text("+1").click()
    expect(count(page)).to_have_text("1")
    page.get_by_text("Much").click()
    expect(page.locator("#sm-toasts")).to_contain_text("would take")
    name = key(page, "Basket")
    page.evaluate(
        """name => {
            const it = JSON.parse(localStorage[name]), data = JSON.parse(it.data);
            localStorage[name] = JSON.stringify({...it, data: JSON.stringify({...data, count: "<b>"})});
        }""",
        name,
    )
    page.get_by_text("+1").click()
    expect(page.locator("#sm-toasts")).to_contain_text("set aside")
    expect(count(page)).to_have_text("0")
    assert json.loads(page.evaluate("name => localStorage[`${name}:unfit`]", name))["data"].count("<b>") == 1
    page.get_by_text("+1").click()
    expect(count(page)).to_have_text("1")


def test_without_javascript_a_page_says_why_nothing_is_kept(server: Server, visitors: Visitors) -> None:
    page = visitors(java_script_enabled=False).context.new_page()
    page.goto(server.url)
    assert "kept by your browser" in page.content()
    page.get_by_text("+1").click()
    expect(page.locator("main")).to_contain_text("nothing was changed")
