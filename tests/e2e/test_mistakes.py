"""A file of the application is saved with a mistake in it: whoever develops it reads that in the page that is open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from .conftest import Server, Visitor

TODO = """\
from starmodel.core import Entity
from starmodel.bootstrap import create_app

class Todo(Entity):
    title: str

app = create_app(Todo)
"""
IS_ON_TOP = """banner => {
  const { left, top, width } = banner.getBoundingClientRect();
  return banner.contains(document.elementFromPoint(left + width / 2, top + 12));
}"""


def test_an_open_page_says_what_is_wrong_with_the_program_until_it_is_mended(
    serve: Callable[..., Server], visitors: Callable[..., Visitor], tmp_path: Path
) -> None:
    own, who = tmp_path / "todo.py", visitors(viewport={"width": 600, "height": 600})  # its header is above
    own.write_text(TODO)
    server = serve(own, program=True, arguments=("--reload",))
    who.expected = ("ERR_", "Failed to load")
    page = who.open(f"{server.url}/todo")
    expect(page.locator("html")).to_have_attribute("data-online", "true")
    boot = page.evaluate("window.__boot")

    own.write_text(TODO.replace("title: str", "title: str = ="))
    banner = page.get_by_role("status").filter(has_text="todo could not be loaded: SyntaxError: ")
    expect(banner).to_contain_text("todo.py:5: title: str = =", timeout=20_000)
    expect(page.locator("html")).to_have_attribute("data-online", "false")
    assert banner.evaluate(IS_ON_TOP)

    own.write_text(TODO)
    expect(page.locator("html")).to_have_attribute("data-online", "true", timeout=20_000)
    expect(page.locator("#sm-status")).to_be_hidden()
    assert page.evaluate("window.__boot") == boot
