"""An id of something that its sender may not see is answered as one that there is not, whoever asks and however."""

from __future__ import annotations

from typing import Annotated

import pytest

from starmodel.core import (
    Actor,
    Entity,
    InvalidError,
    Owner,
    Private,
    Reference,
    Secret,
    anyone,
    event,
    owner,
    when,
)

ADA, BOB = Actor("ada"), Actor("bob")


class Case(Entity):
    title: str = ""
    out: bool = False
    made_by: Annotated[str, Owner()] = ""
    model_config = {"policy": {"read": owner | when(out=True), "*": owner}}


class Remark(Entity):
    text: str = ""
    case_id: Annotated[str | None, Reference(Case)] = None
    hint_id: Annotated[Secret[str], Reference(Case)] = ""
    others: list[Annotated[str, Reference(Case)]] = []
    last_id: Annotated[Private[str], Reference(Case)] = ""
    model_config = {"policy": {"read": anyone, "*": anyone}}

    @event
    def move(self, to: Annotated[str, Reference(Case)]) -> None:
        self.case_id = to

    @event
    def file(self, case: Case) -> None:
        self.case_id = case.id

    @event
    async def keep(self) -> None:
        self.last_id = self.case_id or ""


@pytest.fixture
async def world(start):
    app = await start(Case, Remark)
    hers = (await app.dispatch(Case.create(title="hers"), actor=ADA)).entity.id
    remark = (await app.dispatch(Remark.create(case_id=hers), actor=ADA)).entity.id
    return app, hers, remark


async def refusal(app, command, actor):
    try:
        await app.dispatch(command, actor=actor)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is compared)
        return type(error), str(error)
    return None


@pytest.mark.parametrize(
    "sends",
    [
        lambda id, _: Remark.create(case_id=id),
        lambda id, _: Remark.create(hint_id=id),
        lambda id, _: Remark.create(others=[id]),
        lambda id, other: Remark.update(others=[id]).on(other),
        lambda id, other: Remark.update(hint_id=id).on(other),
        lambda id, other: Remark.move(to=id).on(other),
    ],
)
async def test_what_is_hidden_and_what_never_was_have_one_answer(world, sends):
    app, hers, _ = world
    other = (await app.dispatch(Remark.create(text="x"), actor=BOB)).entity.id
    hidden = await refusal(app, sends(hers, other), BOB)
    assert hidden is not None
    assert hidden[0] is InvalidError
    assert hidden == await refusal(app, sends("never-was", other), BOB)
    assert hidden == await refusal(app, sends("no id at all!", other), BOB)
    assert await refusal(app, sends(hers, other), ADA) is None


async def test_an_argument_that_is_an_entity_is_found_by_those_who_may_see_it(world):
    app, hers, remark = world
    told, never = [await refusal(app, Remark.file(case=id).on(remark), BOB) for id in (hers, "never-was")]
    assert told is not None
    assert (told[0], told[1].replace(hers, "")) == (never[0], never[1].replace("never-was", ""))


async def test_a_form_may_send_back_what_it_shows(world):
    app, hers, remark = world
    assert await refusal(app, Remark.update(text="y", case_id=hers).on(remark), BOB) is None
    await app.dispatch(Remark.update(hint_id=hers).on(remark), actor=ADA)
    assert await refusal(app, Remark.update(hint_id=hers).on(remark), BOB) is not None  # it is not shown: a guess


async def test_what_is_open_to_them_may_be_referred_to(world):
    app, hers, _ = world
    await app.dispatch(Case.update(title="open", out=True).on(hers), actor=ADA)
    assert await refusal(app, Remark.create(case_id=hers), BOB) is None
    assert await refusal(app, Remark.create(case_id=None), BOB) is None
    assert await refusal(app, Remark.create(), BOB) is None


async def test_an_event_may_tie_to_what_its_sender_does_not_see(world):
    app, hers, remark = world
    await app.dispatch(Remark.keep().on(remark), actor=BOB)
    assert (await app.load(Remark, remark)).entity.last_id == hers


async def test_a_trial_tells_no_more(world):
    app, hers, _ = world
    for id in (hers, "never-was"):
        with pytest.raises(InvalidError, match="names nothing that is there"):
            await app.preview(Remark.create(case_id=id), actor=BOB)


async def test_an_id_that_is_taken_tells_nothing_of_what_has_it(world):
    app, hers, _ = world
    with pytest.raises(InvalidError) as refused:
        await app.dispatch(Case.create(title="mine").on(hers), actor=BOB)
    assert str(refused.value) == "id: is taken already; choose another"
