"""Who may do what, as classes and events say it themselves: one decision, and one condition that means the same."""

from __future__ import annotations

from enum import Enum
from itertools import product
from typing import Annotated

import pytest

from starmodel.app import may_read, past_of, permitted, readable, tally, walk
from starmodel.core import (
    Actor,
    Command,
    Entity,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    Owner,
    Private,
    Query,
    Unit,
    anyone,
    event,
    listed,
    nobody,
    owner,
    roles,
    signed_in,
    when,
)
from starmodel.core.actors import ALLOWED
from starmodel.core.errors import DefinitionError
from starmodel.core.query import matches


class Stage(Enum):
    DRAFT = "draft"
    OUT = "out"


class Note(Entity):
    text: str = ""
    made_by: Annotated[str, Owner()] = ""
    stage: Stage = Stage.DRAFT
    readers: list[str] = []
    price: Private[int] = 0
    model_config = {"policy": {"read": owner | when(stage="out") | listed("readers"), "*": owner | roles("editor")}}

    @event(policy=owner)
    def show_to(self, reader: str) -> None:
        self.readers = [*self.readers, reader]

    @event(policy=roles("editor"))
    def publish(self) -> None:
        self.stage = Stage.OUT

    @event
    @classmethod
    async def erase_all(cls) -> None:
        for note in await Unit.current().find(cls):
            Unit.current().delete(note)

    @event(policy=nobody)
    def stamp(self) -> None:
        self.price += 1


ADA, BOB, ED = Actor("ada", "visitor-a"), Actor("bob", "visitor-b"), Actor("ed", "visitor-e", frozenset({"editor"}))
GUEST, STRANGER = Actor("visitor-g", "visitor-g"), Actor("visitor-s", "visitor-s")
EVERYBODY = (ADA, BOB, ED, GUEST, STRANGER)


async def made(app, actor, **fields):
    return (await app.dispatch(Note.create(**fields), actor=actor)).entity


async def test_what_somebody_makes_is_theirs_and_nobody_says_otherwise(start):
    app = await start(Note)
    assert (await made(app, ADA, text="mine")).made_by == "ada"
    with pytest.raises(InvalidError, match="made_by"):
        await made(app, BOB, made_by="ada")
    with pytest.raises(InvalidError, match="made_by"):
        await made(app, Actor("seed", trusted=True), made_by="ada")


async def test_a_guest_owns_what_they_made_and_is_not_named_by_it(start):
    app = await start(Note)
    note = await made(app, GUEST)
    assert note.made_by.startswith("guest-")
    assert GUEST.id.removeprefix("visitor-") not in note.made_by.removeprefix("guest-")[:8]
    assert may_read(app, GUEST, note)
    assert not may_read(app, STRANGER, note)


async def test_the_program_owns_nothing_but_makes_for_others(start):
    app = await start(Note)
    assert (await app.dispatch(Note.create())).entity.made_by == ""
    assert (await made(app, Actor("ada", trusted=True))).made_by == "ada"
    assert not may_read(app, Actor(""), (await app.dispatch(Note.create())).entity)


async def test_what_may_not_be_read_is_not_there_and_what_may_be_read_is_forbidden(start):
    app = await start(Note)
    note = await made(app, ADA)
    for id in (note.id, "never"):
        with pytest.raises(NotFoundError):
            await app.dispatch(Note.update(text="x").on(id), actor=BOB)
    await app.dispatch(Note.show_to("bob").on(note.id), actor=ADA)
    with pytest.raises(ForbiddenError):
        await app.dispatch(Note.update(text="x").on(note.id), actor=BOB)
    await app.dispatch(Note.update(text="x").on(note.id), actor=ADA)


async def test_an_event_says_more_than_its_class(start):
    app = await start(Note)
    note = await made(app, ADA)
    with pytest.raises(ForbiddenError):
        await app.dispatch(Note.publish().on(note.id), actor=ADA)
    await app.dispatch(Note.publish().on(note.id), actor=ED)
    with pytest.raises(ForbiddenError):
        await app.dispatch(Note.stamp().on(note.id), actor=ADA)
    await app.dispatch(Note.stamp().on(note.id))


async def test_an_event_of_the_class_is_for_no_owner(start):
    app = await start(Note)
    await made(app, ADA)
    with pytest.raises(ForbiddenError):
        await app.dispatch(Note.erase_all(), actor=ADA)
    await app.dispatch(Note.erase_all(), actor=ED)


async def test_the_condition_finds_exactly_what_the_decision_allows(start):
    app = await start(Note)
    for actor, stage, readers in product((ADA, GUEST), Stage, ([], ["bob"], ["visitor-s"])):
        note = await made(app, actor, stage=stage.value, readers=readers)
        assert note.readers == readers
    everything = (await app.find(Note)).items
    for actor in (*EVERYBODY, Actor("x", trusted=True)):
        who = Note.__entity_policy__.who("read")
        allowed = {one.entity.id for one in everything if actor.trusted or who.holds(actor, one.entity)}
        found = {one.entity.id for one in (await permitted(app, Note, Query(), actor=actor)).items}
        walked = {one.entity.id async for some in walk(app, Note, Query(), actor=actor) for one in some}
        assert found == walked == allowed, actor
        assert await tally(app, Note, Query(), actor=actor) == len(allowed)


async def test_pages_are_full_though_most_is_hidden(start):
    app = await start(Note)
    for number in range(60):
        await made(app, ADA if number % 20 else BOB, text=str(number))
    first = await permitted(app, Note, Query(limit=2), actor=BOB)
    rest = await permitted(app, Note, Query(limit=2, after=first.next), actor=BOB)
    assert [one.entity.text for one in (*first.items, *rest.items)] == ["0", "20", "40"]
    assert rest.next is None


