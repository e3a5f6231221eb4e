"""What one node has drawn is used by another: the same for whoever may see the same, and never anybody's own."""

from __future__ import annotations

import asyncio
from typing import Annotated

import pytest
from asgi_visitors import Visitor
from fasthtml.common import Div, P

from starmodel.adapters.fasthtml import find, view
from starmodel.adapters.fasthtml.fingerprint import fingerprint_of
from starmodel.adapters.fasthtml.sealing import look_of
from starmodel.adapters.persistence.memory import MemoryFragments, MemoryRepo
from starmodel.core import Actor, Entity, Owner, anyone, event, owner
from starmodel.core.errors import StoreError
from starmodel.core.settings import AdapterSettings

MANY = 5
DRAWN: list[str] = []
"""What was drawn, by whichever node."""
READER = [""]


class Stall(Entity):
    name: str = ""


class Letter(Entity):
    text: str = ""
    author: Annotated[str, Owner()] = ""
    model_config = {"policy": {"read": anyone, "*": owner}}

    @event
    def burn(self) -> None:
        self.text = ""


@view
def sign(stall: Stall):
    DRAWN.append(stall.name)
    return Div(stall.name, cls="sign")


@view
def paper(letter: Letter):
    return P(letter.text, f"seen by {READER[0]}")


def named(stall):
    DRAWN.append(stall.name)
    return P(stall.name)


def opened(letter):
    return P(letter.text)


class FarFragments(MemoryFragments):
    """Another process's memory: slow, away, or written into by somebody else."""

    def __init__(self):
        super().__init__()
        self.asked, self.delay, self.is_away = 0, 0.0, False

    async def get_many(self, keys, /):
        self.asked += keys[0].endswith(":hello") is False
        await asyncio.sleep(self.delay)
        if self.is_away:
            raise StoreError("the cache cannot be reached")
        return await super().get_many(keys)

    def spoil(self, *values):
        """Put one of *values* in the place of each that is kept."""
        for number, (key, (_, ends)) in enumerate(self._kept.items()):
            self._kept[key] = values[number % len(values)], ends

    @property
    def values(self):
        return [value for value, _ in self._kept.values()]


class ByHeader:
    async def identify(self, headers, session, visitor, /):
        name = headers.get("x-user")
        return Actor(name) if name else None


@pytest.fixture
def far():
    return FarFragments()


@pytest.fixture
def node(start, build, far):
    """Start a node: the same entities in the same store, and a memory of its own of what it has drawn."""
    store = MemoryRepo()
    DRAWN.clear()

    async def node(own=named, **options):
        app = build(Stall, Letter, auth=[ByHeader()], **{"stores": {"memory": store}, "fragments": far, **options})
        app.pages.cell(Letter, "text")(opened)
        if own is not None:
            app.pages.cell(Stall, "name")(own)

        @app.get("/signs")
        async def signs():
            return [sign(one) for one in await find(Stall)]

        @app.get("/letters")
        async def letters():
            return [paper(one) for one in await find(Letter)]

        return await start(app=app)

    return node


async def filled(app):
    for number in range(MANY):
        await app.application.dispatch(Stall.create(name=f"stall {number}").on(f"s{number}"))
        await app.application.dispatch(Letter.create(text=f"dear {number}").on(f"l{number}"), actor=Actor("ada"))
    return app


async def page(app, path, user=""):
    READER[0] = user
    answer = await Visitor(app).get(path, x_user=user)
    assert answer.status == 200
    await asyncio.sleep(0.02)  # what was drawn is written down after the answer
    return answer.text


def drawn():
    found = sorted(DRAWN)
    DRAWN.clear()
    return found


STALLS = [f"stall {number}" for number in range(MANY)]


@pytest.mark.parametrize("path", ["/stall", "/signs"])
async def test_what_one_node_has_drawn_another_does_not_draw(node, far, path):
    one, other = await filled(await node()), await node()
    first = await page(one, path)
    assert drawn() == STALLS
    second = await page(other, path)
    assert drawn() == []
    assert all(first.count(name) == second.count(name) > 0 for name in STALLS)
    assert far.asked == 2  # once for each page


async def test_what_has_changed_is_drawn_again(node):
    one, other = await filled(await node()), await node()
    await page(one, "/signs")
    drawn()
    await one.application.dispatch(Stall.update(name="new").on("s1"))
    assert "new" in await page(other, "/signs")
    assert drawn() == ["new"]


