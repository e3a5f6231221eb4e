"""What the doors promise when commands are repeated, hidden, refused or many."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Annotated

import pytest
from asgi_visitors import Visitor, idle
from fasthtml.common import P

from starmodel.adapters.fasthtml import Shared, view
from starmodel.adapters.fasthtml.fragments import Fragments
from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.core import Entity, event
from starmodel.core.actors import ALLOWED, Decision
from starmodel.core.answers import GoTo, Notice
from starmodel.core.domain_events import DomainEvent
from starmodel.core.errors import RefusedError, StoreError
from starmodel.core.query import Stored
from starmodel.core.visibility import Secret
from starmodel.testing import FaultyStore

waits: list[asyncio.Event] = []


class Poster(Entity):
    text: str = ""
    likes: int = 0
    pin: Secret[str] = ""

    @event
    def like(self) -> None:
        self.likes += 1

    @event
    def go(self) -> GoTo:
        self.likes += 1
        return GoTo("/done")

    @event
    def word(self) -> Notice:
        self.likes += 1
        return Notice("well done", "success")

    @event
    def trick(self) -> dict:
        self.likes += 1
        return {"go_to": "//evil.example"}

    @event
    def edit(self, text: str, **fields) -> None:
        self.text = text


class Locked(Entity):
    model_config = {"default_events": ()}
    n: int = 0


class Cart(Entity):
    items: int = 0

    @event
    def add(self) -> None:
        self.items += 1


class Ticket(Entity):
    left: int = 1
    looks: int = 0

    @event
    async def buy(self) -> str:
        if not self.left:
            raise RefusedError("sold out")
        self.left -= 1
        await waits.pop(0).wait()
        return "bought"

    @event
    def look(self) -> None:
        self.looks += 1


class Room(Entity):
    n: int = 0


class Note(Entity):
    room: str = ""

    @event
    def move(self, room: Room) -> None:
        self.room = room.id


@dataclass(frozen=True)
class Liked(DomainEvent):
    n: int


class Chatty(Entity):
    n: int = 0

    @event
    def like(self) -> None:
        self.n += 1
        self.record(Liked(self.n))


class Worker(Entity):
    n: int = 0

    @event
    async def go(self):
        self.n = 1
        yield P("x", id="log")
        self.n = 0

    @event
    async def stumble(self):
        self.n = 1
        yield P("x", id="log")
        raise RuntimeError("stumbled")


class OnlyStaffDeletes:
    def decide(self, actor, action, kind, id, entity):
        if action == "delete" and "staff" not in actor.roles:
            return Decision(allowed=False, why="only staff may delete")
        return ALLOWED


class NobodyReads:
    def decide(self, actor, action, kind, id, entity):
        return Decision(allowed=False, hidden=True) if action == "read" else ALLOWED


@view
def found(poster: Poster, word: str = ""):
    return P("found" if word in poster.text else "not found")


async def test_who_may_not_delete_may_not_take_back_a_creation_either(start):
    app = await start(Poster, policies=[OnlyStaffDeletes()])
    visitor = Visitor(app)
    made = (await visitor.post("/poster/create", {"text": "x"})).json
    assert (await visitor.post(f"/poster/{made['id']}/delete", {})).status == 403
    assert (await visitor.post("/poster/undo", {"command": made["command"]})).status == 403


async def test_the_answer_to_a_command_shows_nothing_that_its_sender_may_not_read(start):
    app = await start(Poster, policies=[NobodyReads()])
    await app.application.dispatch(Poster.create(text="hidden text").on("p"))
    answer = await Visitor(app).post("/poster/p/like", {})
    assert "hidden text" not in answer.everything


async def test_an_entity_without_default_events_has_no_undo(start):
    app = await start(Locked)
    assert (await Visitor(app).post("/locked/undo", {"command": "x"})).status == 404


@pytest.mark.parametrize("name", ["go", "word"])
async def test_a_command_sent_again_gets_the_answer_of_the_first_time(start, name):
    app = await start(Poster)
    await app.application.dispatch(Poster.create(text="t").on("p"))
    visitor = Visitor(app)
    for send, key in ((visitor.click, "script"), (visitor.form, "form")):
        first = await send(f"/poster/p/{name}", idempotency_key=key)
        again = await send(f"/poster/p/{name}", idempotency_key=key)
        assert (again.status, again.body) == (first.status, first.body)
        assert again.header("location") == first.header("location")
    assert (await app.application.load(Poster, "p")).entity.likes == 2


async def test_a_data_result_that_looks_like_an_answer_of_the_framework_sends_nobody_anywhere(start):
    app = await start(Poster)
    await app.application.dispatch(Poster.create().on("p"))
    visitor = Visitor(app)
    assert (await visitor.click("/poster/p/trick", idempotency_key="a")).status == 204
    assert (await visitor.click("/poster/p/trick", idempotency_key="a")).status == 204
    for _ in range(2):
        assert (await visitor.form("/poster/p/trick", idempotency_key="b")).header("location") == "/"


async def test_a_creation_sent_again_gets_its_first_answer_after_the_log_moved_on(start):
    app = await start(Poster, stores={"memory": MemoryRepo(keep=2)})
    visitor = Visitor(app)
    first = (await visitor.post("/poster/create", {"text": "x"}, idempotency_key="k")).json
    for _ in range(3):
        await app.application.dispatch(Poster.create())
    again = (await visitor.post("/poster/create", {"text": "x"}, idempotency_key="k")).json
    assert (again["id"], again["version"]) == (first["id"], first["version"])


async def test_merging_with_somebody_elses_change_never_drops_a_required_argument(start):
    app = await start(Poster)
    await app.application.dispatch(Poster.create(text="a").on("p"))
    base = (await app.application.load(Poster, "p")).version
    await app.application.dispatch(Poster.update(text="b").on("p"))
    answer = await Visitor(app).post("/poster/p/edit", {"text": "a", "likes": 3}, starmodel_base_version=str(base))
    assert answer.status == 200
    assert answer.json["entity"]["text"] == "a"


async def test_a_visitors_own_entity_is_in_its_list_however_many_others_there_are(start):
    app = await start(Cart)

    @app.get("/own")
    def own(cart: Cart):
        return P(f"{cart.items} items")

    @app.get("/list")
    def listed(carts: list[Cart]):
        return P(f"{len(carts)} carts")

    for n in range(130):
        await app.application.dispatch(Cart.create().on(f"visitor-{n:032x}"))
    visitor = Visitor(app)
    await visitor.get("/own")
    assert (await visitor.post(f"/cart/{visitor.id}/add", {})).status == 200
    assert ">1 carts<" in (await visitor.get("/list")).text


async def test_a_command_sent_twice_at_once_is_not_refused_by_what_it_did_itself(start):
    app = await start(Ticket)
    await app.application.dispatch(Ticket.create().on("t"))
    visitor = Visitor(app)
    await visitor.get("/")
    first, second, rerun = asyncio.Event(), asyncio.Event(), asyncio.Event()
    waits[:] = [first, second, rerun]
    one = asyncio.create_task(visitor.post("/ticket/t/buy", {}, idempotency_key="k"))
    await idle()
    two = asyncio.create_task(visitor.post("/ticket/t/buy", {}, idempotency_key="k"))
    await idle()
    await app.application.dispatch(Ticket.look().on("t"))  # both conflict once
    first.set()
    await idle()  # one runs again
    second.set()
    await idle()  # two waits for its turn
    rerun.set()
    answers = await asyncio.gather(one, two)
    assert [answer.status for answer in answers] == [200, 200]
    assert (await app.application.load(Ticket, "t")).entity.left == 0


def test_the_memory_for_rendered_views_counts_their_arguments():
    fragments = Fragments(max_bytes=1_000_000)
    stored = Stored(Poster(id="p"), 1)
    for n in range(150):
        found.html(stored, json.dumps({"word": "x" * 20_000 + str(n)}), frozenset(), fragments)
    held = sum(len(part) for key in fragments._kept for part in key if isinstance(part, str))
    assert 0 < held <= 1_000_000


async def test_an_entity_that_only_a_page_names_can_be_referred_to(start):
    app = await start(Room, Note)

    @app.get("/")
    def lobby(room: Annotated[Room, Shared("lobby")]):
        return P(f"{room.n} people")

    await app.application.dispatch(Note.create().on("n"))
    assert (await Visitor(app).post("/note/n/move", {"room": "lobby"})).status == 200


async def test_reactions_hear_every_domain_event_of_a_loop_longer_than_the_log(start):
    app = await start(Chatty, stores={"memory": MemoryRepo(keep=1_100)})
    heard, is_done = [], asyncio.Event()

    @app.on(Liked)
    def hear(reaction):
        heard.append(reaction.event.n)
        if len(heard) == 2_500:
            is_done.set()

    await app.application.dispatch(Chatty.create().on("c"))
    for _ in range(2_500):
        await app.application.dispatch(Chatty.like().on("c"))
    async with asyncio.timeout(5):
        await is_done.wait()
    assert heard == list(range(1, 2_501))


async def test_guesses_at_a_secret_are_all_answered_alike(start):
    app = await start(Poster)
    await app.application.dispatch(Poster.create(pin="4711").on("p"))
    visitor = Visitor(app)
    answers = [
        await visitor.post("/poster/p/update", {"pin": guess}, starmodel_base_version="999999")
        for guess in ("0000", "1234", "4711")
    ]
    assert len({answer.status for answer in answers}) == 1


@pytest.mark.parametrize("name", ["go", "stumble"])
async def test_an_event_is_answered_in_full_when_its_steps_cannot_be_taken_back(start, name):
    store = FaultyStore(MemoryRepo())
    app = await start(Worker, stores={"memory": store})
    await app.application.dispatch(Worker.create().on("w"))
    visitor = Visitor(app)
    await visitor.get("/")
    get, calls = store.get, []

    async def only_once(kind, id):
        calls.append(id)
        if len(calls) > 1:
            raise StoreError("away")
        return await get(kind, id)

    store.get = only_once
    answer = await visitor.click(f"/worker/w/{name}")
    assert answer.status == 200
    assert (b"sm-problem" in answer.body) == (name == "stumble")
