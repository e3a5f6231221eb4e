"""The live counter in real tabs: sync, order, latency, and a server that dies between two clicks."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import APPS, EXAMPLES, Server, Visitor

Visitors = Callable[..., Visitor]

CLICK = """async count => {
  const times = [], button = [...document.querySelectorAll('button')].find(b => b.textContent === '+1');
  for (let i = 0; i < count; i++) {
    times.push(Date.now());
    button.click();
    await new Promise(r => setTimeout(r, 40));
  }
  return times;
}"""
WATCH = """() => new Promise(done => {
  const h1 = document.querySelector('h1');
  window.__seen = [];
  new MutationObserver(() => window.__seen.push([Date.now(), +document.querySelector('h1').textContent]))
    .observe(document.getElementById('sm-page'), {subtree: true, childList: true, characterData: true});
  done();
})"""


def online(page: Page) -> Page:
    expect(page.locator("html")).to_have_attribute("data-online", "true")
    return page


def test_two_tabs_and_two_users_see_one_counter(shared: Server, visitors: Visitors) -> None:
    ada, bob = visitors(), visitors()
    first, second, other = (online(who.open(shared.url)) for who in (ada, ada, bob))
    start = int(first.locator("h1").inner_text())
    first.get_by_text("+5").click()
    for page in (first, second, other):
        expect(page.locator("h1")).to_have_text(str(start + 5))
    other.get_by_text("+1").click()
    for page in (first, second, other):
        expect(page.locator("h1")).to_have_text(str(start + 6))


def test_a_click_is_seen_by_another_user_within_150_ms(
    shared: Server, visitors: Visitors, record_property: Callable[[str, Any], None], capsys: Any
) -> None:
    clicker, watcher = online(visitors().open(shared.url)), online(visitors().open(shared.url))
    watcher.evaluate(WATCH)
    for _ in range(3):  # a machine that is busy with something else gets another try
        p50, p95 = measured(clicker, watcher, 60)
        line = f"click to another user's page: p50 {p50:.0f} ms, p95 {p95:.0f} ms over 60 clicks"
        record_property("click_to_another_page", line)
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")
        if p95 <= 150:
            return
    pytest.fail(line)


def measured(clicker: Page, watcher: Page, count: int) -> tuple[float, float]:
    """Return the median and the 95th percentile, in ms, from a click in one page to its number in another."""
    start = int(watcher.locator("h1").inner_text())
    clicks = clicker.evaluate(CLICK, count)
    expect(watcher.locator("h1")).to_have_text(str(start + count))
    seen = {value: at for at, value in reversed(watcher.evaluate("window.__seen"))}
    reached = [min(at for value, at in seen.items() if value > start + n) for n in range(count)]
    taken = sorted(at - began for at, began in zip(reached, clicks, strict=True))
    return statistics.median(taken), taken[int(count * 0.95)]


def test_a_hundred_clicks_in_one_burst_are_a_hundred(shared: Server, visitors: Visitors) -> None:
    page, other = online(visitors().open(shared.url)), online(visitors().open(shared.url))
    start = int(page.locator("h1").inner_text())
    page.get_by_text("+1", exact=True).evaluate("button => { for (let i = 0; i < 100; i++) button.click() }")
    for each in (page, other):
        expect(each.locator("h1")).to_have_text(str(start + 100))


def test_a_killed_server_comes_back_without_a_reload(serve: Callable[..., Server], visitors: Visitors) -> None:
    server, who = serve(EXAMPLES / "counter.py"), visitors()
    who.expected = ("ERR_", "Failed to load")
    page = online(who.open(server.url))
    boot = page.evaluate("window.__boot")
    page.get_by_text("+5").click()
    expect(page.locator("h1")).to_have_text("5")

    server.kill()
    expect(page.locator("#sm-status")).to_be_visible()
    page.get_by_text("+1", exact=True).click()
    server.start()

    expect(page.locator("#sm-status")).to_be_hidden()
    expect(page.locator("h1")).to_have_text("1")
    expect(page.locator("#sm-toasts")).to_contain_text("starts afresh")
    page.get_by_text("+5").click()
    expect(page.locator("h1")).to_have_text("6")
    assert page.evaluate("window.__boot") == boot


@pytest.mark.parametrize("kills", [1, pytest.param(3, marks=pytest.mark.long)])
def test_nothing_acknowledged_by_a_durable_store_is_lost_when_the_server_is_killed(
    serve: Callable[..., Server], visitors: Visitors, kills: int
) -> None:
    server, who = serve(APPS / "durable.py"), visitors()
    who.expected = ("ERR_", "Failed to load")
    page = online(who.open(server.url))
    boot = page.evaluate("window.__boot")
    button = page.get_by_text("+1")
    expected = 0
    for _ in range(kills):
        button.click()
        button.click()
        expected += 2
        expect(page.locator("h1")).to_have_text(str(expected))
        server.kill()
        button.click()
        button.click()
        expected += 2
        server.start()
        expect(page.locator("h1")).to_have_text(str(expected))
    assert page.evaluate("window.__boot") == boot
    assert "afresh" not in page.locator("body").inner_text()


def test_without_javascript_a_button_is_a_form(shared: Server, visitors: Visitors) -> None:
    page = visitors(java_script_enabled=False).context.new_page()
    page.goto(shared.url)
    start = int(page.locator("h1").inner_text())
    page.get_by_text("+5").click()
    assert page.url == shared.url + "/"
    assert page.locator("h1").inner_text() == str(start + 5)


def test_a_server_with_open_tabs_stops_within_two_seconds(serve: Callable[..., Server], visitors: Visitors) -> None:
    server, who = serve(EXAMPLES / "counter.py"), visitors()
    who.expected = ("ERR_", "Failed to load")
    for _ in range(3):
        online(who.open(server.url))
    assert server.stop() <= 2


@pytest.mark.long
def test_a_reload_keeps_the_open_tab(serve: Callable[..., Server], visitors: Visitors, tmp_path: Any) -> None:
    own = tmp_path / "counter.py"
    source = (EXAMPLES / "counter.py").read_text()
    own.write_text(source)
    server, who = serve(own, program=True, arguments=("--reload",)), visitors()
    who.expected = ("ERR_", "Failed to load")
    page = online(who.open(server.url))
    boot = page.evaluate("window.__boot")
    own.write_text(source.replace("Everybody who has", "Everyone with"))
    expect(page.get_by_text("Everyone with")).to_be_visible(timeout=20_000)
    assert page.evaluate("window.__boot") == boot
