"""The examples work as a newcomer finds them: no JavaScript, only links and forms."""

from __future__ import annotations

import importlib.util
import re
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient

EXAMPLES = Path(__file__).parents[3] / "examples"
pytestmark = pytest.mark.skipif(not EXAMPLES.exists(), reason="the examples are in the repository")


def visit(name):
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return TestClient(module.app, base_url="http://localhost", headers={"referer": "http://localhost/"})


def tags(page, tag):
    """Return the attributes of every element of a kind."""
    found = re.findall(rf"<{tag}\b([^>]*)>", page)
    return [
        {
            name: unescape(one or other)
            for name, one, other in re.findall(r"""([\w:.@-]+)=(?:"([^"]*)"|'([^']*)')""", it)
        }
        for it in found
    ]


def press(visitor, label):
    """Press a button outside of any form, as a browser without scripts does, and return the page it leads to."""
    page = visitor.get("/").text
    buttons = re.findall(r"(<button\b[^>]*>)([^<]*)", page)
    (opening,) = [opening for opening, text in buttons if tags(opening, "button")[0].get("aria-label", text) == label]
    key = re.search(r'name="_key" value="([\w-]+)"', page)[1]
    return visitor.post(tags(opening, "button")[0]["formaction"], data={"_key": key}).text


def test_the_counter_counts():
    with visit("counter") as visitor:
        assert "<h1>0</h1>" in visitor.get("/").text
        assert "<h1>1</h1>" in press(visitor, "+1")
        assert "<h1>6</h1>" in press(visitor, "+5")


def titles(page):
    return [it["value"] for it in tags(page, "input") if it.get("aria-label") == "Title"]


def test_todos_are_added_ticked_off_renamed_filtered_and_deleted():
    with visit("todo") as visitor:
        add = tags(visitor.get("/").text, "form")[0]
        for title in ("Wash up", "Buy <milk> & 'bread'"):
            page = visitor.post(add["action"], data={"title": title}).text
        assert titles(page) == ["Buy <milk> & 'bread'", "Wash up"]
        assert "2 open of 2 shown" in page
        assert "<milk>" not in page

        assert "1 open of 2 shown" in press(visitor, "Done: Wash up")
        assert titles(visitor.get("/?show=done").text) == ["Wash up"]

        rename = next(
            it["action"] for it in tags(visitor.get("/?show=done").text, "form") if "/update" in it.get("action", "")
        )
        assert "Wash the dishes" in titles(visitor.post(rename, data={"title": "Wash the dishes"}).text)

        assert titles(press(visitor, "Delete Wash the dishes")) == ["Buy <milk> & 'bread'"]


def test_an_empty_todo_says_what_is_wrong_and_leads_back():
    with visit("todo") as visitor:
        answer = visitor.post("/todo/create", data={"title": "  "})

    assert answer.status_code == 422
    assert "Write down what there is to do." in answer.text
    assert 'href="/"' in answer.text


def test_a_visitor_sees_what_another_did():
    with visit("todo") as visitor:
        other = TestClient(visitor.app, base_url="http://localhost")
        visitor.post("/todo/create", data={"title": "Ours"})

        assert titles(other.get("/").text) == ["Ours"]


@pytest.mark.parametrize(("name", "most"), [("counter", 29), ("todo", 49)])
def test_they_stay_short(name, most):
    assert len((EXAMPLES / f"{name}.py").read_text().splitlines()) <= most


def test_the_demo_has_both():
    import sys

    sys.path.insert(0, str(EXAMPLES))
    try:
        with visit("demo") as visitor:
            assert "<h1>0</h1>" in visitor.get("/").text
            assert "What is there to do?" in visitor.get("/today").text
            assert ">New todo<" in visitor.get("/todo").text  # the page that comes for free
    finally:
        sys.path.remove(str(EXAMPLES))
