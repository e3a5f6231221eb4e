"""Nine lines give a database, an interface for programs and live pages; not one more line is needed."""

from __future__ import annotations

import json
import sqlite3
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from playwright.sync_api import expect

from .conftest import Server, Visitor

TODO = """\
from starmodel.core import Entity, event
from starmodel.bootstrap import create_app

class Todo(Entity):
    title: str
    done: bool = False
    model_config = {"store": "sql"}

    @event
    def toggle(self) -> None:
        self.done = not self.done

app = create_app(Todo)
"""


def test_nine_lines_are_an_application(
    serve: Callable[..., Server], visitors: Callable[..., Visitor], tmp_path: Path
) -> None:
    (tmp_path / "todo.py").write_text(TODO)
    server = serve(tmp_path / "todo.py")
    me = visitors()
    me.expected = ("404",)  # the page of what was deleted is asked for once more, and says so
    mine, theirs = me.open(f"{server.url}/todo"), visitors().open(f"{server.url}/todo")
    rows = theirs.locator("tbody tr")

    for title in ("Buy milk", "Read a book"):
        mine.get_by_role("link", name="New todo").first.click()
        mine.get_by_role("dialog").get_by_label("Title").fill(title)
        mine.keyboard.press("Enter")
        expect(rows.filter(has_text=title)).to_have_count(1)

    mine.get_by_role("row", name="Buy milk").get_by_role("button", name="Toggle").click()
    expect(rows.filter(has_text="Buy milk").get_by_text("Yes", exact=True)).to_be_visible()

    mine.get_by_role("link", name="Buy milk", exact=True).click()
    mine.get_by_role("link", name="Edit").first.click()
    mine.get_by_role("dialog").get_by_label("Title").fill("Buy oat milk")
    mine.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(rows.filter(has_text="Buy oat milk")).to_have_count(1)

    trail = mine.get_by_role("region", name="History").or_(mine.locator("section", has_text="History"))
    expect(trail.get_by_text("Buy milk").first).to_be_visible()  # the value before
    trail.get_by_role("button", name="Undo").first.click()
    expect(rows.filter(has_text="Buy milk")).to_have_count(1)

    theirs.get_by_role("searchbox").fill("book")
    expect(rows).to_have_count(1)
    theirs.goto(f"{server.url}/todo?done=true&sort=-title&limit=10")
    expect(rows.filter(has_text="Buy milk")).to_have_count(1)
    mine.get_by_role("link", name="Delete").first.click()
    mine.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(rows.filter(has_text="Buy milk")).to_have_count(0)

    with urllib.request.urlopen(f"{server.url}/api/openapi.json", timeout=5) as answer:
        assert "/todo/{id}/toggle" in json.load(answer)["paths"]
    with closing(sqlite3.connect(next(tmp_path.glob("*.db")))) as file:
        assert file.execute("SELECT title, done FROM todo").fetchall() == [("Read a book", 0)]
