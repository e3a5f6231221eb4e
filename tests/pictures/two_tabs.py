"""The demo in two tabs: what is clicked in one is seen in the other."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page

from .film import WINDOW, Film, side_by_side

__all__ = ["film_two_tabs", "picture_todos"]


def film_two_tabs(browser: Browser, url: str, target: Path) -> None:
    """Film a counter that counts in both tabs, and todos that come, change and are done in both."""
    film = Film(_two_pages(browser, "light"))
    one, two = film.pages
    _go(film.pages, url)
    film.hold(700)
    for page, button, count in ((one, "+1", 1), (one, "+1", 2), (one, "+5", 7), (two, "+1", 8)):
        film.click(page.get_by_role("button", name=button, exact=True))
        film.until(lambda page, count=count: page.get_by_role("heading", name=str(count), exact=True), 450)
    film.hold(700)
    _go(film.pages, f"{url}/today")
    film.hold(600)
    for title in ("Milk", "Bread"):
        film.type(one.get_by_label("New"), title)
        film.click(one.get_by_role("button", name="Add"))
        film.until(lambda page, title=title: page.get_by_label(f"Delete {title}"), 500)
    film.click(two.get_by_label("Done: Milk"))
    film.until(lambda page: page.get_by_label("Done: Milk").get_by_text("✓"), 700)
    film.type(one.get_by_label("Title").first, "Brown bread")
    one.keyboard.press("Tab")
    film.until(lambda page: page.get_by_label("Delete Brown bread"), 900)
    film.click(one.get_by_label("Done: Brown bread"))
    film.until(lambda page: page.get_by_text("0 open of 2 shown"), 1600)
    film.save(target)
    _leave(film.pages)


def picture_todos(browser: Browser, url: str, folder: Path) -> None:
    """Take ``todo-light.png`` and ``todo-dark.png``: what the film has left."""
    for colours in ("light", "dark"):
        pages = _two_pages(browser, colours)
        _go(pages, f"{url}/today")
        side_by_side(pages).save(folder / f"todo-{colours}.png", optimize=True)
        _leave(pages)


def _two_pages(browser: Browser, colours: str) -> tuple[Page, Page]:
    context = browser.new_context(viewport=WINDOW, reduced_motion="reduce", color_scheme=colours)
    return context.new_page(), context.new_page()


def _go(pages: tuple[Page, Page], url: str) -> None:
    for page in pages:
        page.goto(url)
        page.locator('html[data-online="true"]').wait_for()


def _leave(pages: tuple[Page, Page]) -> None:
    pages[0].context.close()
