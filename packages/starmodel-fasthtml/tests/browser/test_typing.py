"""What is being typed survives every patch; what is not being typed follows the server."""

from __future__ import annotations

import html
from datetime import datetime

import pytest

from starmodel.adapters.fasthtml.wire import elements_frame

TEXT = "the quick brown fox 12345"


def field(value: str, call: str = "@send('/todo/7/update', {title: el.value}, {latest: true})") -> str:
    return f'<input id="t" aria-label="t" value="{html.escape(value)}" data-on:input="{html.escape(call)}">'


@pytest.mark.parametrize("latency", [0.25, pytest.param(2, marks=pytest.mark.long)])
def test_typing_survives_the_late_echo_of_itself(tab, stage, until, latency):
    stage.latency = latency
    stage.answer = lambda post: stage.push(elements_frame(field(post.json["title"])))
    page = tab.open(field("[]"), live="A")
    page.focus("#t")
    page.evaluate("document.getElementById('t').setSelectionRange(1, 1)")
    page.keyboard.type(TEXT, delay=40)
    assert page.input_value("#t") == f"[{TEXT}]"
    until(lambda: stage.posts[-1].json["title"] == f"[{TEXT}]", 6)
    tab.wait(f"document.getElementById('t').getAttribute('value') === '[{TEXT}]'")
    assert page.input_value("#t") == f"[{TEXT}]"
    assert page.evaluate("document.activeElement.selectionStart") == 1 + len(TEXT)
    tab.assert_clean()


def test_a_field_that_is_left_and_settled_follows_the_server(tab, stage, until):
    page = tab.open(field("") + '<button id="other">x</button>', live="A")
    page.type("#t", "mine")
    page.click("#other")
    until(lambda: stage.posts and stage.posts[-1].json["title"] == "mine")
    page.wait_for_timeout(100)
    stage.push(elements_frame(field("theirs")))
    tab.wait("document.getElementById('t').value === 'theirs'")


def test_what_came_while_a_settled_field_was_focused_is_shown_when_it_is_left(tab, stage, until):
    page = tab.open(field("") + '<button id="other">x</button>', live="A")
    page.type("#t", "mine")
    until(lambda: stage.posts and stage.posts[-1].json["title"] == "mine")
    page.wait_for_timeout(100)
    stage.push(elements_frame(field("theirs")))
    tab.wait("document.getElementById('t').getAttribute('value') === 'theirs'")
    assert page.input_value("#t") == "mine"
    page.click("#other")
    tab.wait("document.getElementById('t').value === 'theirs'")


def test_a_debounced_command_that_is_still_to_come_protects_its_field(clock, tab, stage, until):
    late = field("").replace("data-on:input", "data-on:input__debounce.300ms")
    assert "debounce" in late
    page = tab.open(late + '<button id="other">x</button>', live="A")
    clock.pause_at(datetime(2030, 1, 1, 0, 0, 10))
    page.type("#t", "mine")
    page.click("#other")
    clock.run_for(100)
    stage.push(
        elements_frame(late.replace('value=""', 'value="theirs"')) + elements_frame('<button id="other">y</button>')
    )
    tab.wait("document.getElementById('other').textContent === 'y'")
    assert page.input_value("#t") == "mine"
    clock.run_for(300)
    until(lambda: [post.json["title"] for post in stage.posts] == ["mine"])


def test_every_kind_of_field_in_a_form_keeps_what_the_user_put_in(tab, stage, until):
    def form(text: str, check: str, pick: str) -> str:
        options = "".join(f"<option{' selected' if it == pick else ''}>{it}</option>" for it in "abc")
        return (
            f'<form id="f"><textarea name="x" aria-label="x">{text}</textarea>'
            f'<input type="checkbox" name="y" aria-label="y" {check}>'
            f'<select name="z" aria-label="z">{options}</select><input name="w" aria-label="w" value="{text}"></form>'
        )

    page = tab.open(form("old", "", "a"), live="A")
    page.fill("[name=x]", "typed")
    page.check("[name=y]")
    page.select_option("[name=z]", "c")
    page.focus("[name=w]")
    stage.push(elements_frame(form("new", "disabled", "b")))
    tab.wait("document.querySelector('[name=w]').value === 'new'")
    values = page.evaluate(
        "[...document.getElementById('f').elements].map(el => el.type === 'checkbox' ? el.checked : el.value)"
    )
    assert values == ["typed", True, "c", "new"]
    page.evaluate("document.getElementById('f').reset()")
    assert page.input_value("[name=x]") == "new"
    stage.push(elements_frame(form("newer", "", "a")))
    tab.wait("document.querySelector('[name=x]').value === 'newer'")
    tab.assert_clean()


def test_a_field_that_is_replaced_keeps_text_caret_and_focus(tab, stage, until):
    page = tab.open('<div id="box"><input id="t" aria-label="t"></div>', live="A")
    page.type("#t", "hello")
    page.keyboard.press("ArrowLeft")
    stage.push(elements_frame('<div id="box" data-new><p>x</p><input id="t" aria-label="t"></div>', mode="replace"))
    page.wait_for_selector("#box[data-new]")
    assert page.evaluate("[document.activeElement.id, document.activeElement.selectionStart]") == ["t", 4]
    page.keyboard.type("l")
    assert page.input_value("#t") == "helllo"


def test_a_field_that_becomes_another_one_does_not_inherit_the_text(tab, stage, until):
    page = tab.open('<div id="box"><input name="title" aria-label="t" value="one"></div>', live="A")
    page.type("input", "x")
    stage.push(elements_frame('<div id="box"><input name="city" aria-label="c" value="Bern"></div>'))
    page.wait_for_selector("[name=city]")
    assert page.input_value("input") == "Bern"


def test_a_bound_signal_keeps_what_is_typed(tab, stage, until):
    body = '<input id="t" aria-label="t" data-bind="draft" value="{}"><output id="o" data-text="$draft"></output>'
    page = tab.open(body.format(""), live="A")
    page.type("#t", "hello")
    stage.push(elements_frame('<input id="t" aria-label="t" data-bind="draft" value="server">'))
    tab.wait("document.getElementById('t').getAttribute('value') === 'server'")
    assert (page.input_value("#t"), page.text_content("#o")) == ("hello", "hello")
