"""Commands arrive once and in order, whatever the network does."""

from __future__ import annotations

import html
import json
from datetime import datetime

from starlette.responses import Response

from starmodel.adapters.fasthtml.wire import elements_frame, js


def on(event: str, call: str) -> str:
    return f'data-on:{event}="{html.escape(call)}"'


def send(url: str, *args: object) -> str:
    return f"@send({', '.join(map(js, (url, *args)))})"


def button(text: str, url: str, *args: object) -> str:
    return f'<button id="b" {on("click__prevent", send(url, *args))}>{text}</button>'


GOING = (
    f'<button id="b" data-indicator="going" {on("click", send("/x/1/y"))}>go</button><i id="i" data-text="$going"></i>'
)


def test_a_click_sends_one_command_with_all_its_headers(tab, stage, until):
    page = tab.open(button("+5", "/counter/7/increment", {"amount": 5}, {"base": 12}))
    page.click("#b")
    until(lambda: stage.posts)
    [post] = stage.posts
    assert post.path == "/counter/7/increment"
    assert post.json == {"amount": 5}
    assert len(post.key) == 32
    expected = {
        "content-type": "application/json",
        "accept": "text/event-stream",
        "starmodel-request": "1",
        "starmodel-base-version": "12",
    }
    assert expected.items() <= post.headers.items()
    tab.assert_clean()


def test_a_burst_of_100_clicks_is_100_commands_in_order(tab, stage, until):
    count = "el.dataset.n = 1 + Number(el.dataset.n || 0); @send('/counter/7/set', {n: el.dataset.n})"
    page = tab.open(f'<button id="b" {on("click", count)}>+</button>')
    page.evaluate("for (let i = 0; i < 100; i++) document.getElementById('b').click()")
    until(lambda: len(stage.posts) == 100)
    assert [post.json["n"] for post in stage.posts] == [str(n) for n in range(1, 101)]
    assert len({post.key for post in stage.posts}) == 100
    tab.assert_clean()


def test_commands_of_different_entities_do_not_wait_for_each_other(tab, stage, until):
    stage.held = True
    calls = "; ".join(send(f"/todo/{name}/toggle") for name in "aabb") + f"; {send('/todo/create')}"
    page = tab.open(f'<button id="b" {on("click", calls)}>go</button>')
    page.click("#b")
    until(lambda: len(stage.posts) == 3)
    page.wait_for_timeout(50)
    assert sorted(post.path for post in stage.posts) == ["/todo/a/toggle", "/todo/b/toggle", "/todo/create"]
    stage.held = False
    until(lambda: len(stage.posts) == 5)


def test_a_lost_answer_is_asked_for_again_with_the_same_key_and_has_one_effect(tab, stage, until, drop):
    done: dict[str, int] = {}

    def execute_then_drop(post):
        first = post.key not in done
        done.setdefault(post.key, len(done) + 1)
        return drop if first else elements_frame(f'<b id="count">{done[post.key]}</b>')

    stage.answer = execute_then_drop
    page = tab.open(button("+", "/counter/7/increment") + '<b id="count">0</b>')
    page.click("#b")
    tab.wait("document.getElementById('count').textContent === '1'")
    assert len(stage.posts) >= 2
    assert len({(post.key, post.body) for post in stage.posts}) == 1
    tab.assert_clean("ERR_", "Failed to load resource")


def test_a_passing_failure_is_tried_again_with_the_same_key(tab, stage, until):
    passing = [502, 503, 504, 408, 429]
    stage.answer = lambda _post: (
        Response(status_code=passing.pop(), headers={"Retry-After": "0.03"}) if passing else None
    )
    page = tab.open(button("+", "/counter/7/increment"))
    page.click("#b")
    until(lambda: len(stage.posts) == 6)
    page.wait_for_timeout(100)
    assert len(stage.posts) == 6
    assert len({post.key for post in stage.posts}) == 1
    assert stage.posts[-1].at - stage.posts[0].at < 2, "Retry-After shortens the wait too"


