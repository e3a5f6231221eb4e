"""What pages promise beside the examples: typing is kept, steps are shown, what is a visitor's own stays so."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .conftest import APPS, Server, Visitor

Visitors = Callable[..., Visitor]


@pytest.fixture(scope="module")
def server(serve_all: Callable[..., Server]) -> Server:
    return serve_all(APPS / "notes.py")


@pytest.mark.long
@pytest.mark.parametrize("delay", [0.25, 2.0])
def test_typing_is_never_overwritten_by_a_late_reply(server: Server, visitors: Visitors, delay: float) -> None:
    server.send("/note/note/update", delay=delay, text="")
    page, other = visitors().open(server.url), visitors().open(server.url)
    field = page.get_by_label("Note")
    expect(field).to_have_value("")
    text = "the quick brown fox jumps"
    field.press_sequentially(text, delay=60)
    expect(field).to_have_value(text)
    expect(other.locator("#stored")).to_have_text(text, timeout=15_000)
    expect(page.locator("#stored")).to_have_text(text)
    assert field.input_value() == text
    assert field.evaluate("el => el.selectionStart") == len(text)


def test_a_field_shown_by_a_signal_is_kept_up_to_date(server: Server, visitors: Visitors) -> None:
    server.send("/note/note/update", delay=0, saves=7)
    page = visitors().open(server.url)
    expect(page.locator("#saves")).to_have_text("7")
    expect(page.locator("html")).to_have_attribute("data-online", "true")
    server.send("/note/note/write", text="again")
    expect(page.locator("#saves")).to_have_text("8")


def test_the_steps_of_a_long_event_are_shown_as_they_happen(server: Server, visitors: Visitors) -> None:
    server.send("/job/job/update", done=0, result="")
    page = visitors().open(server.url + "/job")
    expect(page.locator("html")).to_have_attribute("data-online", "true")
    page.evaluate("""() => { window.__steps = [];
      new MutationObserver(() => window.__steps.push(document.querySelector('progress').value))
        .observe(document.getElementById('sm-page'), {subtree: true, attributes: true, childList: true}) }""")
    page.get_by_text("Print").click()
    expect(page.locator("#result")).to_have_text("printed")
    steps = list(dict.fromkeys(page.evaluate("window.__steps")))
    assert len(steps) >= 3
    assert steps == sorted(steps)


def test_a_long_event_that_fails_leaves_what_was_there(server: Server, visitors: Visitors) -> None:
    server.send("/job/job/update", done=0, result="old")
    who = visitors()
    who.expected = ("409",)
    page = who.open(server.url + "/job")
    expect(page.locator("html")).to_have_attribute("data-online", "true")
    page.get_by_text("Fail").click()
    expect(page.get_by_text("The machine is out of paper.").first).to_be_visible()
    expect(page.locator("progress")).to_have_js_property("value", 0)
    expect(page.locator("#result")).to_have_text("old")


def test_each_visitor_has_their_own(server: Server, visitors: Visitors) -> None:
    mine, theirs = visitors(), visitors()
    first, second, other = (
        mine.open(server.url + "/own"),
        mine.open(server.url + "/own"),
        theirs.open(server.url + "/own"),
    )
    expect(second.locator("html")).to_have_attribute("data-online", "true")
    first.get_by_text("+1").click()
    expect(second.locator("h1")).to_have_text("1")
    expect(other.locator("h1")).to_have_text("0")
    action = first.locator("button").first.get_attribute("formaction")
    reply = theirs.context.request.post(
        server.url + str(action), headers={"Content-Type": "application/json"}, data="{}"
    )
    assert reply.status == 404
    expect(first.locator("h1")).to_have_text("1")


def test_what_is_private_never_reaches_the_browser(server: Server, visitors: Visitors) -> None:
    who = visitors()
    page = who.context.new_page()
    bodies: list[str] = []
    page.on("response", lambda response: bodies.append(response.url))
    page.goto(server.url)
    expect(page.locator("html")).to_have_attribute("data-online", "true")
    reply = who.context.request.post(
        server.url + "/note/note/write", headers={"Content-Type": "application/json"}, data='{"text": "x"}'
    )
    assert "canary" not in reply.text() + page.content()
    assert bodies


def test_hidden_tabs_catch_up_when_they_are_shown(server: Server, visitors: Visitors) -> None:
    server.send("/note/note/update", delay=0, text="before")
    page = visitors().open(server.url)
    expect(page.locator("html")).to_have_attribute("data-online", "true")
    page.evaluate("""() => { Object.defineProperty(document, 'hidden', {value: true, configurable: true});
      Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true});
      document.dispatchEvent(new Event('visibilitychange')) }""")
    time.sleep(0.2)
    server.send("/note/note/write", text="while away")
    time.sleep(0.3)
    assert page.locator("#stored").inner_text() == "before"
    page.evaluate("""() => { delete document.hidden; delete document.visibilityState;
      document.dispatchEvent(new Event('visibilitychange')) }""")
    expect(page.locator("#stored")).to_have_text("while away")


def test_an_event_may_answer_with_a_message_or_another_page(server: Server, visitors: Visitors) -> None:
    page = visitors().open(server.url + "/own")
    page.get_by_text("Greet").click()
    expect(page.locator("#sm-toasts")).to_contain_text("Good <b>morning</b>!")
    page.get_by_text("Leave").click()
    expect(page.get_by_role("heading", name="Job")).to_be_visible()


def test_an_answer_of_another_page_works_without_javascript(server: Server, visitors: Visitors) -> None:
    page = visitors(java_script_enabled=False).context.new_page()
    page.goto(server.url + "/own")
    page.get_by_text("Leave").click()
    assert page.url == server.url + "/job"


def test_two_forms_that_change_different_fields_are_merged(server: Server, visitors: Visitors) -> None:
    server.send("/card/card/update", title="Title", body="Body")
    mine, theirs = visitors().open(server.url + "/card"), visitors().open(server.url + "/card")
    for page in (mine, theirs):
        expect(page.locator("html")).to_have_attribute("data-online", "true")
    mine.get_by_label("Title").fill("My title")
    theirs.get_by_label("Body").fill("Their body")
    theirs.get_by_role("button", name="Save").click()
    expect(mine.get_by_label("Body")).to_have_value("Their body")
    mine.get_by_role("button", name="Save").click()
    expect(theirs.get_by_label("Title")).to_have_value("My title")
    expect(mine.get_by_label("Body")).to_have_value("Their body")


def test_two_forms_that_change_the_same_field_show_both_values(server: Server, visitors: Visitors) -> None:
    server.send("/card/card/update", title="Title", body="Body")
    me, them = visitors(), visitors()
    me.expected = ("409",)
    mine, theirs = me.open(server.url + "/card"), them.open(server.url + "/card")
    for page in (mine, theirs):
        expect(page.locator("html")).to_have_attribute("data-online", "true")
    mine.get_by_label("Title").fill("Title of mine")
    theirs.get_by_label("Title").fill("Theirs")
    theirs.get_by_role("button", name="Save").click()
    expect(mine.locator("form[data-base]")).not_to_have_attribute("data-base", "1")
    expect(mine.get_by_label("Title")).to_have_value("Title of mine")
    mine.get_by_role("button", name="Save").click()
    expect(mine.locator(".sm-error")).to_contain_text("'Theirs'")
    expect(mine.get_by_label("Title")).to_have_value("Title of mine")
    mine.get_by_role("button", name="Save").click()
    expect(theirs.get_by_label("Title")).to_have_value("Title of mine")


def test_a_stale_form_without_javascript_is_merged_or_refused(server: Server, visitors: Visitors) -> None:
    server.send("/card/card/update", title="Title", body="Body")
    page = visitors(java_script_enabled=False).context.new_page()
    page.goto(server.url + "/card")
    server.send("/card/card/update", body="Changed meanwhile")
    page.get_by_label("Title").fill("New title")
    page.get_by_role("button", name="Save").click()
    assert page.get_by_label("Title").input_value() == "New title"
    assert page.get_by_label("Body").input_value() == "Changed meanwhile"
    server.send("/card/card/update", title="Somebody was faster")
    page.get_by_label("Title").fill("Too late")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Somebody was faster").first).to_be_visible()
