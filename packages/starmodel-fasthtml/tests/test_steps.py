"""Events with steps: shown as they run, in the tabs of whoever began them, and taken back if they come to nothing."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated

import pytest
from asgi_visitors import Visitor, idle
from fasthtml.common import Div, P

from starmodel.adapters.fasthtml import Shared, view
from starmodel.core import Entity, event
from starmodel.core.errors import RefusedError


class Job(Entity):
    progress: int = 0
    runs: int = 0

    @event
    async def run(self, upto: int = 3):
        for step in range(1, upto + 1):
            self.progress = step * 10
            yield P(f"step {step}", id="log")
            await gate.pass_by()
        self.runs += 1

    @event
    def count(self):
        for step in range(3):
            self.progress = step
            yield step
        yield "nearly"
        yield True
        yield None

    @event
    async def fail(self):
        self.progress = 50
        yield 1
        await gate.pass_by()
        raise RefusedError("It did not work.")

    @event
    async def crash(self):
        self.progress = 50
        yield 1
        raise RuntimeError("the code is 1234")

    @event
    async def fail_at_once(self):
        raise RefusedError("Not even begun.")
        yield

    @event
    async def come_to_nothing(self):
        self.progress = 50
        yield 1
        await gate.pass_by()
        self.progress = 0


class Gate:
    """Holds events at each step while it is shut."""

    def __init__(self):
        self.open = asyncio.Event()
        self.open.set()
        self.waiting = 0

    async def pass_by(self):
        self.waiting += 1
        await self.open.wait()
        self.waiting -= 1


gate = Gate()


@view
def bar(job: Job):
    return Div(f"progress={job.progress}; runs={job.runs};")


@pytest.fixture
async def app(start):
    global gate  # noqa: PLW0603  (an event belongs to one loop)
    gate = Gate()
    app = await start(Job)

    @app.get("/")
    def home(job: Annotated[Job, Shared("j")]):
        return bar(job)

    return app


def progress_in(event):
    return int(re.search(r"progress=(\d+);", event.data)[1])


async def test_a_yielded_piece_of_page_is_sent_as_it_comes(visitor):
    answer = await visitor.click("/job/j/run")

    assert answer.status == 200
    assert answer.header("content-type").startswith("text/event-stream")
    assert re.findall(r'<p id="log">(step \d)</p>', answer.text) == ["step 1", "step 2", "step 3"]


async def test_a_yielded_number_or_text_is_sent_as_a_step(visitor):
    answer = await visitor.click("/job/j/count")

    assert re.findall(r'"value":([^}]*)}', answer.text) == ["0", "1", "2", '"nearly"']


async def test_whoever_understands_no_steps_gets_the_end_alone(visitor):
    assert (await visitor.post("/job/j/run")).json["entity"]["runs"] == 1
    assert (await visitor.form("/job/j/run")).status == 303


async def test_the_first_step_does_not_wait_for_the_last(app, visitor):
    gate.open.clear()
    sent = asyncio.Queue()
    scope = visitor.scope("POST", "/job/j/run", {"content-type": "application/json", "starmodel-request": "1"})

    async def receive():
        return {"type": "http.request", "body": b"{}"}

    request = asyncio.create_task(app(scope, receive, sent.put))
    assert (await sent.get())["type"] == "http.response.start"
    assert b"step 1" in (await sent.get())["body"]
    assert not request.done()
    gate.open.set()
    await request


async def test_the_tabs_of_whoever_began_see_every_step_and_nobody_else_does(app, visitor):
    other = Visitor(app)
    gate.open.clear()
    async with (await visitor.open("/")).stream() as mine, (await other.open("/")).stream() as theirs:
        await mine.hello()
        await theirs.hello()
        running = asyncio.create_task(visitor.click("/job/j/run", {"upto": 1}))
        assert progress_in(await mine.next()) == 10
        await idle()
        assert theirs.pending() == []
        gate.open.set()
        await running
        assert "runs=1" in (await mine.next()).data
        assert "progress=10; runs=1" in (await theirs.next()).data


@pytest.mark.parametrize("name", ["fail", "crash", "come_to_nothing"])
async def test_what_was_shown_is_taken_back_when_it_comes_to_nothing(visitor, name):
    async with (await visitor.open("/")).stream() as stream:
        await stream.hello()
        gate.open.clear()
        running = asyncio.create_task(visitor.click(f"/job/j/{name}"))
        shown = [progress_in(await stream.next())]
        gate.open.set()
        await running
        await idle()

        shown += [progress_in(event) for event in stream.pending()]
        assert shown in ([50, 0], [0])
        await visitor.post("/job/j/update", {"runs": 5})
        assert progress_in(await stream.until("runs=5")) == 0


async def test_it_is_taken_back_in_a_tab_whose_page_was_stored_before(visitor):
    await visitor.click("/job/j/run", {"upto": 1})
    async with (await visitor.open("/")).stream() as stream:
        await stream.hello()
        gate.open.clear()
        running = asyncio.create_task(visitor.click("/job/j/fail"))
        assert progress_in(await stream.next()) == 50
        gate.open.set()
        await running

        assert progress_in(await stream.next()) == 10


async def test_a_failure_half_way_is_told_at_the_end_of_the_steps(visitor):
    answer = await visitor.click("/job/j/fail")

    assert answer.status == 200, "the answer had begun"
    assert "event: sm-problem" in answer.text
    assert "It did not work." in answer.text


async def test_and_tells_nothing_that_it_should_not(visitor):
    assert "1234" not in (await visitor.click("/job/j/crash")).text


async def test_a_failure_before_the_first_step_is_a_plain_refusal(visitor):
    assert (await visitor.click("/job/j/fail_at_once")).status == 409


async def test_a_tab_that_reads_slowly_costs_nothing_but_the_newest_step(visitor):
    async with (await visitor.open("/")).stream() as stream:
        await stream.hello()
        stream.stall()
        await idle()
        before = len(asyncio.all_tasks())
        running = asyncio.create_task(visitor.click("/job/j/run", {"upto": 200}))
        await running
        assert len(asyncio.all_tasks()) <= before + 2
        stream.go_on()
        await stream.until("runs=1")
        await idle()
        assert stream.pending() == [], "no step comes after the end"
        assert len(stream.chunks) < 20
