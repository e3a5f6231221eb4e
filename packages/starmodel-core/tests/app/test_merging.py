"""A form saved on an old version: other fields merge, the same field is a conflict that shows both values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.core import Actor, Decision, Entity, Private, Secret, event
from starmodel.core.errors import FieldConflictError


class Todo(Entity):
    title: str = "title"
    note: str = ""
    pin: Secret[str] = ""
    cost: Private[int] = 0

    @event
    def retitle(self, title: str) -> None:
        self.title = title


@pytest.fixture
async def app(start):
    app = await start(Todo, stores={"memory": MemoryRepo(keep=5)})
    await app.dispatch(Todo.create().on("a"))
    return app


async def version(app):
    return (await app.load(Todo, "a")).version


def save(base, **fields):
    return replace(Todo.update(**fields).on("a"), base_version=base)


async def test_a_form_saved_on_the_newest_version_is_saved(app):
    await app.dispatch(save(await version(app), title="mine"))
    assert (await app.load(Todo, "a")).entity.title == "mine"


async def test_different_fields_are_merged(app):
    base = await version(app)
    await app.dispatch(save(base, title="theirs"))
    merged = (await app.dispatch(save(base, note="mine"))).entity
    assert (merged.title, merged.note) == ("theirs", "mine")


async def test_the_same_field_is_a_conflict_with_both_values(app):
    base = await version(app)
    await app.dispatch(save(base, title="theirs"))
    with pytest.raises(FieldConflictError, match="title is now 'theirs', yours is 'mine'; choose a value") as caught:
        await app.dispatch(save(base, title="mine", note="also mine"))
    assert caught.value.fields == {"title": ("theirs", "mine")}
    assert (caught.value.expected, caught.value.found) == (base, base + 1)
    assert (await app.load(Todo, "a")).entity.note == ""


async def test_the_same_value_twice_is_no_conflict(app):
    base = await version(app)
    await app.dispatch(save(base, title="same"))
    assert (await app.dispatch(save(base, title="same", note="x"))).entity.note == "x"


async def test_a_field_sent_back_unchanged_keeps_what_somebody_else_made_of_it(app):
    base = await version(app)
    await app.dispatch(save(base, title="theirs"))
    after = (await app.dispatch(save(base, title="title", note="mine"))).entity
    assert (after.title, after.note) == ("theirs", "mine")


async def test_a_secret_is_not_shown_in_a_conflict(app):
    base = await version(app)
    await app.dispatch(save(base, pin="1234"))
    with pytest.raises(FieldConflictError) as caught:
        await app.dispatch(save(base, pin="9876"))
    assert caught.value.fields == {"pin": ("***", "***")}
    assert "1234" not in str(caught.value)
    assert "9876" not in str(caught.value)


async def test_when_the_log_does_not_reach_back_every_other_value_is_a_conflict(app):
    base = await version(app)
    for number in range(6):
        await app.dispatch(save(None, note=str(number)))
    with pytest.raises(FieldConflictError):
        await app.dispatch(save(base, title="mine"))
    assert (await app.dispatch(save(base, title="title"))).commit is not None


async def test_a_version_from_the_future_or_of_an_earlier_life_is_not_trusted(app):
    base = await version(app)
    with pytest.raises(FieldConflictError):
        await app.dispatch(save(base + 5, title="mine"))
    await app.dispatch(Todo.delete().on("a"))
    await app.dispatch(Todo.create(title="new").on("a"))
    with pytest.raises(FieldConflictError):
        await app.dispatch(save(base, title="mine"))


async def test_an_event_that_says_what_to_do_runs_on_whatever_is_there(app):
    base = await version(app)
    await app.dispatch(save(base, title="theirs"))
    await app.dispatch(replace(Todo.retitle("mine").on("a"), base_version=base))
    assert (await app.load(Todo, "a")).entity.title == "mine"


async def test_without_a_version_the_last_one_wins(app):
    await app.dispatch(save(None, title="one"))
    await app.dispatch(save(None, title="two"))
    assert (await app.load(Todo, "a")).entity.title == "two"


async def test_a_form_of_something_nobody_had_stored_yet_merges_too(app):
    app.implicit.shared(Todo, "lobby")
    await app.dispatch(Todo.update(note="theirs").on("lobby"))
    mine = replace(Todo.update(title="mine", note="").on("lobby"), base_version=0)
    after = (await app.dispatch(mine)).entity
    assert (after.title, after.note) == ("mine", "theirs")
    with pytest.raises(FieldConflictError):
        await app.dispatch(replace(Todo.update(note="also mine").on("lobby"), base_version=0))


class WriteOnly:
    """Everybody may change what nobody but the program may read."""

    def decide(self, actor, action, kind, id, entity, /):
        return Decision(action != "read")


async def test_a_conflict_tells_no_value_to_whoever_may_not_read_it(start):
    app = await start(Todo, policies=[WriteOnly()])
    await app.dispatch(Todo.create().on("a"))
    base = await version(app)
    await app.dispatch(save(base, title="their-canary"))
    for guess in ("mine", "their-canary"):
        with pytest.raises(FieldConflictError) as caught:
            await app.dispatch(save(base, title=guess), actor=Actor("eve"))
        assert caught.value.fields == {"title": ("***", "***")}
        assert "canary" not in str(caught.value)
