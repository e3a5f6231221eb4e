"""Forms: what they send, how they show what is wrong, and what they keep afterwards."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starmodel.adapters.fasthtml.wire import elements_frame

FORM = """<form id="f" data-on:submit="@send('/todo/create', {list: 'home'})">
<input type="hidden" name="_key" value="k">
<label>Title <input name="title" required></label><label>Note <textarea name="note">old</textarea></label>
<label>Done <input type="checkbox" name="done"></label><label>Hot <input type="checkbox" name="hot" checked></label>
<label>Plan <input type="checkbox" name="plan" value="b"></label>
<label>x <input type="checkbox" name="tags" value="x" checked></label>
<label>y <input type="checkbox" name="tags" value="y"></label>
<select name="size" aria-label="Size"><option>s</option><option selected>m</option></select>
<button name="how" value="quick">Save</button></form>"""


def problem(*errors: tuple[list[object], str]) -> dict[str, object]:
    listed = [{"loc": loc, "message": message, "code": "invalid"} for loc, message in errors]
    return {"title": "Not valid", "detail": "Please look at the marked fields.", "status": 422, "errors": listed}


def test_a_form_sends_its_fields_its_button_and_what_is_not_checked(tab, stage, until):
    page = tab.open(FORM)
    page.fill("[name=title]", "Milk & 1 + 1 = ü\n")
    page.click("button")
    until(lambda: stage.posts)
    assert stage.posts[0].headers["content-type"] == "application/x-www-form-urlencoded"
    sent = parse_qsl(stage.posts[0].body.decode(), keep_blank_values=True)
    assert sorted(sent) == sorted({
        ("title", "Milk & 1 + 1 = ü"), ("note", "old"), ("done", "false"), ("hot", "true"), ("plan", "false"),
        ("tags", "x"), ("size", "m"), ("how", "quick"), ("list", "home"),
    })  # fmt: skip
    tab.assert_clean()


def test_a_done_form_goes_back_to_its_defaults_and_says_so(tab, stage, until):
    page = tab.open(f'<dialog id="d" data-close-on-done>{FORM}</dialog><i id="log"></i>')
    page.evaluate("document.getElementById('d').showModal()")
    page.evaluate(
        "document.addEventListener('starmodel:done', (e) => document.getElementById('log').textContent = e.target.id)"
    )
    page.fill("[name=title]", "Milk")
    page.fill("[name=note]", "now")
    page.check("[name=done]")
    page.select_option("[name=size]", "s")
    page.keyboard.press("Tab")
    page.click("button")
    tab.wait("!document.getElementById('d').open")
    read = "['title', 'note', 'size'].map(name => document.getElementById('f').elements[name].value)"
    assert page.evaluate(read) == ["", "old", "m"]
    assert not page.is_checked("[name=done]")
    assert page.text_content("#log") == "f"


def test_what_is_typed_while_a_form_is_on_its_way_stays(tab, stage, until):
    stage.held = True
    page = tab.open(FORM)
    page.fill("[name=title]", "Milk")
    page.fill("[name=note]", "fresh")
    page.press("[name=title]", "Enter")
    page.fill("[name=title]", "Bread")
    stage.held = False
    tab.wait("document.querySelector('[name=note]').value === 'old'")
    assert page.input_value("[name=title]") == "Bread"


def test_a_form_that_saves_itself_keeps_what_is_in_it(tab, stage, until):
    page = tab.open(FORM.replace("data-on:submit", "data-on:change"))
    page.fill("[name=title]", "Milk")
    page.focus("[name=note]")
    until(lambda: stage.posts and not stage.running)
    page.wait_for_timeout(50)
    assert page.input_value("[name=title]") == "Milk"


def test_what_is_wrong_is_shown_at_its_field_and_goes_when_it_is_changed(tab, stage, until):
    stage.answer = lambda _post: problem(
        (["body", "title"], "too <b>short</b>"), (["note"], "say more"), (["nowhere"], "?")
    )
    page = tab.open(FORM, live="A")
    page.fill("[name=title]", "M")
    page.click("button")
    page.wait_for_selector(".sm-toast:has-text('Please look')")
    note = page.locator("[name=title] + small.sm-error")
    assert note.text_content() == "too <b>short</b>"
    assert page.get_attribute("[name=title]", "aria-invalid") == "true"
    assert page.get_attribute("[name=title]", "aria-describedby") == note.get_attribute("id")
    assert page.evaluate("document.activeElement.name") == "title"
    assert page.input_value("[name=title]") == "M"
    assert page.locator(".sm-error").count() == 2

    stage.push(elements_frame(FORM.replace("Save", "Keep")))
    page.wait_for_selector("button:has-text('Keep')")
    assert page.locator(".sm-error").all_text_contents() == ["too <b>short</b>", "say more"]

    page.keyboard.type("i")
    assert page.locator(".sm-error").all_text_contents() == ["say more"]
    assert page.get_attribute("[name=title]", "aria-invalid") is None
    assert page.get_attribute("[name=title]", "aria-describedby") is None

    stage.answer = lambda _post: None
    page.click("button")
    page.wait_for_selector(".sm-error", state="detached")
    tab.assert_clean("422")


def test_a_field_of_its_own_shows_its_problem_too(tab, stage, until):
    stage.answer = lambda _post: problem((["title"], "too long"))
    call = "@send('/todo/7/update', {title: el.value})"
    page = tab.open(f'<small id="hint">h</small><input aria-label="t" aria-describedby="hint" data-on:change="{call}">')
    page.fill("input", "x")
    page.keyboard.press("Tab")
    page.wait_for_selector("input[aria-invalid=true] + small:has-text('too long')")
    assert page.get_attribute("input", "aria-describedby").startswith("hint sm-error-")
    page.keyboard.type("y")
    assert page.get_attribute("input", "aria-describedby") == "hint"