@pytest.mark.parametrize("actor", EVERYBODY, ids=lambda actor: actor.id)
@pytest.mark.parametrize(
    "who",
    [
        anyone,
        nobody,
        signed_in,
        owner,
        roles("editor", "chief"),
        owner & signed_in,
        owner | nobody,
        nobody | nobody,
        anyone | owner,
        (owner | roles("editor")) & when(stage="out"),
        listed("readers") & signed_in | when({"price": {"gt": 3}}),
    ],
    ids=repr,
)
def test_every_policy_means_the_same_of_a_snapshot_and_as_a_condition(who, actor):
    notes = [
        Note(made_by=by, stage=stage, readers=readers, price=price)
        for by, stage, readers, price in product(("", "ada"), Stage, ([], ["bob"]), (0, 9))
    ]
    where = who.where(actor, Note)
    where = where and Query(where=where).checked(Note).where
    for note in notes:
        assert who.holds(actor, note) is (where is not None and matches(where, note))


async def test_where_something_is_said_whatever_is_left_out_is_nobodys(start):
    class Half(Entity):
        model_config = {"policy": {"read": anyone, "create": anyone}}

    class Bit(Entity):
        @event(policy=anyone)
        def touch(self) -> None: ...

    app = await start(Half, Bit)
    half = (await app.dispatch(Half.create(), actor=ADA)).entity
    with pytest.raises(ForbiddenError):
        await app.dispatch(Half.delete().on(half.id), actor=ADA)
    bit = (await app.dispatch(Bit.create())).entity
    await app.dispatch(Bit.touch().on(bit.id), actor=ADA)
    with pytest.raises(NotFoundError):
        await readable(app, Bit, bit.id, actor=ADA)


async def test_nobody_undoes_what_is_not_theirs_to_change(start):
    app = await start(Note)
    note = await made(app, ADA, stage="out")
    change = await app.dispatch(Note.update(text="new").on(note.id), actor=ADA)
    gone = await app.dispatch(Note.delete().on((await made(app, ADA)).id), actor=ADA)
    for command in (change.command.id, gone.command.id):
        with pytest.raises((ForbiddenError, NotFoundError)):
            await app.dispatch(undo(command), actor=BOB)
        await app.dispatch(undo(command), actor=ADA)
    assert (await app.load(Note, gone.command.entity_id)).entity.made_by == "ada"


def undo(command):
    return Command(entity="Note", event="undo", args={"command": command})


async def test_the_past_of_what_was_not_to_be_read_stays_closed(start):
    app = await start(Note)
    note = await made(app, ADA, text="before")
    await app.dispatch(Note.publish().on(note.id), actor=ED)
    await app.dispatch(Note.update(text="after").on(note.id), actor=ADA)
    past = await past_of(app, Note, note.id, actor=BOB, stored=await app.load(Note, note.id))
    assert [step.is_open for step in past.steps] == [True, False, False]


async def test_developers_are_told_why_and_nobody_else(start):
    app, plain = await start(Note, explain=True), await start(Note)
    note, same = await made(app, ADA, stage="out"), await made(plain, ADA, stage="out")
    with pytest.raises(
        ForbiddenError, match=r"owner \| roles\('editor'\): its owner or whoever has the role editor.*'bob'"
    ):
        await app.dispatch(Note.update(text="x").on(note.id), actor=BOB)
    with pytest.raises(ForbiddenError, match=r"^Note.update is not allowed$"):
        await plain.dispatch(Note.update(text="x").on(same.id), actor=BOB)
    with pytest.raises(ForbiddenError, match="sign in first"):
        await plain.dispatch(Note.update(text="x").on(same.id), actor=GUEST)


async def test_one_refusal_is_enough_and_what_another_allows_opens_nothing(start):
    class Yes:
        def decide(self, *_):
            return ALLOWED

    app = await start(Note, policies=[Yes()])
    note = await made(app, ADA)
    with pytest.raises(NotFoundError):
        await app.dispatch(Note.update(text="x").on(note.id), actor=BOB)
    assert (await permitted(app, Note, Query(), actor=BOB)).items == ()


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ("owner", "'owner' does not say who may"),
        ("", "a field called owner hides the policy"),
        ({"*": ""}, "a field called owner hides the policy"),
        (7, "give who may"),
        ({}, "give who may"),
        ({"read": "anyone"}, "for 'read' 'anyone' does not say who may"),
        ({"raed": anyone}, "'raed', which is no event of it"),
        ({"delete": anyone}, "'delete', which is no event"),
    ],
)
def test_what_cannot_be_a_policy_is_refused_where_it_is_written(policy, says):
    with pytest.raises(DefinitionError, match=says):
        type("Wrong", (Entity,), {"model_config": {"policy": policy, "default_events": ["create", "update"]}})


@pytest.mark.parametrize(
    ("who", "says"),
    [
        (owner, "no field says who that is"),
        (when(done=True), "has no field 'done'"),
        (when({"to.name": "x"}), "follows a reference"),
        (listed("people"), "no such field"),
        (listed("text"), "holds one value"),
    ],
    ids=repr,
)
async def test_a_policy_that_does_not_fit_keeps_the_application_from_starting(start, who, says):
    class Wrong(Entity):
        text: str = ""
        model_config = {"policy": who | roles("x")}

    with pytest.raises(DefinitionError, match=says):
        await start(Wrong)


async def test_an_owner_without_a_default_is_refused(start):
    class Wrong(Entity):
        by: Annotated[str, Owner()]

    with pytest.raises(DefinitionError, match="begins empty"):
        await start(Wrong)


def test_roles_and_conditions_say_something():
    for make in (roles, when, lambda: roles(""), lambda: owner | "editor", lambda: "" & owner, lambda: "" | owner):
        with pytest.raises(DefinitionError):
            make()
