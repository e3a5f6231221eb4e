"""The todo list in a database, without one line of it changed: many servers, other programs, and what survives."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rig.redis import Redis

from .conftest import EXAMPLES, Server, Visitor

Visitors = Callable[..., Visitor]
Serve = Callable[..., Server]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "todo.db"


@pytest.fixture
def on_sql(file: Path) -> dict[str, str]:
    return {"STARMODEL_STORE": "sql", "DATABASE_URL": f"sqlite:///{file}"}


def add(page: Page, title: str) -> None:
    page.get_by_placeholder("What is there to do?").fill(title)
    page.get_by_role("button", name="Add").click()


def elsewhere(file: Path, statement: str) -> None:
    """Do what another program does, which knows nothing of StarModel."""
    connection = sqlite3.connect(file, timeout=10)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_two_servers_and_another_program_are_live_on_one_file(
    serve: Serve, visitors: Visitors, on_sql: dict[str, str], file: Path
) -> None:
    one = serve(EXAMPLES / "todo.py", environment=on_sql)
    two = serve(EXAMPLES / "todo.py", environment=on_sql)
    mine, theirs = visitors().open(one.url), visitors().open(two.url)
    for page in (mine, theirs):
        expect(page.locator("html")).to_have_attribute("data-online", "true")

    add(mine, "Milk")
    expect(theirs.get_by_label("Done: Milk")).to_be_visible()
    theirs.get_by_label("Done: Milk").click()
    expect(mine.get_by_label("Done: Milk")).to_have_attribute("aria-pressed", "true")

    elsewhere(file, "UPDATE todo SET title = 'Oat milk', done = 0")
    for page in (mine, theirs):
        expect(page.get_by_label("Done: Oat milk")).to_have_attribute("aria-pressed", "false", timeout=1000)
    elsewhere(file, "INSERT INTO todo (id, title) VALUES ('by-hand', 'Bread')")
    expect(theirs.get_by_label("Done: Bread")).to_be_visible(timeout=1000)
    theirs.get_by_label("Done: Bread").click()
    expect(mine.get_by_label("Done: Bread")).to_have_attribute("aria-pressed", "true")
    elsewhere(file, "DELETE FROM todo")
    expect(mine.get_by_text("0 open of 0 shown")).to_be_visible(timeout=1000)


@pytest.mark.long
def test_two_servers_are_live_on_one_redis_also_after_it_was_killed(serve: Serve, visitors: Visitors) -> None:
    with Redis(appendfsync="always") as redis:
        on_redis = {"STARMODEL_STORE": "redis", "REDIS_URL": f"{redis.url}?durability=disk"}
        one = serve(EXAMPLES / "todo.py", environment=on_redis)
        two = serve(EXAMPLES / "todo.py", environment=on_redis)
        mine, theirs = visitors().open(one.url), visitors().open(two.url)
        for page in (mine, theirs):
            expect(page.locator("html")).to_have_attribute("data-online", "true")

        add(mine, "Milk")
        expect(theirs.get_by_label("Done: Milk")).to_be_visible()
        redis.kill()
        redis.start()
        theirs.get_by_label("Done: Milk").click()
        expect(mine.get_by_label("Done: Milk")).to_have_attribute("aria-pressed", "true")
        add(mine, "Bread")
        expect(theirs.get_by_label("Done: Bread")).to_be_visible()


def test_what_was_acknowledged_survives_a_kill_and_the_tab_goes_on(
    serve: Serve, visitors: Visitors, on_sql: dict[str, str]
) -> None:
    server = serve(EXAMPLES / "todo.py", environment=on_sql)
    who = visitors()
    who.expected = ("Failed to load resource", "ERR_", "net::")
    page = who.open(server.url)
    boot = page.evaluate("window.__boot")
    for number in range(3):
        add(page, f"Thing {number}")
        expect(page.get_by_label(f"Done: Thing {number}")).to_be_visible()
    server.kill()
    server.start()
    expect(page.locator("html")).to_have_attribute("data-online", "true", timeout=15000)
    add(page, "After")
    expect(page.get_by_text("4 open of 4 shown")).to_be_visible()
    assert page.evaluate("window.__boot") == boot
