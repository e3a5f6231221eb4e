"""What the server may say besides patches: a toast, and where to go."""

from __future__ import annotations

from starmodel.adapters.fasthtml.wire import elements_frame, signals_frame


def say(stage, **word):
    stage.push(signals_frame({"_sm": word}))


def test_a_toast_is_shown_politely_and_can_be_closed(tab, stage, until):
    page = tab.open("", live="A")
    assert page.get_attribute("#sm-toasts", "aria-live") == "polite"
    assert page.get_attribute("#sm-status", "role") == "status"
    say(stage, toast={"text": "<b>Saved</b>", "level": "success"})
    page.wait_for_selector(".sm-toast[data-level=success]")
    assert page.text_content(".sm-toast span") == "<b>Saved</b>"
    page.click(".sm-toast button[aria-label=Close]")
    assert page.locator(".sm-toast").count() == 0
    say(stage, toast={"text": "<b>Saved</b>", "level": "success"})
    page.wait_for_selector(".sm-toast")
    tab.assert_clean()


def test_a_toast_goes_after_six_seconds_but_not_while_it_is_read(tab, stage, until):
    page = tab.open("")
    page.clock.install()
    page.reload()
    page.evaluate("document.body.dataset.ready = 1")
    stage.answer = lambda _post: signals_frame({"_sm": {"toast": {"text": "Hi", "level": "info"}}})
    stage.body = "<button id='b' data-on:click=\"@send('/x/1/y')\">go</button>"
    page.reload()
    page.clock.run_for(10)
    page.click("#b")
    page.wait_for_selector(".sm-toast")
    page.hover(".sm-toast")
    page.clock.run_for(8000)
    assert page.locator(".sm-toast").count() == 1
    page.mouse.move(0, 0)
    page.clock.run_for(1500)
    assert page.locator(".sm-toast").count() == 0


def test_a_word_in_the_first_page_counts_too(tab, stage, until):
    page = tab.open("<i data-signals=\"{_sm: {toast: {text: 'Welcome', level: 'info'}}}\"></i>")
    page.wait_for_selector(".sm-toast:has-text('Welcome')")


def test_go_leads_to_a_path_of_the_same_site(tab, stage, until):
    page = tab.open("", live="A")
    stage.body = "<h1>there</h1>"
    say(stage, go="/there?x=1")
    page.wait_for_selector("h1")
    assert page.url == f"{stage.url}there?x=1"


def test_go_leads_nowhere_else(tab, stage, until):
    page = tab.open('<b id="out"></b>', live="A")
    elsewhere = [
        "//evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "x",
    ]
    for path in elsewhere:
        say(stage, go=path)
    stage.push(elements_frame('<b id="out">still here</b>'))
    tab.wait("document.getElementById('out').textContent === 'still here'")
    assert page.url == stage.url
    tab.assert_clean("StarModel goes only to paths of its own site")
    assert len(tab.complaints) == len(elsewhere)
