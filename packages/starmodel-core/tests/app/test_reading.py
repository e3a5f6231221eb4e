"""What somebody may read: rows that policies hide take nobody's place, and are not found out by asking about them."""

from __future__ import annotations

from typing import Annotated
from unittest.mock import ANY

import pytest

from starmodel.app import Application, permitted, readable, reading, tally
from starmodel.app.reading import sifted
from starmodel.core import SYSTEM, Actor, Decision, Entity, NotFoundError, Query, Reference
from starmodel.core.errors import QueryError
from starmodel.core.relations import steps_of
from starmodel.testing import PlainCodec


class Owner(Entity):
    name: str
    of: str = ""
    boss_id: Annotated[str | None, Reference("Owner")] = None


class Note(Entity):
    text: str
    number: int = 0
    of: str = ""
    owner_id: Annotated[str | None, Reference(Owner)] = None


class OwnOnly:
    """Everybody reads what is theirs, or nobody's."""

    def decide(self, actor, action, kind, id, entity, /):
        return Decision(entity is None or entity.of in ("", actor.id), hidden=True)


ADA = Actor("ada", visitor="visitor-ada")


@pytest.fixture
async def app():
    async with Application([Owner, Note], codec=PlainCodec(), policies=[OwnOnly()]) as app:
        for number in range(30):
            of = "ada" if number % 3 == 0 else "bob"
            await app.dispatch(Note.create(text=f"n{number}", number=number, of=of))
        yield app


async def numbers(app, query, actor=ADA):
    page = await permitted(app, Note, query, actor=actor)
    return [stored.entity.number for stored in page.items], page.next


async def test_a_page_is_full_although_some_rows_are_hidden(app):
    found, more = await numbers(app, Query(order=("number",), limit=4))
    assert found == [0, 3, 6, 9]
    assert await numbers(app, Query(order=("number",), limit=9, after=more)) == ([12, 15, 18, 21, 24, 27], None)


async def test_the_last_page_says_that_it_is_the_last_however_many_are_hidden(app):
    assert await numbers(app, Query(order=("number",), limit=10)) == ([*range(0, 30, 3)], None)


async def test_the_program_itself_sees_all(app):
    found, _ = await numbers(app, Query(order=("-number",), limit=2), SYSTEM)
    assert found == [29, 28]


async def test_the_tally_counts_what_may_be_seen(app):
    assert await tally(app, Note, Query(limit=1), actor=ADA) == 10
    assert await tally(app, Note, Query(), actor=ADA, cap=4) == 4
    assert await tally(app, Note, Query(search="n1"), actor=SYSTEM) == 11
    assert await tally(app, Note, Query(where={"number": {"lt": 5}}), actor=SYSTEM) == 5


async def test_too_much_that_is_hidden_is_not_looked_through(app, monkeypatch):
    monkeypatch.setattr(reading, "_MOST", 6)
    with pytest.raises(QueryError, match="too few of them are for you"):
        await permitted(app, Note, Query(where={"of": "bob"}, limit=2), actor=ADA)


async def test_a_page_that_is_full_is_shown_however_much_is_hidden_behind_it(app, monkeypatch):
    monkeypatch.setattr(reading, "_MOST", 6)
    found, more = await numbers(app, Query(order=("number",), limit=2))
    assert found == [0, 3]
    assert await numbers(app, Query(order=("number",), limit=2, after=more)) == ([6, 9], ANY)


async def test_a_hidden_end_of_a_reference_decides_nothing(app):
    open_, hidden = [(await app.dispatch(Owner.create(name="x", of=of))).entity for of in ("", "bob")]
    for owner in (open_, hidden, None):
        await app.dispatch(Note.create(text="by", number=99, of="ada", owner_id=owner and owner.id))
    named = Query(where={"owner_id.name": "x"})
    other = Query(where={"number": 99, "not": {"owner_id.name": "y"}})
    assert [s.entity.owner_id for s in (await permitted(app, Note, named, actor=ADA)).items] == [open_.id]
    assert {s.entity.owner_id for s in (await permitted(app, Note, other, actor=ADA)).items} == {open_.id, None}
    assert len((await permitted(app, Note, named, actor=SYSTEM)).items) == 2


async def test_every_step_of_a_path_must_be_open(app):
    boss = (await app.dispatch(Owner.create(name="boss", of="bob"))).entity
    owner = (await app.dispatch(Owner.create(name="x", boss_id=boss.id))).entity
    await app.dispatch(Note.create(text="by", of="ada", owner_id=owner.id))
    assert (await permitted(app, Note, Query(where={"owner_id.boss_id.name": "boss"}), actor=ADA)).items == ()
    assert len((await permitted(app, Note, Query(where={"owner_id.boss_id": boss.id}), actor=ADA)).items) == 1


def test_the_steps_of_a_condition_are_read_off_it():
    where = {"a.b.c": 1, "or": [{"a.d": 2}, {"e": 1}], "not": {"f.g": 3}}
    assert steps_of(where) == {"a": {"b": {}}, "f": {}}


async def test_what_is_hidden_is_as_if_it_were_not_there(app):
    note = (await app.dispatch(Note.create(text="x", of="bob"))).entity
    for id in (note.id, "nobody", "visitor-bob"):
        with pytest.raises(NotFoundError):
            await readable(app, Note, id, actor=ADA)
    assert (await readable(app, Note, note.id, actor=Actor("bob"))).entity == note


class Cart(Entity):
    items: int = 0


async def test_a_visitors_own_is_there_before_it_was_stored():
    async with Application([Cart], codec=PlainCodec()) as app:
        app.implicit.per_visitor(Cart)
        assert (await readable(app, Cart, "visitor-ada", actor=ADA)).version == 0
        with pytest.raises(NotFoundError):
            await readable(app, Cart, "visitor-bob", actor=ADA)


async def test_what_is_hidden_is_passed_in_strides(app, monkeypatch):
    asked = []
    ask = app.persistence.query

    async def counted(kind, query):
        asked.append(query.limit)
        return await ask(kind, query)

    for number in range(100, 400):
        await app.dispatch(Note.create(text="x", number=number, of="bob"))
    await app.dispatch(Note.create(text="last", number=999, of="ada"))
    monkeypatch.setattr(app.persistence, "query", counted)
    page, is_hiding = await sifted(app, Note, Query(order=("number",), limit=11), actor=ADA)
    assert [stored.entity.number for stored in page.items] == [*range(0, 30, 3), 999]
    assert is_hiding
    assert len(asked) < 7


async def test_what_was_found_is_shown_where_too_much_is_hidden_after_it(app, monkeypatch):
    monkeypatch.setattr(reading, "_MOST", 10)
    page, _ = await sifted(app, Note, Query(order=("number",), limit=8), actor=ADA)
    assert [stored.entity.number for stored in page.items] == [0, 3, 6, 9]
    rest, _ = await sifted(app, Note, Query(order=("number",), limit=8, after=page.next), actor=ADA)
    assert [stored.entity.number for stored in rest.items] == [12, 15, 18]