def test_a_failure_that_does_not_pass_is_told_and_stops_nothing_but_its_own_entity(tab, stage, until):
    refused = Response(status_code=503, headers={"Retry-After": "0.05"})
    stage.answer = lambda post: refused if post.path == "/counter/7/increment" else None
    page = tab.open(
        button("+", "/counter/7/increment") + f'<button id="c" {on("click", send("/counter/8/increment"))}>'
    )
    page.click("#b")
    page.wait_for_selector(".sm-toast:has-text('The server cannot do this now. Trying again…')[data-level=error]")
    page.click("#c")
    until(lambda: "/counter/8/increment" in [post.path for post in stage.posts])
    stage.answer = lambda _post: None
    tab.wait("!document.getElementById('b').hasAttribute('aria-busy')")


NOT_DONE = ".sm-toast:has-text('This was not done, for the server cannot do it now.')[data-level=error]"
UNKNOWN = ".sm-toast:has-text('Whether this was done is not known.')[data-level=error]"


def test_what_is_refused_for_long_is_given_up_and_said_and_what_was_typed_stays(clock, tab, stage, until):
    stage.answer = lambda _post: Response(status_code=503)
    page = tab.open(
        f'<form {on("submit__prevent", send("/todo/create"))}><input id="t" name="title" aria-label="t">'
        f'<button id="b">Save</button></form><button id="c" {on("click", send("/todo/sweep"))}>Sweep</button>'
    )
    clock.pause_at(datetime(2030, 1, 2))
    page.fill("#t", "Tea")
    page.click("#b")
    page.click("#c")
    until(lambda: clock.run_for(1000) or (page.locator(NOT_DONE).count() and "/todo/sweep" in stage.posts[-1].path), 20)
    until(lambda: not page.locator("[aria-busy]").count())
    asked = [post for post in stage.posts if post.path == "/todo/create"]
    assert 6 <= len(asked) <= 20, "the pauses grow"
    assert len(stage.posts) == len(asked) + 1, "what waits behind it is tried once"

    clock.run_for(120_000)
    assert len(stage.posts) == len(asked) + 1
    assert page.locator(NOT_DONE).count() == page.locator(".sm-toast").count() == 1, "it stays until it is closed"
    assert page.input_value("#t") == "Tea"

    stage.answer = lambda _post: None
    page.click("#b")
    tab.wait("document.getElementById('t').value === ''")
    assert {post.key for post in stage.posts if post.path == "/todo/create"} == {asked[0].key}
    page.fill("#t", "Tea")
    page.click("#b")
    until(lambda: stage.posts[-1].key != asked[0].key)


def test_of_what_may_have_been_done_nobody_says_that_it_was_not(clock, tab, stage, until):
    stage.answer = lambda _post: Response(status_code=504, headers={"Retry-After": "3600"})
    field = '<input id="t" name="title" value="{}" aria-label="t" {}>'
    call = on("input", "@send('/todo/7/update', {title: el.value}, {latest: true})")
    page = tab.open(field.format("Tea", call), live="A")
    clock.pause_at(datetime(2030, 1, 2))
    page.fill("#t", "Mate")
    until(lambda: clock.run_for(5000) or page.locator(UNKNOWN).count(), 20)
    assert len(stage.posts) == 2, "it waits as long as it is told to, and asks a last time"
    page.evaluate("document.activeElement.blur()")
    milk, shown = elements_frame(field.format("Milk", call)), "document.getElementById('t').defaultValue"
    until(lambda: clock.run_for(1000) or stage.push(milk) or page.evaluate(shown) == "Milk", 20)  # its stream is new
    assert page.input_value("#t") == "Mate"


def test_a_final_failure_is_told_and_the_next_command_goes(tab, stage, until):
    final = (400, 403, 404, 409, 422, 500)
    stage.answer = lambda post: {"title": "No", "detail": f"Not today: {post.json}", "status": post.json}
    page = tab.open(f'<button id="b" {on("click", ";".join(send("/x/1/no", status) for status in final))}>go</button>')
    page.click("#b")
    until(lambda: len(stage.posts) == len(final))
    page.wait_for_selector(".sm-toast:has-text('Not today: 500')[data-level=error]")
    assert page.locator(".sm-toast span").all_text_contents() == [f"Not today: {status}" for status in final]
    assert [post.json for post in stage.posts] == list(final)


def test_a_failure_without_a_reason_is_told_too(tab, stage, until):
    stage.answer = lambda _post: Response("null", status_code=418, media_type="application/json")
    page = tab.open(button("go", "/x/1/y"))
    page.click("#b")
    page.wait_for_selector(".sm-toast:has-text('This did not work (418).')")


