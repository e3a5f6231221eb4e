"""The live stream comes back from everything, from where it ended, and says when it is away."""

from __future__ import annotations

import pytest

from starmodel.adapters.fasthtml.wire import elements_frame, event_frame, signals_frame

ONLINE = "document.documentElement.dataset.online === 'true'"
OFFLINE = "document.documentElement.dataset.online === 'false'"
HIDDEN = "Object.defineProperty(document, 'hidden', {configurable: true, value: true});"
SHOWN = "delete document.hidden;"  # what a page says itself: one that is closed is hidden, and must know it
CHANGED = "document.dispatchEvent(new Event('visibilitychange'))"


def shown(text: str) -> str:
    return f"document.getElementById('out').textContent === '{text}'"


def test_patches_of_elements_and_signals_arrive(tab, stage, until):
    page = tab.open('<b id="out"></b><i id="sig" data-signals="{n: 1}" data-text="$n"></i>', live="A")
    assert stage.afters == [("A", "e-0")]
    stage.push(elements_frame('<b id="out">one</b>') + signals_frame({"n": 5}))
    tab.wait(shown("one"))
    assert page.text_content("#sig") == "5"
    stage.push(signals_frame({"n": 9, "new": "x"}, only_if_missing=True) + elements_frame('<b id="out">two</b>'))
    tab.wait(shown("two"))
    assert page.text_content("#sig") == "5"
    tab.assert_clean()


def test_a_cleanly_closed_stream_is_opened_again_from_its_last_id(tab, stage, until):
    tab.open('<b id="out"></b>', live="A")
    stage.push(elements_frame('<b id="out">one</b>', event_id="e-7"))
    tab.wait(shown("one"))
    stage.push(None)
    until(lambda: stage.streams and len(stage.afters) == 2)
    assert stage.afters[1] == ("A", "e-7")
    stage.push(elements_frame('<b id="out">two</b>'))
    tab.wait(shown("two"))
    tab.assert_clean("ERR_INCOMPLETE")


def test_a_killed_server_is_found_again_and_the_banner_tells_of_it(tab, stage, until):
    page = tab.open('<b id="out"></b>', live="A")
    stage.push(elements_frame('<b id="out">one</b>', event_id="e-8"))
    tab.wait(shown("one"))
    assert not page.is_visible("#sm-status")
    stage.stop()
    tab.wait(OFFLINE)
    page.wait_for_selector("#sm-status:has-text('Connection lost. Reconnecting…')")
    stage.start()
    tab.wait(ONLINE)
    assert not page.is_visible("#sm-status")
    assert stage.afters[-1] == ("A", "e-8")
    tab.assert_clean("ERR_", "Failed to load resource")


def test_a_refusal_of_the_stream_does_not_end_the_attempts(tab, stage, until):
    tab.open("", live="A")
    stage.stream_status = 503
    stage.push(None)
    until(lambda: len(stage.afters) >= 3)
    stage.stream_status = 200
    tab.wait(ONLINE)
    tab.assert_clean("503", "ERR_INCOMPLETE")


def test_a_stream_that_nothing_is_heard_of_is_given_up_and_opened_again_where_it_was(tab, stage, until, clock):
    tab.open('<b id="out"></b>', live="A")
    stage.push(elements_frame('<b id="out">one</b>', event_id="e-9"))
    tab.wait(shown("one"))
    clock.run_for(40_000)
    stage.push(event_frame("sm-beat", 0) + elements_frame('<b id="out">two</b>'))
    tab.wait(shown("two"))
    clock.run_for(40_000)
    assert len(stage.afters) == 1
    clock.run_for(6_000)
    until(lambda: len(stage.afters) == 2)
    assert stage.afters[1] == ("A", "e-9")


def test_a_hidden_tab_has_no_stream_and_a_shown_one_has(tab, stage, until):
    page = tab.open('<b id="out"></b>', live="A")
    page.evaluate(HIDDEN + CHANGED)
    until(lambda: not stage.streams)
    page.wait_for_timeout(1200)
    assert len(stage.afters) == 1
    assert not page.is_visible("#sm-status")
    page.evaluate(SHOWN + CHANGED)
    until(lambda: len(stage.streams) == 1)


