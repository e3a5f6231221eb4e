"""The stream of an open page: begins where the page ended, loses nothing, never goes back, and ends in order."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated

import pytest
from asgi_visitors import Page, Stream, Visitor, idle, query_of
from fasthtml.common import Div, P

from starmodel.adapters.fasthtml import Shared, find, show, view
from starmodel.adapters.fasthtml.views import views
from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.core import Entity, event
from starmodel.core.actors import ALLOWED, Actor, Decision
from starmodel.testing import FaultyStore


class Counter(Entity):
    count: int = 0
    blocked: bool = False

    @event
    def increment(self, by: int = 1) -> None:
        self.count += by

    @event
    def block(self) -> None:
        self.blocked = True


@view
def face(counter: Counter):
    return Div(f"count={counter.count};")


class Blocking:
    """Hides a counter that is blocked."""

    def decide(self, actor, action, kind, id, entity):
        return Decision(allowed=False, hidden=True) if entity is not None and entity.blocked else ALLOWED


def pages(app):
    @app.get("/")
    def lobby(counter: Annotated[Counter, Shared("lobby")]):
        return face(counter)

    @app.get("/own")
    def own(counter: Counter):
        return face(counter)

    @app.get("/two")
    def two(counter: Annotated[Counter, Shared("lobby")], other: Annotated[Counter, Shared("other")]):
        return face(counter), face(other), show(other, "count")

    @app.get("/list")
    async def listed():
        return [face(counter) for counter in await find(Counter)], P("list")

    return app


@pytest.fixture
async def app(start, build):
    return await start(app=pages(build(Counter)))


async def increment(app, by=1, id="lobby"):
    await app.application.dispatch(Counter.increment(by).on(id))


def count_in(event):
    return int(re.search(r"count=(\d+);", event.data)[1])


async def until_count(stream, wanted):
    """Read on until the count is *wanted*, and return every count seen on the way."""
    seen = []
    while not seen or seen[-1] != wanted:
        seen.append(count_in(await stream.until("count=")))
    return seen


class TestBeginning:
    async def test_opens_at_once_with_a_greeting(self, visitor):
        async with (await visitor.open("/")).stream() as stream:
            assert (await stream.hello()).data == '{"fresh":false}'
            headers = dict(stream.headers)

        assert stream.status == 200
        assert headers[b"content-type"] == b"text/event-stream; charset=utf-8"
        assert headers[b"cache-control"] == b"no-store"
        assert stream.chunks[0].startswith(b":")

    async def test_a_change_between_page_and_stream_is_told_every_time(self, app, visitor):
        for number in range(1, 101):
            page = await visitor.open("/")
            await increment(app)
            async with page.stream() as stream:
                assert await until_count(stream, number) == [number]

    async def test_a_change_at_any_moment_while_it_opens_is_told(self, app, visitor):
        for pause in range(12):
            page = await visitor.open("/")
            before = count_in(_Data(page.text))
            async with page.stream() as stream:
                await idle(pause)
                await increment(app)
                assert (await until_count(stream, before + 1))[-1] == before + 1

    async def test_what_the_page_has_already_is_not_told_again(self, app, visitor):
        await increment(app)
        async with (await visitor.open("/")).stream() as stream:
            await stream.hello()
            await increment(app, 5)

            assert await until_count(stream, 6) == [6]

    async def test_the_scripts_in_a_page_say_where(self, visitor):
        page = await visitor.open("/")

        assert page.url.startswith("/_starmodel/live?page=")
        assert re.fullmatch(r"\w+-\d+", page.after)


class TestResuming:
    async def see_one(self, app, page):
        """Let one change arrive, and return the id of its event."""
        async with page.stream() as stream:
            await stream.hello()
            await increment(app)
            await until_count(stream, 1)
            return stream.last_id

    async def test_after_the_last_event_that_was_seen_nothing_is_lost_and_nothing_comes_twice(self, app, visitor):
        page = await visitor.open("/")
        seen = await self.see_one(app, page)
        await increment(app)
        await increment(app)

        for resumed in (page.stream(last_event_id=seen), page.stream(after=seen)):
            async with resumed as stream:
                assert await until_count(stream, 3) == [3]

    async def test_with_nothing_missed_tells_nothing(self, app, visitor):
        page = await visitor.open("/")
        seen = await self.see_one(app, page)
        async with page.stream(last_event_id=seen) as stream:
            await stream.hello()
            await increment(app)

            assert await until_count(stream, 2) == [2]

    async def test_the_id_comes_with_the_last_of_several_patches(self, app, visitor):
        async with (await visitor.open("/two")).stream() as stream:
            await stream.hello()
            stream.stall()
            await increment(app)
            await increment(app, id="other")
            await idle()
            stream.go_on()
            events = [await stream.next() for _ in range(3)]

        by_round = [told.id is not None for told in events]
        assert by_round in ([True, False, True], [False, False, True]), "cut off half-way, it comes back for the rest"

    async def test_beyond_what_the_log_keeps_tells_everything_as_it_is(self, start, build):
        app = await start(app=pages(build(Counter, stores={"memory": MemoryRepo(keep=3)})))
        visitor = Visitor(app)
        page = await visitor.open("/two")
        for _ in range(10):
            await increment(app)

        async with page.stream() as stream:
            told = [await stream.until("count") for _ in range(3)]

        assert {count_in(one) for one in told if "count=" in one.data} == {10, 0}
        assert any(one.type == "datastar-patch-signals" for one in told)

    @pytest.mark.parametrize("seen", ["other-5", "other-5,another-7", "x", "", "-", "%00", "x-99999999999999999999"])
    async def test_from_a_place_that_is_not_here_tells_everything_as_it_is(self, app, visitor, seen):
        page = await visitor.open("/")
        await increment(app)

        async with page.stream(after=seen) as stream:
            assert await until_count(stream, 1) == [1]

    async def test_from_the_future_tells_everything_as_it_is(self, app, visitor):
        page = await visitor.open("/")
        await increment(app)
        epoch = page.after.rpartition("-")[0]

        async with page.stream(after=f"{epoch}-999") as stream:
            assert await until_count(stream, 1) == [1]

    async def test_at_another_start_of_a_server_that_forgets_says_so(self, app, visitor, start, build):
        page = await visitor.open("/")
        visitor.app = await start(app=pages(build(Counter)))

        async with page.stream() as stream:
            assert (await stream.hello()).data == '{"fresh":true}'
            assert count_in(await stream.until("count=")) == 0

    async def test_at_another_start_goes_on_from_there(self, app, visitor, start, build):
        page = await visitor.open("/")
        visitor.app = await start(app=pages(build(Counter)))
        async with page.stream() as stream:
            await stream.until("count=")
            seen = stream.last_id
        await increment(visitor.app)

        async with page.stream(last_event_id=seen) as stream:
            assert (await stream.hello()).data == '{"fresh":false}'
            assert (await until_count(stream, 1))[-1] == 1

    async def test_at_another_start_that_kept_everything_loses_nothing(self, app, visitor, start, build):
        repo = MemoryRepo()
        visitor.app = await start(app=pages(build(Counter, stores={"memory": repo})))
        page = await visitor.open("/")
        visitor.app = await start(app=pages(build(Counter, stores={"memory": repo})))
        await increment(visitor.app)

        async with page.stream() as stream:
            assert (await stream.hello()).data == '{"fresh":false}'
            assert (await until_count(stream, 1))[-1] == 1


class _Data:
    def __init__(self, data):
        self.data = data


class TestATokenThatIsNone:
    async def stale(self, visitor, token, **headers):
        answer = await visitor.get(f"/_starmodel/live?page={token}", **headers)
        return (answer.status, answer.text) == (200, "event: sm-stale\ndata: {}\n\n")

    @pytest.mark.parametrize(
        "change",
        [
            lambda token: "",
            lambda token: "x",
            lambda token: token[:-1],
            lambda token: ("A" if token[0] != "A" else "B") + token[1:],
            lambda token: token.partition(".")[0],
            lambda token: token.replace(".", ""),
            lambda token: token + "x",
            lambda token: "%00" + token,
            lambda token: "%C3%A4." + token,
        ],
    )
    async def test_makes_the_page_ask_for_itself_again(self, app, visitor, change):
        token = query_of((await visitor.open("/")).url)["page"]

        assert await self.stale(visitor, change(token))

    async def test_of_another_visitor_tells_them_nothing(self, app, visitor):
        token = query_of((await visitor.open("/own")).url)["page"]

        assert await self.stale(Visitor(app), token)

    async def test_of_a_view_that_is_not_there_any_more(self, app, visitor, monkeypatch):
        token = query_of((await visitor.open("/")).url)["page"]
        monkeypatch.delitem(views, face.name)

        assert await self.stale(visitor, token)

    async def test_signed_for_something_else(self, app, visitor):
        await visitor.open("/")

        assert await self.stale(visitor, app.runtime.signer.sign("session", "abc"))
        assert await self.stale(visitor, app.runtime.signer.sign("page", "abc"))
        assert await self.stale(visitor, app.runtime.signer.sign("page", "eJyrVkpUslIwVKoFAA4wAts"))

    async def test_is_the_same_for_whoever_signed_in(self, start, build):
        class Header:
            async def identify(self, headers, session, visitor):
                return Actor(headers["x-user"]) if "x-user" in headers else None

        app = await start(app=pages(build(Counter, auth=[Header()])))
        visitor = Visitor(app)
        await visitor.get("/")
        page = Page(visitor, await visitor.get("/", x_user="ada"))
        token = query_of(page.url)["page"]

        assert await self.stale(visitor, token, x_user="bob")
        async with Stream(visitor, f"{page.url}&after={page.after}", {"x-user": "ada"}) as stream:
            await stream.hello()
            await increment(app)
            await until_count(stream, 1)


class TestReading:
    async def test_slowly_costs_nothing_but_what_is_newest(self, app, visitor):
        async with (await visitor.open("/")).stream() as stream:
            await stream.hello()
            await increment(app)
            await until_count(stream, 1)
            stream.stall()
            for _ in range(100):
                await increment(app)
                await idle(2)
            stream.go_on()

            seen = await until_count(stream, 101)

        assert len(seen) <= 2, "one that was under way, and the newest"

    async def test_never_goes_back(self, app, visitor):
        streams = [(await visitor.open("/list")).stream() for _ in range(5)]
        for stream in streams:
            await stream.__aenter__()
            await stream.hello()

        async def write():
            for number in range(60):
                await increment(app)
                await idle(number % 5)

        async def interrupt(stream):
            for number in range(20):
                stream.stall()
                await idle(number % 7)
                stream.go_on()
                await idle(number % 3)

        await asyncio.gather(write(), *(interrupt(stream) for stream in streams))
        for stream in streams:
            seen = await until_count(stream, 60)
            assert seen == sorted(seen)
            await stream.leave()

    async def test_one_frame_is_made_for_all(self, app):
        visitors = [Visitor(app) for _ in range(3)]
        streams = [(await visitor.open("/")).stream() for visitor in visitors]
        for stream in streams:
            await stream.__aenter__()
            await stream.hello()
        misses = app.runtime.hub.frames.misses
        await increment(app)
        for stream in streams:
            await until_count(stream, 1)
            await stream.leave()

        assert app.runtime.hub.frames.misses == misses + 1

    async def test_a_bus_that_ran_over_loses_nothing(self, app, visitor):
        async with (await visitor.open("/")).stream() as stream:
            await stream.hello()
            for _ in range(3000):  # nobody reads the bus meanwhile
                await app.application.dispatcher.dispatch(Counter.increment().on("lobby"))

            assert (await until_count(stream, 3000))[-1] == 3000


class TestRights:
    async def test_are_asked_for_every_message(self, start, build):
        app = await start(app=pages(build(Counter, policies=[Blocking()])))
        visitor = Visitor(app)
        async with (await visitor.open("/")).stream() as stream:
            await stream.hello()
            await increment(app, 5)
            await until_count(stream, 5)
            await app.application.dispatch(Counter.block().on("lobby"))
            told = await stream.next()
            assert "count=" not in told.data
            assert "Not found" in told.data
            await increment(app, 70)
            await idle(200)

            assert "75" not in "".join(map(str, stream.pending()))

    async def test_nobody_is_told_of_what_is_somebody_elses_own(self, app):
        visitors = [Visitor(app) for _ in range(20)]
        streams = []
        for visitor in visitors:
            stream = (await visitor.open("/own")).stream()
            streams.append(await stream.__aenter__())
            await stream.hello()
        for number, visitor in enumerate(visitors, 1):
            await visitor.post(f"/counter/{visitor.id}/increment", {"by": number})

        for number, stream in enumerate(streams, 1):
            assert count_in(await stream.next()) == number
            await idle()
            assert stream.pending() == []
            await stream.leave()

    async def test_a_list_of_all_is_not_told_of_them_either(self, app):
        watcher, other = Visitor(app), Visitor(app)
        await other.open("/own")
        async with (await watcher.open("/list")).stream() as stream:
            await stream.hello()
            await other.post(f"/counter/{other.id}/increment", {"by": 77})
            await increment(app, 5)
            await until_count(stream, 5)

            assert other.id not in b"".join(stream.chunks).decode()
            assert b"count=77" not in b"".join(stream.chunks)


class TestTheNumberOfStreams:
    async def test_is_bounded_and_told_in_a_way_that_comes_back(self, start, build):
        app = await start(app=pages(build(Counter, max_streams=2)))
        visitor = Visitor(app)
        page = await visitor.open("/")
        async with page.stream() as one, page.stream() as two:
            await one.hello()
            await two.hello()
            refused = await visitor.get(f"{page.url}&after={page.after}")
            assert refused.status == 503
            assert int(refused.header("retry-after")) > 0
        async with page.stream() as again:
            await again.hello()

    async def test_is_bounded_for_those_who_come_all_at_once_and_read_nothing(self, start, build):
        app = await start(app=pages(build(Counter, max_streams=3)))
        page = await Visitor(app).open("/")
        streams = [page.stream() for _ in range(10)]
        for stream in streams:
            stream.stall()
            await stream.__aenter__()
        await idle()
        waiting = app.runtime.hub.streams
        for stream in streams:
            stream.go_on()
        await idle()
        statuses = sorted(stream.status for stream in streams)
        for stream in streams:
            await stream.leave()

        assert waiting == 3
        assert statuses == [200] * 3 + [503] * 7
        assert app.runtime.hub.streams == 0

    @pytest.mark.parametrize("moment", range(8))
    async def test_is_nothing_again_whenever_they_leave(self, app, visitor, moment):
        page = await visitor.open("/two")
        streams = [page.stream() for _ in range(20)]
        for stream in streams:
            await stream.__aenter__()
        await idle(moment)
        await asyncio.gather(*(stream.leave() for stream in streams))

        assert_empty(app.runtime.hub)

    async def test_is_nothing_again_when_a_server_cancels_the_request(self, app, visitor):
        page = await visitor.open("/two")
        stream = page.stream()
        await stream.__aenter__()
        await stream.hello()
        stream.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stream.task

        assert_empty(app.runtime.hub)

    async def test_is_nothing_again_when_a_connection_breaks_while_it_opens(self, app, visitor):
        page = await visitor.open("/two")

        async def send(message):
            raise OSError("broken")

        for _ in range(5):
            with pytest.raises(Exception, match=r"broken|begun"):
                await app(visitor.scope("GET", page.url), None, send)

        assert_empty(app.runtime.hub)


def assert_empty(hub):
    assert hub.streams == 0
    assert hub.tabs == set()
    assert hub._by_key == {}
    assert hub._by_kind == {}


class TestEnding:
    async def test_in_order_when_the_server_drains(self, app, visitor):
        page = await visitor.open("/list")
        streams = [await page.stream().__aenter__() for _ in range(3)]
        for stream in streams:
            await stream.hello()
        app.runtime.drain()

        for stream in streams:
            await stream.end()
        assert_empty(app.runtime.hub)
        refused = await visitor.get(f"{page.url}&after={page.after}")
        assert refused.status == 503

    async def test_in_order_while_much_is_to_be_told(self, app, visitor):
        page = await visitor.open("/list")
        streams = [await page.stream().__aenter__() for _ in range(3)]
        for stream in streams:
            await stream.hello()
        for _ in range(10):
            await increment(app)
        app.runtime.drain()

        for stream in streams:
            await stream.end()

    async def test_of_all_with_the_application_which_may_begin_again(self, build):
        app = pages(build(Counter))
        visitor = Visitor(app)
        for _ in range(2):
            async with app.router.lifespan_context(app):
                stream = (await visitor.open("/")).stream()
                await stream.__aenter__()
                await stream.hello()
            await stream.end()

    async def test_after_its_time_so_that_rights_are_looked_at_anew(self, build):
        app = pages(build(Counter))
        app.runtime.hub._heartbeat, app.runtime.hub._max_age = 0.01, 0.02
        async with app.router.lifespan_context(app), (await Visitor(app).open("/")).stream() as stream:
            await stream.hello()
            await stream.end()

    async def test_by_a_fault_of_ours_ends_this_stream_and_no_other(self, app, visitor, monkeypatch, caplog):
        page, other = await visitor.open("/own"), await Visitor(app).open("/")
        async with page.stream() as stream, other.stream() as healthy:
            await stream.hello()
            await healthy.hello()
            monkeypatch.setattr(
                face, "fn", lambda counter: 1 / 0 if counter.count == 13 else Div(f"count={counter.count};")
            )
            await visitor.post(f"/counter/{visitor.id}/increment", {"by": 13})
            await stream.end()
            await increment(app, 5)

            assert await until_count(healthy, 5) == [5]
        assert "ZeroDivisionError" in caplog.text


class TestSilence:
    async def test_is_filled_so_that_nobody_thinks_it_dead(self, build):
        app = pages(build(Counter))
        app.runtime.hub._heartbeat = 0.01
        async with app.router.lifespan_context(app), (await Visitor(app).open("/")).stream() as stream:
            await stream.hello()
            before = len(stream.chunks)
            while len(stream.chunks) < before + 3:
                await stream._wait()
            assert set(stream.chunks[before:]) == {b"event: sm-beat\ndata: 0\n\n"}

    async def test_of_a_reader_that_stalls_piles_up_nothing(self, build):
        app = pages(build(Counter))
        app.runtime.hub._heartbeat = 0.001
        async with app.router.lifespan_context(app), (await Visitor(app).open("/")).stream() as stream:
            await stream.hello()
            await idle()
            before = len(asyncio.all_tasks())
            stream.stall()
            await asyncio.sleep(0.05)

            assert len(asyncio.all_tasks()) <= before + 2


async def test_a_store_that_cannot_be_reached_while_it_opens_ends_it_and_the_tab_comes_back(start, build):
    store = FaultyStore(MemoryRepo())
    app = await start(app=pages(build(Counter, stores={"memory": store})))
    page = await Visitor(app).open("/")
    store.fail("changes")
    stream = page.stream()
    await stream.__aenter__()
    with pytest.raises(Exception, match="begun"):
        await stream.task
    assert_empty(app.runtime.hub)

    async with page.stream() as stream:
        await stream.hello()
