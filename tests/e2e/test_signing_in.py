"""Signing in on a real server: by the keyboard, without scripts, on a phone, in the dark; and ended from a terminal."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rig.forks import fork

from .conftest import APPS, Server, Visitor

Visitors = Callable[..., Visitor]
PASSWORD = "a few words for ada"
ADDED = {"STARMODEL_USER_PASSWORD": PASSWORD, "STARMODEL_ENV": "development"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("newsroom")


@pytest.fixture(scope="module")
def server(serve_all: Callable[..., Server], folder: Path) -> Server:
    server = serve_all(APPS / "newsroom.py", folder)
    user(folder, "add", "Ada", "--role", "editor")
    return server


def user(folder: Path, *words: str) -> None:
    """Say it at a terminal beside the server."""
    arguments = ("user", *words, "--app", str(APPS / "newsroom.py"))
    assert fork(*arguments, folder=folder, log=folder / "user.log", environment={**os.environ, **ADDED}).wait() == 0


def enter(page: Page, *texts: str) -> None:
    """Type what is asked for, field after field, and send it: by the keyboard alone."""
    for number, text in enumerate(texts):
        if number:
            page.keyboard.press("Tab")
        page.keyboard.type(text)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_it_works_by_the_keyboard_and_without_scripts(server: Server, visitors: Visitors) -> None:
    page = visitors(java_script_enabled=False, viewport={"width": 360, "height": 640}).context.new_page()
    page.goto(server.url + "/login?next=/story/new")
    expect(page.get_by_label("User name")).to_be_focused()
    enter(page, "ADA", "not the password")
    assert page.title() == "Error: Sign in · Newsroom"
    expect(page.get_by_role("alert")).to_have_text("You are not signed in")
    expect(page.get_by_text("The name or the password is not right.")).to_have_count(1)
    expect(page.get_by_label("User name")).to_have_value("ADA")
    expect(page.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Password")).to_be_focused()
    enter(page, PASSWORD)
    assert page.url == server.url + "/story/new"
    page.goto(server.url + "/logout")
    expect(page.get_by_role("main")).to_contain_text("Ada")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.goto(server.url + "/password")
    assert page.url == server.url + "/login?next=/password"


def test_nothing_keeps_anybody_out_and_disabling_a_user_ends_their_open_page(
    server: Server, visitors: Visitors, folder: Path, axe: Callable[[Page], list[str]]
) -> None:
    visitor = visitors(reduced_motion="reduce")
    visitor.expected = ("403", "404")
    page = visitor.open(server.url + "/login?next=/story")
    enter(page, "ada", "not the password")
    for look, width in (("dark", 360), ("light", 1280)):
        page.emulate_media(color_scheme=look)
        page.set_viewport_size({"width": width, "height": 720})
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    enter(page, PASSWORD)
    expect(page.get_by_role("link", name="Sign out")).to_have_count(1)
    user(folder, "disable", "ada")
    expect(page.get_by_role("link", name="Sign out")).to_have_count(0)