def test_a_tab_that_opens_in_the_background_has_none_before_it_is_shown(tab, stage, until):
    tab.page.add_init_script(HIDDEN)
    stage.body, stage.live = "", "A"
    tab.page.goto(stage.url)
    tab.wait("document.getElementById('sm-status') !== null")
    tab.page.wait_for_timeout(300)
    assert stage.afters == []
    tab.page.evaluate(SHOWN + CHANGED)
    until(lambda: len(stage.streams) == 1)


def test_a_page_that_is_left_closes_its_stream_and_one_that_comes_back_opens_it(tab, stage, until):
    page = tab.open("", live="A")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    until(lambda: not stage.streams)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    until(lambda: len(stage.streams) == 1)


def test_a_patch_may_bring_another_stream(tab, stage, until):
    page = tab.open('<b id="out"></b>', live="A")
    box = '<div id="sm-live" hidden data-url="/_starmodel/live?page={}" data-after="{}"></div>'
    stage.push(elements_frame(box.format("B", "e-40")))
    until(lambda: len(stage.afters) == 2 and len(stage.streams) == 1)
    assert stage.afters[1] == ("B", "e-40")
    stage.push(elements_frame(box.format("B", "e-41")) + elements_frame('<b id="out">same</b>'))
    tab.wait(shown("same"))
    stage.push(elements_frame("", selector="#sm-live", mode="remove"))
    until(lambda: not stage.streams)
    page.wait_for_timeout(400)
    assert len(stage.afters) == 2


def test_a_page_without_anything_live_gets_a_stream_by_a_patch(tab, stage, until):
    box = '<div id="sm-live" data-url="/_starmodel/live?page=B" data-after="e-4"></div>'
    stage.answer = lambda _post: elements_frame(box, selector="body", mode="append")
    page = tab.open("<button data-on:click=\"@send('/x/1/y')\">go</button>")
    page.wait_for_timeout(50)
    assert stage.afters == []
    page.click("button")
    until(lambda: stage.afters == [("B", "e-4")])


@pytest.mark.parametrize("token", ["B", "A"])
def test_a_stale_page_renews_itself_without_losing_what_is_typed(tab, stage, until, token):
    body = '<b id="out">{0}</b><form><input id="t" aria-label="t" value="{0}"></form>'
    page = tab.open(body.format("old"), live="A")
    page.evaluate("window.sameDocument = true")
    page.focus("#t")
    page.keyboard.press("End")
    page.keyboard.type("!")
    stage.body, stage.live, stage.after = body.format("new"), token, "f-1"
    stage.push(event_frame("sm-stale", {}))
    tab.wait(shown("new"))
    until(lambda: len(stage.afters) == 2)
    assert stage.afters[1] == (token, "f-1")
    assert page.input_value("#t") == "old!"
    assert page.evaluate("window.sameDocument")
    tab.wait(ONLINE)
    tab.assert_clean()


def test_a_stale_page_that_cannot_be_renewed_tries_again(tab, stage, until):
    page = tab.open('<b id="out">old</b>', live="A")
    page.route(stage.url, lambda route: route.abort())
    stage.hello = event_frame("sm-stale", {})
    stage.push(stage.hello)
    until(lambda: len(stage.afters) >= 2)
    stage.body = '<b id="out">new</b>'
    page.unroute(stage.url)
    tab.wait(shown("new"))
    stage.hello = b""
    tab.wait(ONLINE)
    assert page.locator("#sm-live").count() == 1
    tab.assert_clean("ERR_FAILED")


def test_a_server_with_fresh_memory_is_announced(tab, stage, until):
    stage.hello = event_frame("sm-hello", {"fresh": False}) + elements_frame('<b id="out">hello</b>')
    page = tab.open('<b id="out"></b>', live="A")
    tab.wait(shown("hello"))
    assert page.locator(".sm-toast").count() == 0
    stage.hello = event_frame("sm-hello", {"fresh": True})
    stage.push(None)
    page.wait_for_selector(".sm-toast:has-text('The server restarted with empty memory; this page starts afresh.')")
    assert page.locator(".sm-toast").count() == 1
