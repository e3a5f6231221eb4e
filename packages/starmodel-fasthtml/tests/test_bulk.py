"""One event for many: what would happen is told first, then it is done as a batch, and taken back as one."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import date

import pytest
from asgi_visitors import Visitor

from starmodel.adapters.fasthtml.crud.batches import Batch, batch_id, new_key
from starmodel.adapters.fasthtml.crud.bulk import bulk_rows
from starmodel.core import Actor, Decision, Entity, Private, RefusedError, anyone, event, nobody, when

pytestmark = pytest.mark.anyio


class Chore(Entity):
    title: str
    done: bool = False
    due: date | None = None
    margin: Private[str] = "margin-canary"

    @event
    def finish(self) -> None:
        if self.title == "never":
            raise RefusedError("this one is never done")
        self.done = True
        self.margin = "other-canary"

    @event
    def snooze(self, until: date) -> None:
        self.due = until


@pytest.fixture
async def app(start):
    app = await start(Chore)
    for number, title in enumerate(["a", "b", "never", "d"]):
        await app.application.dispatch(Chore.create(title=title, done=number == 3).on(f"id{number}"))
    return app


@pytest.fixture
def wish(visitor):
    """Return what sends the form of a list, and the form of the page that answers it."""

    async def wish(*ids, do, query="", **more):
        return await visitor.form(f"/chore/bulk{query}", {"id": list(ids), "do": do, **more})

    return wish


def hidden_in(text):
    found = re.findall(r'<input type="hidden"[^>]*name="([^"]*)" value="([^"]*)"', text)
    values = {}
    for name, value in found:
        values.setdefault(name, []).append(value)
    return values


async def run(app, visitor, answer, query="", **args):
    """Press the button of a preview, and wait until the batch is through."""
    done = await visitor.form(f"/chore/bulk{query}", {**hidden_in(answer.text), "_step": "run", **args})
    assert done.status == 303, done.text
    await app.pages.batches.finished()
    return done.header("location")


async def state(app):
    found = await app.application.find(Chore, order=["id"])
    return [stored.entity.done for stored in found.items]


async def test_what_would_happen_is_told_before_it_does(app, wish):
    answer = await wish("id0", "id1", "id2", "id3", do="finish")
    assert answer.status == 200
    assert re.search(r"Would change</dt><dd>3<", answer.text)
    assert "changes in what is not shown" in answer.text
    assert "this one is never done" in answer.text
    assert "canary" not in answer.text
    assert await state(app) == [False, False, False, True]


async def test_a_value_that_does_not_fit_is_told_in_the_readers_language(visitor):
    sent = {"_id": "id0", "_do": "snooze", "_step": "try"}
    german = await visitor.form("/chore/bulk", sent, accept_language="de")
    assert german.status == 422
    assert "until: fehlt" in german.text


async def test_each_row_is_a_command_of_the_batch(app, visitor, wish):
    page = await run(app, visitor, await wish("id0", "id1", "id2", do="finish"))
    assert await state(app) == [True, True, False, True]
    batch = page.rpartition("/")[2]
    commit = await app.application.persistence.for_class(Chore).commit_of(f"{batch}.1")
    assert commit.changes[0].id == "id1"
    told = (await visitor.get(page)).text
    assert "It is done." in told
    assert "<dt>never</dt><dd><span>this one is never done" in told


async def test_the_whole_batch_is_taken_back_by_one_click_and_can_be_done_again(app, visitor, wish):
    page = await run(app, visitor, await wish("id0", "id1", do="finish"))
    undone = await visitor.form(page, {"do": "undo"})
    await app.pages.batches.finished()
    assert await state(app) == [False, False, False, True]
    await visitor.form(undone.header("location"), {"do": "undo"})
    await app.pages.batches.finished()
    assert await state(app) == [True, True, False, True]


async def test_what_was_deleted_comes_back(app, visitor, wish):
    page = await run(app, visitor, await wish("id0", "id1", do="delete"))
    assert len(await state(app)) == 2
    await visitor.form(page, {"do": "undo"})
    await app.pages.batches.finished()
    assert len(await state(app)) == 4


async def test_a_second_click_does_nothing_more(app, visitor, wish):
    answer = await wish("id0", do="finish")
    first = await run(app, visitor, answer)
    assert await run(app, visitor, answer) == first
    found = await app.application.find(Batch)
    assert [stored.entity.done for stored in found.items] == [1]


async def test_all_that_match_are_chosen_by_the_question_of_the_list(app, visitor, wish):
    answer = await wish(do="finish", query="?done=false&title=a", all="1")
    await run(app, visitor, answer, "?done=false&title=a")
    assert await state(app) == [True, False, False, True]


async def test_an_event_that_takes_something_asks_for_it_first(app, visitor, wish):
    answer = await wish("id0", do="snooze")
    assert 'name="until"' in answer.text
    assert "Would change" not in answer.text
    tried = await visitor.form("/chore/bulk", {**hidden_in(answer.text), "_step": "try", "until": "2030-01-02"})
    assert "Would change" in tried.text
    wrong = await visitor.form("/chore/bulk", {**hidden_in(answer.text), "_step": "try", "until": "soon"})
    assert wrong.status == 422
    await run(app, visitor, tried, until="2030-01-02")
    assert (await app.application.load(Chore, "id0")).entity.due == date(2030, 1, 2)


@pytest.mark.parametrize("form", [{}, {"id": "id0"}, {"id": "id0", "do": "create"}, {"id": "id0", "do": "<script>"}])
async def test_a_wish_that_says_too_little_is_refused_in_words(app, visitor, form):
    answer = await visitor.form("/chore/bulk", form)
    assert answer.status == 409
    assert "<script>" not in answer.text.partition("</head>")[2]


async def test_nobody_sees_or_takes_back_the_batch_of_another(app, visitor, wish):
    page = await run(app, visitor, await wish("id0", do="finish"))
    other = Visitor(app)
    assert (await other.get(page)).status == 404
    assert (await other.form(page, {"do": "undo"})).status == 404
    assert await state(app) == [True, False, False, True]


async def test_nobody_can_make_up_a_batch(app, visitor):
    answer = await visitor.post("/starmodelbatch/begin", {"of": "Chore", "does": "finish", "total": 1})
    assert answer.status == 422


async def test_the_page_of_a_batch_follows_it(app, visitor, wish):
    answer = await wish("id0", "id1", do="finish")
    page = await run(app, visitor, answer)
    opened = await visitor.open(page)
    assert opened.is_live


async def test_a_batch_that_was_cut_short_goes_on_where_it_was(app, visitor):
    await visitor.get("/chore")
    actor, plan = Actor(visitor.id, visitor.id), json.dumps({"ids": ["id0", "id1"], "args": {}})
    batch = Batch(id=batch_id(actor, new_key()), of="Chore", does="finish", plan=plan, total=2)

    first_is_done = asyncio.Event()

    async def rows():
        async for row in bulk_rows(app.pages.shape(Chore), batch.id, "finish", ["id0"], {}):
            yield row
        first_is_done.set()
        await asyncio.Event().wait()

    await app.pages.batches.begin(batch, rows(), actor)
    await first_is_done.wait()
    await app.pages.batches.close()
    page = f"/chore/batches/{batch.id}"
    app.application.clock.advance(3600)
    assert "Go on" in (await visitor.get(page)).text
    await visitor.form(page, {"do": "go-on"})
    await app.pages.batches.finished()
    assert await state(app) == [True, True, False, True]
    assert "It is done." in (await visitor.get(page)).text


async def test_an_undo_that_was_cut_short_goes_on_too(app, visitor, wish):
    page = await run(app, visitor, await wish("id0", "id1", do="finish"))
    before = await state(app)
    actor, of = Actor(visitor.id, visitor.id), page.rpartition("/")[2]
    undo = Batch(id=batch_id(actor, new_key()), of="Chore", does="undo", undoes=of, total=2)

    async def none():
        await asyncio.Event().wait()
        yield

    await app.pages.batches.begin(undo, none(), actor)
    await asyncio.sleep(0)
    await app.pages.batches.close()
    app.application.clock.advance(600)
    page = f"/chore/batches/{undo.id}"
    assert "Go on" in (await visitor.get(page)).text
    await visitor.form(page, {"do": "go-on"})
    await app.pages.batches.finished()
    assert before != await state(app) == [False, False, False, True]


class Unseen:
    """Nobody reads what is called "never"; everything may be done to it."""

    def decide(self, actor, action, kind, id, entity, /):
        is_hidden = action == "read" and kind is Chore and entity is not None and entity.title == "never"
        return Decision(not is_hidden, hidden=True)


async def test_a_preview_shows_nothing_of_a_row_that_may_not_be_read(start):
    app = await start(Chore, policies=[Unseen()])
    await app.application.dispatch(Chore.create(title="never", due=date(2031, 5, 6)).on("hidden"))
    form = {"_do": "snooze", "_id": "hidden", "_batch": "b", "until": "2040-01-01", "_step": "try"}
    page = await Visitor(app).form("/chore/bulk", form)
    assert re.search(r"Would change</dt><dd>1<", page.text)
    assert "2031" not in page.text
    assert "never" not in page.text


class Ledger(Entity):
    title: str = ""
    model_config = {"policy": {"read": anyone, "delete": when(title="old"), "*": nobody}}


async def test_only_rows_to_which_something_can_be_done_have_a_box(start):
    app = await start(Ledger, Chore)
    for title in ("old", "new"):
        await app.application.dispatch(Ledger.create(title=title).on(f"the-{title}"))
    await app.application.dispatch(Chore.create(title="a").on("id0"))
    visitor = Visitor(app)
    assert boxes_in((await visitor.get("/chore")).text) == ["id0"]
    assert boxes_in((await visitor.get("/ledger")).text) == ["the-old"]
    await visitor.post("/ledger/the-old/delete")
    page = (await visitor.get("/ledger")).text
    assert boxes_in(page) == []
    assert 'id="sm-bulk"' not in page


async def test_a_batch_that_cannot_be_taken_back_offers_no_way_back(start):
    app = await start(Ledger)
    await app.application.dispatch(Ledger.create(title="old").on("the-old"))
    visitor = Visitor(app)
    form = {"_do": "delete", "_id": ["the-old"], "_batch": new_key(), "_step": "run"}
    answer = await visitor.form("/ledger/bulk", form)
    await app.pages.batches.finished()
    page = (await visitor.get(answer.header("location"))).text
    assert "It is done." in page
    assert "Undo all of it" not in page


def boxes_in(page):
    return re.findall(r'<input[^>]*type="checkbox"[^>]*name="id"[^>]*value="([^"]*)"', page)
