"""Real tabs: each runs in Chromium, and notes in itself what it showed and when."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .tabs import Tab

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["browsed"]

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_NOTE = """
globalThis.seen = [];
globalThis.away = [];
addEventListener("DOMContentLoaded", () => {
  const now = () => (performance.timeOrigin + performance.now()) / 1000;
  let lost = null;
  const look = () => {
    const found = document.body.textContent.match(/count (\\d+)/);
    if (found && found[1] !== String(seen.at(-1)?.[1])) seen.push([now(), Number(found[1])]);
    const online = document.documentElement.dataset.online;
    if (online === "false") lost ??= now();
    else if (lost !== null) { away.push(now() - lost); lost = null; }
  };
  new MutationObserver(look).observe(document.documentElement,
    { attributes: true, characterData: true, childList: true, subtree: true });
  look();
});
"""


@contextmanager
def browsed(port: int, paths: Sequence[str]) -> Iterator[list[Tab]]:
    """Open each of *paths* in a tab of Chromium while the block lasts; what they noted is in the tabs afterwards.

    Use it in one thread alone: it has a loop of its own.
    """
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert program, "install Chromium: apt-get install chromium"
    tabs = [Tab(port, path) for path in paths]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        context = chromium.new_context()
        context.add_init_script(_NOTE)
        pages = [context.new_page() for _ in tabs]
        for page, tab in zip(pages, tabs, strict=True):
            page.goto(f"http://127.0.0.1:{port}{tab.path}")
            page.wait_for_selector('html[data-online="true"]')
            page.evaluate("seen.splice(0, seen.length - 1), document.original = true")
        yield tabs
        for page, tab in zip(pages, tabs, strict=True):
            _read(page, tab)
        chromium.close()


def _read(page: Page, tab: Tab) -> None:
    """Take over what the tab noted, by the clock of this process."""
    page.wait_for_timeout(2500)  # whoever is late by then is too late
    assert page.evaluate("document.original"), "the page was loaded anew"
    behind = time.monotonic() - time.time()
    tab.seen = [(at + behind, count) for at, count in page.evaluate("seen")]
    tab.away = page.evaluate("away")
    tab.opened = 1 + len(tab.away)