def test_what_was_done_is_told_also_to_whoever_may_not_take_it_back(tab, stage):
    stage.answer = lambda _post: Response(status_code=204, headers={"StarModel-Done": "1"})
    page = tab.open(button("go", "/x/1/y", {}, {"what": "Deleted"}))
    page.click("#b")
    page.wait_for_selector(".sm-toast:has-text('Deleted')[data-level=success]")
    assert page.locator(".sm-undo").count() == 0


def test_only_the_latest_of_the_waiting_commands_of_a_field_goes_out(tab, stage, until):
    stage.held = True
    call = "@send('/todo/7/update', {title: el.value}, {latest: true})"
    page = tab.open(
        f'<input id="t" aria-label="t" {on("input", call)}><input id="u" aria-label="u" {on("input", call)}>'
    )
    page.type("#t", "abcdef", delay=5)
    page.type("#u", "x")
    stage.held = False
    until(lambda: len(stage.posts) == 3)
    assert [post.json["title"] for post in stage.posts] == ["a", "abcdef", "x"]


def test_an_answer_may_be_frames_and_a_line_separator_in_them_is_text(tab, stage, until):
    text = "a\u2028data: elements <i>forged</i>\u2029\u0085b"
    frames = elements_frame(f'<p id="out">{html.escape(text)}\n<i>next</i></p>') + elements_frame(
        "<li>x</li>", selector="#list", mode="append"
    )
    stage.answer = lambda _post: frames
    page = tab.open(button("go", "/x/1/y") + '<p id="out"></p><ul id="list"></ul>')
    page.click("#b")
    page.wait_for_selector("#list li")
    assert page.text_content("#out") == f"{text}\nnext"
    assert page.locator("#out i").count() == 1


def test_a_slow_command_marks_its_element_busy_and_a_quick_one_does_not(clock, tab, stage, until):
    page = tab.open(GOING)
    clock.pause_at(datetime(2030, 1, 2))
    page.click("#b")
    until(lambda: page.text_content("#i") == "false" and stage.posts)
    clock.run_for(1000)
    assert page.get_attribute("#b", "aria-busy") is None

    stage.held = True
    page.click("#b")
    clock.run_for(120)
    assert page.get_attribute("#b", "aria-busy") is None
    clock.run_for(60)
    assert page.get_attribute("#b", "aria-busy") == "true"
    stage.held = False
    page.wait_for_selector("#b:not([aria-busy])")


def test_an_indicator_follows_a_command(tab, stage, until):
    stage.held = True
    page = tab.open(GOING)
    tab.wait("document.getElementById('i').textContent === 'false'")
    page.click("#b")
    tab.wait("document.getElementById('i').textContent === 'true'")
    stage.held = False
    tab.wait("document.getElementById('i').textContent === 'false'")


def test_a_question_is_asked_first_and_cancel_has_the_focus(tab, stage, until):
    page = tab.open(button("Delete", "/x/1/delete", {}, {"confirm": "Delete <b>it</b> for good?"}))
    page.click("#b")
    page.wait_for_selector("dialog:modal")
    assert page.text_content("dialog p") == "Delete <b>it</b> for good?"
    assert page.evaluate("document.activeElement.textContent") == "Cancel"
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog", state="detached")
    assert page.evaluate("document.activeElement.id") == "b"
    page.click("#b")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert stage.posts == []
    page.click("#b")
    page.click("dialog button:has-text('Delete')")
    until(lambda: stage.posts)
    tab.assert_clean()


def test_a_redirect_leads_to_a_fresh_page_instead_of_into_this_one(tab, stage, until):
    stage.answer = lambda _post: Response(status_code=303, headers={"location": "/login"})
    page = tab.open(button("go", "/x/1/y"))
    stage.body = "<h1>Please sign in</h1>"
    page.click("#b")
    page.wait_for_selector("h1")
    assert len(stage.posts) == 1


def test_arguments_are_fixed_when_the_command_is_given(tab, stage, until):
    stage.answer = lambda _post: (
        Response(status_code=503, headers={"Retry-After": "0.1"}) if len(stage.posts) == 1 else None
    )
    page = tab.open(
        f'<button id="b" data-signals="{{n: 1}}" {on("click", "@send(`/x/1/y`, {n: $n}); $n = 2")}>go</button>'
    )
    page.click("#b")
    until(lambda: len(stage.posts) == 2)
    assert [json.loads(post.body) for post in stage.posts] == [{"n": 1}, {"n": 1}]