async def test_the_same_version_of_other_data_is_another_piece(node):
    one, other = await filled(await node()), await node(stores={"memory": MemoryRepo()})  # one that was put back
    await page(one, "/signs")
    drawn()
    for number in range(MANY):
        await other.application.dispatch(Stall.create(name=f"other {number}").on(f"s{number}"))
    assert "stall 0" not in await page(other, "/signs")
    assert drawn() == [f"other {number}" for number in range(MANY)]


async def test_nobodys_own_piece_reaches_another(node, far):
    one, other, third = await filled(await node()), await node(), await node()
    mine = [await page(one, path, "ada") for path in ("/letters", "/letter")]
    theirs = [await page(other, path, "bob") for path in ("/letters", "/letter")]
    assert [mine[0].count("seen by ada"), theirs[0].count("seen by bob")] == [MANY, MANY]
    assert "seen by ada" not in theirs[0]
    assert not any(b"seen by" in value for value in far.values)
    assert [mine[1].count('data-sm-may=""'), theirs[1].count('data-sm-may=""')] == [0, MANY]
    hers, asked = await page(third, "/letter", "ada"), third.runtime.fragments.shared.found
    assert (hers.count('data-sm-may=""'), asked) == (0, MANY)  # what was drawn for those who are offered the same


@pytest.mark.parametrize("forged", [b"<script>alert(1)</script>", b"", b"x" * 40, b"\xff" * 40])
async def test_what_somebody_else_wrote_is_refused(node, far, forged):
    one, other = await filled(await node()), await node()
    await page(one, "/signs")
    drawn()
    far.spoil(forged)
    assert "alert" not in await page(other, "/signs")
    assert drawn() == STALLS


async def test_a_seal_is_good_for_its_own_piece_alone(node, far):
    one, other = await filled(await node()), await node()
    await page(one, "/signs")
    drawn()
    far.spoil(far.values[0])
    shown = await page(other, "/signs")
    assert all(shown.count(name) == 1 for name in STALLS)


@pytest.mark.parametrize(
    "other", [{"secret": "another secret that is long enough"}, {"settings": AdapterSettings(values={"COLOUR": "red"})}]
)
async def test_another_secret_or_setting_shares_nothing(node, other):
    await page(await filled(await node()), "/signs")
    drawn()
    await page(await node(**other), "/signs")
    assert drawn() == STALLS


@pytest.mark.parametrize("trouble", ["away", "slow"])
async def test_a_cache_in_trouble_is_not_asked_for_a_while(node, far, trouble):
    app = await filled(await node())
    far.is_away, far.delay = trouble == "away", 0.05 if trouble == "slow" else 0.0
    for name in ("a", "b", "c", "d", "e"):
        app.runtime.fragments.__init__()
        app.runtime.fragments.shared = app.runtime._shared
        assert "stall 0" in await page(app, f"/signs?{name}")
    assert 2 <= far.asked <= 3  # it may have been away before the first page
    assert drawn() == sorted(STALLS * 5)


async def test_what_carries_values_of_its_own_is_drawn_by_each_node(node, far):
    def own(prefix):
        return lambda stall: P(prefix + stall.name)

    one, other = await filled(await node(own("first: "))), await node(own("second: "))
    await page(one, "/stall")
    assert "first: " not in await page(other, "/stall")
    assert far.asked == 0


async def test_rows_of_the_kit_alone_are_drawn_sooner_than_found(node, far):
    app = await filled(await node(own=None))
    assert "stall 0" in await page(app, "/stall")
    assert (far.asked, far.values) == (0, [])


async def test_without_a_cache_nothing_is_asked(node, far):
    app = await filled(await node(fragments=None))
    await page(app, "/signs")
    assert (far.asked, far.values, app.runtime.fragments.shared) == (0, [], None)


def test_a_function_says_all_that_it_does_or_is_not_shared():
    around = 1
    assert look_of(named) == look_of(named) != look_of(named, named)
    assert look_of(lambda stall, size=3: stall) != look_of(lambda stall, size=4: stall)
    assert look_of(lambda stall: around) is look_of(lambda stall, at=STALLS: stall) is look_of(str.upper) is None


def test_other_code_has_another_fingerprint(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / "stalls_at_sea"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    __import__("stalls_at_sea")
    before = fingerprint_of(["stalls_at_sea"], ["blue"])
    assert fingerprint_of(["stalls_at_sea"], ["blue"]) == before
    assert fingerprint_of(["stalls_at_sea"], ["red"]) != before
    (folder / "not_loaded_yet.py").write_text("x = 1")
    assert fingerprint_of(["stalls_at_sea"], ["blue"]) != before
    assert fingerprint_of(["nowhere"], []) is None
