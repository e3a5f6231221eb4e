"""What was made from stored entities is good until one of their class is stored: here, or by another process."""

from __future__ import annotations

from datetime import UTC, datetime

from starmodel.app import Application
from starmodel.core import Entity
from starmodel.core.changes import Change, Commit, Position
from starmodel.core.commands import Command
from starmodel.testing import PlainCodec


class Note(Entity):
    text: str = ""


class Other(Entity):
    text: str = ""


def commit(number: int, entity: str = "Note") -> Commit:
    change = Change(entity, "1", number, None, {})
    return Commit(
        Position("log", number), Command(entity=entity, event="create"), "", (change,), (), None, datetime.now(UTC)
    )


async def test_a_command_moves_its_class_before_it_is_answered() -> None:
    async with Application([Note, Other], codec=PlainCodec()) as app:
        moves = app.dispatcher.moves
        notes, others = moves.stamp(["Note"]), moves.stamp(["Other"])

        await app.dispatch(Note.create(text="a"))

        assert moves.stamp(["Note"]) != notes
        assert moves.stamp(["Other"]) == others


async def test_a_command_that_stores_nothing_moves_nothing() -> None:
    async with Application([Note], codec=PlainCodec()) as app:
        made = await app.dispatch(Note.create(text="a"))
        before = app.dispatcher.moves.stamp(["Note"])

        repeated = await app.dispatch(made.command)

        assert repeated.replayed
        assert app.dispatcher.moves.stamp(["Note"]) == before


async def test_the_echo_of_an_own_commit_counts_once() -> None:
    async with Application([Note], codec=PlainCodec()) as app:
        moves = app.dispatcher.moves
        moves.stored(commit(7))
        after = moves.stamp(["Note"])

        moves.heard(commit(7))
        assert moves.stamp(["Note"]) == after

        moves.heard(commit(8))
        assert moves.stamp(["Note"]) != after


async def test_what_was_missed_moves_every_class() -> None:
    async with Application([Note, Other], codec=PlainCodec()) as app:
        moves = app.dispatcher.moves
        before = moves.stamp(["Note"]), moves.stamp(["Other"])

        moves.everything()

        assert moves.stamp(["Note"]) != before[0]
        assert moves.stamp(["Other"]) != before[1]
