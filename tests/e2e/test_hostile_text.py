"""Text that somebody means badly, through every door and onto every page: it is shown, and nothing of it runs."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .apps.hostile_texts import HOSTILE, SOME
from .conftest import APPS, Server, Visitor

WATCH = """
window.ran = [];
window.hit = (n) => window.ran.push(`hit ${n}`);
for (const name of ["alert", "open", "print"]) window[name] = () => window.ran.push(name);
document.addEventListener("securitypolicyviolation", (evt) => window.ran.push(evt.violatedDirective));
"""
TEXTS = "(all) => all.map((el) => el.textContent)"


@pytest.fixture(scope="module")
def server(serve_all: Callable[..., Server]) -> Server:
    return serve_all(APPS / "hostile.py")


@pytest.fixture
def watched(server: Server, visitors: Callable[..., Visitor]) -> Iterator[Callable[..., Page]]:
    """Open pages in which whatever runs, or is kept from it by the policy of the page, is noted."""
    visitor = visitors(script=WATCH)
    visitor.expected = ("status of 4", "net::ERR_ABORTED")
    pages: list[Page] = []

    def open_page(path: str) -> Page:
        pages.append(visitor.open(server.url + path))
        return pages[-1]

    yield open_page
    for page in pages:
        assert page.evaluate("window.ran") == []
        assert page.evaluate("document.querySelectorAll('body iframe, math, animate, main script').length") == 0


@pytest.fixture(
    scope="module", params=[pytest.param(SOME, id="some"), pytest.param(HOSTILE, id="all", marks=pytest.mark.long)]
)
def texts(request: pytest.FixtureRequest) -> list[str]:
    found: list[str] = request.param
    return found


@pytest.fixture(scope="module")
def things(server: Server, texts: list[str]) -> list[str]:
    """A thing of each text in each of its fields, in the order of the texts."""
    return [made(server, text) for text in texts]


@pytest.fixture(scope="module")
def everything(server: Server, texts: list[str]) -> str:
    """One thing that holds all the texts, and has had others."""
    id = server.create("/thing", title=texts[0], tags=texts)
    parts = [{"word": text, "deep": {"word": text}} for text in texts]
    server.send(f"/thing/{id}/update", parts=parts, table={text: text for text in texts}, tags=texts[::-1])
    server.send(f"/thing/{id}/update", notes="\n".join(texts), tags=texts)
    return id


def made(server: Server, text: str) -> str:
    person = server.create("/person", name=text)
    part = {"word": text, "deep": {"word": text}}
    plain = {"title": text, "notes": text, "mail_email": text, "home_url": text, "odd": text, "tags": [text]}
    return server.create("/thing", **plain, part=part, parts=[part], table={text: text}, person_id=person)


def as_parsed(text: str) -> str:
    """Return what a parser of HTML makes of a text: it knows one kind of line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def cells(page: Page, things: list[str], field: str) -> list[str]:
    return [page.locator(f"[id='thing-{id}-{field}']").evaluate("(el) => el.textContent") for id in things]


def test_every_field_in_a_list_shows_it_as_it_is(
    watched: Callable[..., Page], things: list[str], texts: list[str]
) -> None:
    page = watched("/thing?limit=100&columns=title,notes,mail_email,home_url,odd,tags,part,parts,table,person_id")
    shown = [as_parsed(text) for text in texts]
    for field in ("title", "notes", "mail_email", "home_url", "tags", "person_id"):
        assert cells(page, things, field) == shown, field
    assert cells(page, things, "table") == [f"{text}: {text}" for text in shown]
    assert cells(page, things, "part") == [f"{text}, {text}" for text in shown]
    hrefs = page.locator("main a[href]").evaluate_all("(all) => all.map((el) => el.protocol)")
    assert set(hrefs) == {"http:"}


def test_a_second_tab_is_patched_with_it(
    watched: Callable[..., Page], server: Server, things: list[str], texts: list[str]
) -> None:
    first, second = watched("/thing?limit=100"), watched("/thing?limit=100&columns=title,notes,tags")
    expect(second.locator("html")).to_have_attribute("data-online", "true")
    turned = [*texts[1:], texts[0]]
    for id, text in zip(things, turned, strict=True):
        server.send(f"/thing/{id}/update", title=text, notes=text, tags=[text, text])
    shown = [as_parsed(text) for text in turned]
    expect(second.locator(f"[id='thing-{things[-1]}-tags']")).to_have_text(f"{shown[-1]}, {shown[-1]}")
    assert cells(second, things, "title") == cells(second, things, "notes") == shown
    assert cells(first, things, "title") == shown
    for id, text in zip(things, texts, strict=True):
        server.send(f"/thing/{id}/update", title=text, notes=text, tags=[text])


def test_its_page_its_past_and_its_form_hold_it(
    watched: Callable[..., Page], everything: str, texts: list[str]
) -> None:
    page = watched(f"/thing/{everything}")
    said = page.locator("main").evaluate("(el) => el.textContent")
    assert [text for text in texts if as_parsed(text) not in said] == []
    form = watched(f"/thing/{everything}/edit")
    for name in ("tags", "parts", "parts.deep"):
        pattern = {"tags": r"tags\.\d+", "parts": r"parts\.\d+\.word", "parts.deep": r"parts\.\d+\.deep\.word"}[name]
        values = form.locator("main [name]").evaluate_all(
            "(all, pattern) => all.filter((el) => RegExp(`^${pattern}$`).test(el.name)).map((el) => el.value)", pattern
        )
        assert values == list(map(as_parsed, texts)), name
    assert form.get_by_label("Notes").input_value() == "\n".join(map(as_parsed, texts))
    options = form.locator("[name=odd] option").evaluate_all("(all) => all.map((el) => el.value)")
    assert options[-len(HOSTILE) :] == [as_parsed(text) for text in HOSTILE]


