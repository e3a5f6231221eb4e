"""What open pages are told when things go wrong or cross each other: the last thing shown is always the truth."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Annotated

import pytest
from asgi_visitors import Visitor, idle, query_of
from fasthtml.common import Div, P, Span

from starmodel.adapters.fasthtml import Shared, find, load, view
from starmodel.adapters.fasthtml.gate import AnswerBrokenError
from starmodel.adapters.fasthtml.tokens import PageToken
from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.core import Command, Entity, event
from starmodel.core.errors import DefinitionError, NotFoundError, StoreError
from starmodel.core.query import Query
from starmodel.testing import FaultyStore

gates: list[asyncio.Event] = []
turns: list[asyncio.Queue[None]] = []


class Counter(Entity):
    count: int = 0
    other: int = 0

    @event
    def increment(self, by: int = 1) -> None:
        self.count += by

    @event
    async def work(self):
        self.count = 500
        yield
        await gates[0].wait()
        self.count = 555
        yield
        await gates[1].wait()
        self.count = 777

    @event
    async def count_up(self):
        for step in (1, 2, 3):
            self.count = step
            yield
            await turns[0].get()
        self.count = 100


@view
def face(counter: Counter):
    return Div(f"count={counter.count};")


def views_of_one_name():
    def made(word):
        @view
        def tag(counter: Counter):
            return Span(f"{word} {counter.count}")

        return tag

    return made("red"), made("blue")


@pytest.fixture(autouse=True)
def fresh_gates():
    gates[:] = [asyncio.Event(), asyncio.Event()]
    turns[:] = [asyncio.Queue()]


@pytest.fixture
def store():
    return FaultyStore(MemoryRepo())


@pytest.fixture
async def app(start, store):
    return await start(Counter, stores={"memory": store})


@pytest.fixture
def lobby(app):
    """The page of one shared counter."""

    @app.get("/")
    def lobby(counter: Annotated[Counter, Shared("lobby")]):
        return face(counter)


async def increment(app, id="lobby", by=1):
    await app.application.dispatch(Counter.increment(by).on(id))


async def create(app, *ids, **fields):
    for id in ids:
        await app.application.dispatch(Counter.create(**fields).on(id))


def shown(stream):
    """Every count the tab was shown, in order."""
    return [int(count) for count in re.findall(r"count=(\d+);", b"".join(stream.chunks).decode())]


async def test_one_failure_of_the_store_does_not_end_live_updates(app, store, lobby):
    async with (await Visitor(app).open("/")).stream() as stream:
        await stream.hello()
        app.runtime.hub._follower._subscription.lagged = True  # as after a mailbox ran over
        store.fail("position")
        await increment(app)
        await idle()
        await increment(app)
        assert await stream.until("count=2;")


@pytest.mark.parametrize(("keep", "changes"), [(10_000, 11_500), (1_100, 2_300)])
async def test_a_loop_of_more_changes_than_the_log_holds_does_not_lose_an_open_page(start, keep, changes):
    app = await start(Counter, stores={"memory": MemoryRepo(keep=keep)})

    @app.get("/")
    def lobby(counter: Annotated[Counter, Shared("lobby")]):
        return face(counter)

    async with (await Visitor(app).open("/")).stream() as stream:
        await stream.hello()
        await create(app, "elsewhere")
        await increment(app)
        for _ in range(changes):
            await increment(app, "elsewhere")
        assert await stream.until("count=1;")


async def test_a_step_is_never_shown_over_what_was_stored_after_it(app):
    making, entered = [], asyncio.Queue()
    is_live = []
    app.application.implicit.shared(Counter, "lobby")

    @app.get("/")
    async def page(other: Annotated[Counter, Shared("other")]):
        if is_live:
            made = asyncio.Event()
            making.append(made)
            entered.put_nowait(None)
            await made.wait()
        return face(await load(Counter, "lobby")), P(f"other {other.count}")

    visitor = Visitor(app)
    async with (await visitor.open("/")).stream() as stream:
        await stream.hello()
        is_live.append(True)
        job = asyncio.create_task(visitor.click("/counter/lobby/work"))
        await stream.until("count=500;")
        await increment(app, "other")
        await entered.get()  # the page is in the making
        await increment(app, "other")  # and will be made once more
        gates[0].set()
        await idle()  # the second step comes meanwhile
        making[0].set()
        await entered.get()
        gates[1].set()
        await job  # stored
        await idle()
        is_live.clear()
        making[1].set()
        await stream.until("count=777;")
        await idle(500)
        assert shown(stream)[-1] == 777


async def test_taking_back_a_step_does_not_take_back_a_newer_change(app, store, lobby):
    visitor = Visitor(app)
    async with (await visitor.open("/")).stream() as stream:
        await stream.hello()
        await increment(app)
        await stream.until("count=1;")
        read, on_its_way = asyncio.Event(), asyncio.Event()
        get = store.get

        async def slow(kind, id):
            found = await get(kind, id)
            read.set()
            await on_its_way.wait()
            return found

        store.get = slow
        taken_back = app.runtime.hub.restore(visitor.id, Counter, "lobby")
        taken_back = None if taken_back is None else asyncio.ensure_future(taken_back)
        await idle()
        store.get = get
        await increment(app)
        await idle()
        on_its_way.set()
        await stream.until("count=2;")
        if taken_back is not None:
            await taken_back
        await idle(500)
        assert shown(stream)[-1] == 2


async def test_a_stream_that_broke_while_it_caught_up_is_told_the_rest_the_next_time(app, store):
    @app.get("/")
    def both(a: Annotated[Counter, Shared("a")], b: Annotated[Counter, Shared("b")]):
        return face(a), face(b)

    page = await Visitor(app).open("/")
    await increment(app, "a", 5)  # before the page has its stream
    asked, lost = asyncio.Event(), asyncio.Event()
    changes = store.changes

    async def failing(*_args, **_options):
        asked.set()
        await lost.wait()
        raise StoreError("connection lost")

    store.changes = failing
    broken = await page.stream().__aenter__()
    await asked.wait()
    await increment(app, "b", 7)  # a newer change than the one it missed
    await idle()
    lost.set()
    await asyncio.wait({broken.task}, timeout=5)
    with pytest.raises(AnswerBrokenError):
        await broken.leave()
    store.changes = changes
    async with page.stream(after=broken.last_id or page.after) as again:
        await again.hello()
        await idle(500)
        assert 5 in shown(broken) + shown(again)


async def test_a_stream_opened_again_follows_what_the_page_has_become(app):
    await create(app, "a", "b")

    @app.get("/")
    async def home():
        try:
            return face(await load(Counter, "a"))
        except NotFoundError:
            return face(await load(Counter, "b"))

    page = await Visitor(app).open("/")
    async with page.stream() as stream:
        await stream.hello()
        await app.application.dispatch(Counter.delete().on("a"))
        await stream.until("counter-b-face")
    async with page.stream(after=stream.last_id) as stream:
        await stream.hello()
        await increment(app, "b", 9)
        assert await stream.until("count=9;")


async def test_taking_back_a_deletion_brings_the_page_back(app):
    await create(app, "a", count=3)

    @app.get("/c/{counter}")
    def one(counter: Counter):
        return face(counter)

    async with (await Visitor(app).open("/c/a")).stream() as stream:
        await stream.hello()
        deleted = await app.application.dispatch(Counter.delete().on("a"))
        await stream.until("Not found")
        undo = Command(entity="Counter", event="undo", args={"command": deleted.command.id})
        await app.application.dispatch(undo)
        assert await stream.until("count=3;")


async def test_a_change_between_two_reads_of_a_page_does_not_keep_it_from_being_followed(app):
    await create(app, "a")
    meanwhile = [increment]

    @app.get("/")
    async def home():
        counter = await load(Counter, "a")
        while meanwhile:
            await meanwhile.pop()(app, "a")  # somebody else
        return face(counter), P(f"{len(await find(Counter))} counters")

    async with (await Visitor(app).open("/")).stream() as stream:
        await stream.hello()
        await increment(app, "a")
        assert await stream.until("count=2;")


async def test_a_page_that_could_not_be_made_again_is_tried_again(app):
    hiccups = []

    @app.get("/")
    def home(counter: Annotated[Counter, Shared("a")]):
        if hiccups:
            raise hiccups.pop()
        return P(f"count={counter.count};")

    async with (await Visitor(app).open("/")).stream() as stream:
        await stream.hello()
        hiccups.append(RuntimeError("a hiccup"))
        await increment(app, "a")
        assert await stream.until("count=1;")
        assert not hiccups


async def test_a_page_made_again_never_loses_the_session_of_its_visitor(app):
    @app.get("/")
    def home(counter: Annotated[Counter, Shared("a")], session):
        return P(f"user={session.get('user')}; count={counter.count};")

    @app.get("/login")
    def login(session):
        session["user"] = "ada"
        return "welcome"

    @app.get("/rotate")
    def rotate(request):
        request.session.rotate()
        return "rotated"

    visitor = Visitor(app)
    await visitor.get("/login")
    async with (await visitor.open("/")).stream() as stream:
        await stream.hello()
        await visitor.get("/rotate")
        await increment(app, "a")
        await stream.end()
        assert b"user=None" not in b"".join(stream.chunks)
    async with (await visitor.open("/")).stream() as stream:
        await stream.hello()
        await increment(app, "a")
        assert "user=ada" in (await stream.until("count=2;")).data


async def test_a_cancelled_event_takes_back_the_steps_it_showed(app, lobby):
    visitor = Visitor(app)
    async with (await visitor.open("/")).stream() as stream:
        await stream.hello()
        headers = {"content-type": "application/json", "starmodel-request": "1"}
        scope = visitor.scope("POST", "/counter/lobby/work", headers)

        async def receive():
            return {"type": "http.request", "body": b"{}", "more_body": False}

        async def send(message):
            pass

        request = asyncio.create_task(app(scope, receive, send))
        await stream.until("count=500;")
        request.cancel()
        await asyncio.wait({request})
        assert await stream.until("count=0;")
        assert shown(stream)[-1] == 0


async def test_of_a_command_sent_twice_at_once_what_was_stored_is_shown_last(app, lobby):
    visitor = Visitor(app)
    async with (await visitor.open("/")).stream() as stream:
        await stream.hello()
        one = asyncio.create_task(visitor.click("/counter/lobby/count_up", idempotency_key="k"))
        await idle()
        two = asyncio.create_task(visitor.click("/counter/lobby/count_up", idempotency_key="k"))
        await idle()
        for _ in range(6):
            turns[0].put_nowait(None)
            await idle()
        answers = await asyncio.gather(one, two)
        assert {answer.status for answer in answers} <= {200, 204}
        await idle(500)
        assert shown(stream)[-1] == 100


async def test_the_steps_of_a_command_sent_again_are_not_left_over_its_first_result(app, lobby):
    visitor = Visitor(app)
    async with (await visitor.open("/")).stream() as stream:
        await stream.hello()
        one = asyncio.create_task(visitor.click("/counter/lobby/count_up", idempotency_key="k"))
        await idle()
        for _ in range(2):
            turns[0].put_nowait(None)
            await idle()
        two = asyncio.create_task(visitor.click("/counter/lobby/count_up", idempotency_key="k"))
        await idle()
        turns[0].put_nowait(None)
        await one
        await stream.until("count=100;")
        for _ in range(3):
            turns[0].put_nowait(None)
            await idle()
        assert (await two).status in {200, 204}
        await idle(500)
        assert shown(stream)[-1] == 100


async def test_a_view_that_stands_twice_on_a_page_is_up_to_date_in_both_places(app):
    @app.get("/")
    def home(counter: Annotated[Counter, Shared("lobby")]):
        return Div(face(counter)), Div(face(counter))

    async with (await Visitor(app).open("/")).stream() as stream:
        await stream.hello()
        await increment(app)
        page = await stream.until('id="sm-page"')
        assert page.data.count("count=1;") == 2


async def test_two_views_of_one_name_are_refused(app):
    red, blue = views_of_one_name()
    refusals = []

    @app.get("/")
    def home(counter: Annotated[Counter, Shared("lobby")]):
        try:
            return red(counter), blue(counter)
        except DefinitionError as error:
            refusals.append(str(error))
            return "refused"

    await Visitor(app).get("/")
    assert len(refusals) == 1
    assert "two views are called" in refusals[0]


async def test_an_open_page_of_an_older_program_does_not_stop_the_others(app):
    @app.get("/")
    async def home():
        return [P(f"count={found.count};") for found in await find(Counter, {"count": {"gt": 0}})], P("list")

    old = await Visitor(app).open("/")
    page = await Visitor(app).open("/")
    signer = app.runtime.signer
    token = PageToken.read(query_of(old.url)["page"], signer)
    token = replace(token, boot="older", queries=(("Counter", Query(where={"renamed": False})),))
    old.url = f"/_starmodel/live?page={token.signed(signer)}"
    async with page.stream() as stream, old.stream() as outdated:
        await stream.hello()
        await outdated.until("sm-stale")
        await create(app, "a", count=4)
        assert await stream.until("count=4;")
