"""Two people with a browser each: what one of them does, the other sees."""

from __future__ import annotations

import os
import shutil

from playwright.sync_api import Browser, Page, expect, sync_playwright

__all__ = ["chromium", "create_edit_toggle_delete"]


def create_edit_toggle_delete(url: str) -> None:
    """Do it all on the pages of the tasks in one browser; AssertionError unless the other shows each step by itself."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=_arguments())
        ours, theirs = (_page(browser, f"{url}/task") for _ in range(2))
        try:
            _create(ours)
            expect(theirs.locator("tbody tr", has_text="Water the plants")).to_have_count(1)
            _edit(ours)
            expect(theirs.locator("tbody tr", has_text="Water the roses")).to_have_count(1)
            _toggle(ours)
            expect(theirs.locator("tbody tr").get_by_text("Yes", exact=True)).to_have_count(1)
            _delete(ours)
            expect(theirs.locator("tbody tr", has_text="Water the roses")).to_have_count(0)
        finally:
            browser.close()


BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """Return where the installed Chromium is."""
    found = (shutil.which(name) for name in BROWSERS)
    return next((path for path in found if path), "chromium")


def _arguments() -> list[str]:
    return ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # it refuses to run as root


def _page(browser: Browser, url: str) -> Page:
    page = browser.new_context().new_page()
    page.set_default_timeout(10_000)
    page.goto(url)
    return page


def _create(page: Page) -> None:
    page.get_by_role("link", name="New task").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill("Water the plants")
    dialog.get_by_role("button", name="Create").click()


def _edit(page: Page) -> None:
    page.get_by_role("link", name="Water the plants", exact=True).click()
    page.get_by_role("link", name="Edit").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill("Water the roses")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Water the roses")).to_be_visible()


def _toggle(page: Page) -> None:
    page.get_by_role("button", name="Toggle").click()


def _delete(page: Page) -> None:
    page.get_by_role("link", name="Delete").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
