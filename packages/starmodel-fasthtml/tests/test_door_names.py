"""What can be called from outside: the declared events of an entity that is there, and nothing else at all."""

from __future__ import annotations

import pytest

from starmodel.core import Entity, event
from starmodel.core.actors import ALLOWED, Decision
from starmodel.core.events import events_of

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Animal(Entity):
    name: str = "?"
    _mood: str = "calm"

    @event
    def feed(self) -> None:
        self.name = "fed"

    def plain_method(self) -> None:
        raise AssertionError("called from outside")

    @classmethod
    def class_method(cls) -> None:
        raise AssertionError("called from outside")

    @staticmethod
    def static_method() -> None:
        raise AssertionError("called from outside")

    @property
    def secret_property(self) -> str:
        raise AssertionError("read from outside")


class Dog(Animal):
    @event
    def bark(self) -> str:
        return "woof"


class Statue(Animal):
    model_config = {"default_events": ()}
    feed = None  # type: ignore[assignment]


class Diary(Entity):
    text: str = ""

    @event
    def write(self, text: str) -> None:
        self.text = text


class Nobody:
    """Hides every diary."""

    def decide(self, actor, action, kind, id, entity):
        return Decision(allowed=False, hidden=True) if kind is Diary and id == "hidden" else ALLOWED


@pytest.fixture
async def app(start):
    return await start(Animal, Dog, Statue, Diary, policies=[Nobody()])


async def test_no_attribute_of_an_entity_can_be_called_unless_it_is_an_event(app, visitor):
    """Every name of every class with every verb: 404 (no such address), 405 (another verb) or a declared event."""
    asked = 0
    for kind in (Animal, Dog, Statue, Diary):
        events = events_of(kind)
        for name in sorted({*dir(kind), *dir(type(kind)), *kind.__entity_fields__, *kind.__entity_private__}):
            for verb in VERBS:
                for path in (f"/{kind.__name__.lower()}/x/{name}", f"/{kind.__name__.lower()}/{name}"):
                    answer = await visitor.ask(
                        verb, path, b"{}" if verb != "GET" else b"", content_type="application/json"
                    )
                    asked += 1
                    if name not in events:
                        assert answer.status == 404, (verb, path)
                    assert "from outside" not in answer.text
    assert asked > 2000


@pytest.mark.parametrize("name", ["feed", "bark", "update", "delete"])
async def test_declared_and_inherited_events_are_the_ones_that_can(visitor, name):
    made = await visitor.post("/dog/create", {"name": "Rex"})

    assert (await visitor.post(f"/dog/{made.json['id']}/{name}")).status == 200


@pytest.mark.parametrize("path", ["/statue/create", "/statue/x/feed", "/statue/x/delete", "/animal/x/bark"])
async def test_what_a_class_leaves_out_or_another_declares_cannot(visitor, path):
    assert (await visitor.post(path, {})).status == 404


NOWHERE = [
    "/diary/nobody/write",
    "/diary/hidden/write",
    "/diary/hidden/read",
    "/diary/x/no_such_event",
    "/diary/no_such_event",
    "/nothing/x/write",
    "/diary/x/__init__",
    "/diary//write",
    "/diary/%20/write",
    "/diary/..%2f..%2fetc/write",
    "/diary/a%00b/write",
    "/diary/a:b/write",
    "/diary/*/write",
    "/diary/{id}/write",
    f"/diary/{'x' * 65}/write",
    f"/diary/{'x' * 5000}/write",
    "/diary/%C3%A4/write",
    "/diary/%ff/write",
    "/nowhere",
    "/_starmodel/nothing.js/more",
    "//evil.example/x",
]


@pytest.fixture
async def hidden(app):
    await app.application.dispatch(Diary.create(text="dear diary").on("hidden"))


@pytest.mark.parametrize("path", NOWHERE)
async def test_whatever_is_not_there_or_hidden_looks_the_same_to_a_program(visitor, hidden, path):
    answer = await visitor.post(path, {"text": "x"})

    assert (answer.status, answer.header("content-type")) == (404, "application/problem+json")
    assert answer.body == (await visitor.post("/diary/nobody/write", {"text": "x"})).body


@pytest.mark.parametrize("path", NOWHERE)
async def test_whatever_is_not_there_or_hidden_looks_the_same_to_a_person(visitor, hidden, path):
    answer = await visitor.form(path, {"text": "x"})

    assert (answer.status, answer.header("content-type")) == (404, "text/html; charset=utf-8")
    assert answer.without_nonce == (await visitor.form("/diary/nobody/write", {"text": "x"})).without_nonce


async def test_a_deleted_entity_is_not_there(visitor):
    made = await visitor.post("/diary/create", {"text": "x"})
    await visitor.post(f"/diary/{made.json['id']}/delete")

    answer = await visitor.post(f"/diary/{made.json['id']}/write", {"text": "y"})

    assert answer.status == 404
    assert answer.body == (await visitor.post("/diary/nobody/write", {"text": "y"})).body


async def test_an_id_that_was_encoded_twice_is_another_id(app, visitor):
    made = await visitor.post("/diary/create", {"text": "x"})
    id = made.json["id"]
    twice = f"%25{ord(id[0]):x}{id[1:]}"

    assert (await visitor.post(f"/diary/{twice}/write", {"text": "y"})).status == 404
    assert (await app.application.load(Diary, id)).entity.text == "x"


async def test_an_id_is_no_argument_of_create(visitor):
    answer = await visitor.post("/diary/create", {"text": "x", "id": "chosen"})

    assert answer.status == 422
    assert (await visitor.post("/diary/chosen/write", {"text": "y"})).status == 404
