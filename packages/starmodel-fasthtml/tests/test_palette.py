"""One place to find everything from: pages, actions and entities, for those who may see them, also without scripts."""

from __future__ import annotations

import re
from datetime import date
from html import unescape

import pytest
from asgi_visitors import Visitor

from starmodel.core import Entity, Private, event
from starmodel.core.actors import ALLOWED, Decision

PALETTE = "/_starmodel/palette"


class Todo(Entity):
    title: str
    done: bool = False
    margin: Private[str] = ""

    @event
    def toggle(self) -> None:
        self.done = not self.done

    @event
    def snooze(self, until: date) -> None:
        """Later."""

    @event
    @classmethod
    def tidy(cls) -> None:
        """Clean up."""


class Person(Entity):
    name: str
    model_config = {"plural": "People"}


class Count(Entity):
    number: int = 0


@pytest.fixture
async def app(start):
    return await start(Todo, Person, Count)


@pytest.fixture
async def filled(app):
    for number, title in enumerate(("Buy milk", "Buy bread", "<i>Mil</i>king & more")):
        await app.application.dispatch(Todo.create(title=title).on(f"t{number}"))
    await app.application.dispatch(Person.create(name="Mila").on("mila"))


async def options(visitor, **query):
    answer = await visitor.get(
        f"{PALETTE}?{'&'.join(f'{k}={v}' for k, v in query.items())}", starmodel_request="options"
    )
    assert answer.status == 200, answer.text
    return answer


def labels(answer):
    found = re.findall(r'<span class="sm-label"><bdi>(.*?)</bdi></span>', answer.text)
    return [unescape(re.sub("</?mark>", "", label)) for label in found]


def attributes(answer, label):
    """Return what the option called *label* holds for the script."""
    options = re.findall(r'<div role="option"([^>]*)>(.*?)</div>', answer.text, re.DOTALL)
    held = next(held for held, inner in options if label in unescape(re.sub("<[^>]*>", "", inner)))
    return dict(re.findall(r'data-(\w+)(?:="([^"]*)")?', held))


async def test_without_words_it_shows_the_pages_and_what_can_be_made(app, visitor):
    assert labels(await options(visitor)) == [
        "Todos", "People", "Counts", "New todo", "Todos: Tidy", "New person", "New count",
    ]  # fmt: skip


async def test_it_finds_entities_by_their_words(app, filled, visitor):
    assert sorted(labels(await options(visitor, q="mil"))) == ["<i>Mil</i>king & more", "Buy milk", "Mila"]


async def test_what_was_searched_is_marked_and_everything_is_text(app, filled, visitor):
    answer = await options(visitor, q="mil")
    assert "Buy <mark>mil</mark>k" in answer.text
    assert "&lt;i&gt;<mark>Mil</mark>&lt;/i&gt;" in answer.text
    assert "<i>" not in answer.text


async def test_an_event_and_an_entity_are_said_in_one_breath(app, filled, visitor):
    answer = await options(visitor, q="snooze+bread")
    assert labels(answer) == ["Snooze: Buy bread"]
    assert attributes(answer, "Snooze")["href"] == "/todo/t1/do/snooze"
    answer = await options(visitor, q="tog+milk")
    assert attributes(answer, "Toggle: Buy milk")["send"] == "/todo/t0/toggle"
    assert attributes(await options(visitor, q="edit+mila"), "Edit: Mila")["href"] == "/person/mila/edit"


async def test_what_can_be_done_with_an_entity_is_asked_for_by_its_name(app, filled, visitor):
    assert attributes(await options(visitor, q="bread"), "Buy bread")["of"] == "todo/t1"
    answer = await options(visitor, of="todo/t1")
    assert labels(answer) == ["Buy bread", *(f"{name}: Buy bread" for name in ("Toggle", "Snooze", "Edit", "Delete"))]


@pytest.mark.parametrize("of", ["todo/none", "nothing/t1", "todo", "todo/../x", "person/t1"])
async def test_what_is_not_there_has_no_actions(app, filled, visitor, of):
    answer = await visitor.get(f"{PALETTE}?of={of}", starmodel_request="options")
    assert answer.status == 404


async def test_only_what_may_be_seen_is_found_and_only_what_may_be_done_is_offered(start, visitor):
    class Rule:
        def decide(self, actor, action, kind, id, entity, /):
            hidden = entity is not None and getattr(entity, "title", "").startswith("secret")
            return Decision(allowed=False, hidden=True) if hidden or action == "toggle" else ALLOWED

    app = await start(Todo, policies=[Rule()])
    for title in ("secret milk", "open milk"):
        await app.application.dispatch(Todo.create(title=title).on(title.split()[0]))
    visitor = Visitor(app)
    assert labels(await options(visitor, q="milk")) == ["open milk"]
    assert labels(await options(visitor, q="toggle+milk")) == []
    assert "Toggle: open milk" not in labels(await options(visitor, of="todo/open"))
    assert (await visitor.get(f"{PALETTE}?of=todo/secret", starmodel_request="options")).status == 404


async def test_private_values_are_not_searched(app, visitor):
    await app.application.dispatch(Todo.create(title="x").on("a"))
    assert labels(await options(visitor, q="margin")) == []


@pytest.mark.parametrize("text", ["%25", "%22%27%3C", "a+" * 300, "%00", "%ED%A0%80", "x" * 5000, "+++"])
async def test_no_text_breaks_it(app, filled, visitor, text):
    assert (await visitor.get(f"{PALETTE}?q={text}", starmodel_request="options")).status == 200
    assert (await visitor.get(f"{PALETTE}?q={text}")).status == 200


async def test_the_dialog_is_a_combobox_with_a_list(app, visitor):
    answer = await visitor.get(PALETTE, starmodel_request="palette")
    assert re.search(r'<dialog[^>]*id="sm-palette"', answer.text)
    for part in ('role="combobox"', 'aria-controls="sm-palette-list"', 'role="listbox"', 'role="status"'):
        assert part in answer.text
    assert "7 results" in answer.text


async def test_every_page_of_the_site_leads_to_it(app, visitor):
    assert f'<a href="{PALETTE}"' in (await visitor.get("/todo")).text


async def test_without_scripts_it_is_a_page(app, filled, visitor):
    page = await visitor.open(f"{PALETTE}?q=toggle+bread")
    assert 'value="toggle bread"' in page.main
    button = re.search(r"<button[^>]*>Toggle: Buy bread</button>", page.main)[0]
    assert 'formaction="/todo/t1/toggle"' in button
    assert 'href="/todo/t0"' in (await visitor.open(f"{PALETTE}?q=milk")).main
    assert "Nothing found" in (await visitor.open(f"{PALETTE}?q=nothing")).main


async def test_an_event_is_found_by_its_name_alone(filled, visitor):
    found = labels(await options(visitor, q="snoo"))
    assert found == ["Snooze: <i>Mil</i>king & more", "Snooze: Buy bread", "Snooze: Buy milk"]