def test_it_is_typed_into_a_dialog_refused_saved_and_taken_back(
    watched: Callable[..., Page], server: Server, texts: list[str]
) -> None:
    id = server.create("/thing", title="plain")
    other, page = watched("/thing?limit=100&sort=-id&columns=title,notes"), watched(f"/thing/{id}")
    for text in texts[::8]:
        page.get_by_role("link", name="Edit").click()
        dialog = page.get_by_role("dialog")
        dialog.locator("[name=title]").fill(text)
        dialog.locator("[name=notes]").fill("refuse")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_role("alert")).to_contain_text(as_parsed(text).strip())
        dialog.locator("[name=notes]").fill(text)
        dialog.get_by_role("button", name="Save").click()
        expect(dialog).to_be_hidden()
        expect(other.locator(f"[id='thing-{id}-notes']")).to_have_text(as_parsed(text))
    page.locator("#sm-toasts").get_by_role("button", name="Undo").last.click()
    expect(other.locator(f"[id='thing-{id}-title']")).not_to_have_text(as_parsed(text))
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("This is not there any more.").first).to_be_visible()


def test_a_message_says_it(watched: Callable[..., Page], things: list[str], texts: list[str]) -> None:
    page = watched("/thing?limit=100")
    toast = page.locator("#sm-toasts .sm-toast:last-child span")
    for id, text in list(zip(things, texts, strict=True))[::2]:
        row = page.locator(f"[id='thing-{id}']")
        row.get_by_role("button", name="Tell").evaluate("(el) => el.click()")
        expect(toast).to_have_text(as_parsed(text))
        row.get_by_role("button", name="Protest").evaluate("(el) => el.click()")
        expect(page.locator("#sm-toasts .sm-toast[data-level=error]:last-child span")).to_have_text(as_parsed(text))


def test_the_palette_and_a_reference_find_it(watched: Callable[..., Page], things: list[str], texts: list[str]) -> None:
    page = watched("/person")
    page.keyboard.press("Control+k")
    palette = page.locator("#sm-palette-text")
    for text in texts[::7]:
        palette.fill(text)
        found = page.locator("#sm-palette-list .sm-label").filter(has_text=as_parsed(text).strip())
        expect(found.first).to_be_visible()
    form = watched(f"/thing/{things[0]}/edit")
    combobox = form.get_by_role("combobox", name="Person")
    assert combobox.input_value() == texts[0]
    for text in texts[::7]:
        combobox.fill("")
        combobox.press_sequentially(text[:12])
        expect(form.get_by_role("option").filter(has_text=as_parsed(text).strip()).first).to_be_visible()
        form.keyboard.press("Escape")


def test_an_address_may_hold_it_anywhere(
    watched: Callable[..., Page], server: Server, things: list[str], texts: list[str]
) -> None:
    where = {"or": [{"title": text} for text in texts]}
    page = watched(f"/thing?limit=100&where={urllib.parse.quote(json.dumps(where))}")
    chips = page.locator(".sm-chips").evaluate("(el) => el.textContent")
    assert [text for text in texts if as_parsed(text) not in chips] == []
    page.get_by_role("link", name=re.compile("^Filter")).click()
    expect(page.get_by_role("dialog").locator("input[name^='v']")).to_have_count(len(texts))
    for text in texts[::7]:
        said = urllib.parse.quote(text, safe="")
        page.goto(f"{server.url}/thing?title={said}&q={said}")
        expect(page.locator(".sm-chips")).to_contain_text(as_parsed(text).strip())
        for path in (f"/thing?{said}={said}", f"/thing?sort={said}", f"/thing/{said}"):
            page.goto(server.url + path)
            assert page.evaluate("window.ran") == []


@pytest.mark.long
def test_a_view_may_be_called_so(watched: Callable[..., Page], texts: list[str]) -> None:
    page = watched("/thing")
    keep = """async (names) => {
      for (const name of names) {
        const query = `title=${encodeURIComponent(name)}`;
        const body = new URLSearchParams({ name, of: "/thing", query, shared: "false" });
        await fetch("/starmodelview/keep", { method: "POST", body, redirect: "manual" });
      }
    }"""
    short = [text for text in texts if len(text) <= 80]
    page.evaluate(keep, short)
    page.get_by_role("link", name="Views").click()
    names = page.get_by_role("dialog").locator(".sm-views li a")
    expect(names).to_have_count(len(short))
    assert sorted(names.evaluate_all(TEXTS)) == sorted(as_parsed(text).strip() for text in short)


@pytest.mark.long
def test_a_file_of_it_is_looked_at_and_imported(watched: Callable[..., Page], tmp_path: Path, texts: list[str]) -> None:
    path = tmp_path / "<img src=x onerror=hit(99)>.csv"
    quoted = ['"' + text.replace('"', '""') + '"' for text in texts]
    header = ",".join(["title", "notes", "odd", *quoted])
    lines = [",".join([text, text, '"no such"' if number % 9 else '""', *quoted]) for number, text in enumerate(quoted)]
    path.write_text("\n".join([header, *lines]), newline="")
    page = watched("/thing/import")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Try it")).to_be_visible()
    labels = page.locator(".sm-columns label").evaluate_all(TEXTS)
    assert [label.strip() for label in labels[3:]] == [as_parsed(text).strip() for text in texts]
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("What does not fit").first).to_be_visible()
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("It is done.")).to_be_visible()
