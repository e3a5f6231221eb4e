"""Views: pieces of page made once per version of an entity, and known to the page they stand on."""

from __future__ import annotations

import re
from typing import Any

import pytest
from asgi_visitors import Visitor
from fasthtml.common import H1, Button, Div, Span

from starmodel.adapters.fasthtml import Fragment, find, load, on_click, show, view
from starmodel.adapters.fasthtml.fragments import Fragments
from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.core import Entity, event
from starmodel.core.actors import Actor
from starmodel.core.errors import DefinitionError
from starmodel.core.query import Stored

rendered: list[object] = []


class Lamp(Entity):
    on: bool = False
    watts: int = 0

    @event
    def switch(self) -> None:
        self.on = not self.on


class Holder(Entity):
    thing: Any = None


class Odd__Name(Entity):  # noqa: N801
    a__b: int = 1
    größe: int = 2  # noqa: PLC2401  (Python allows it, Datastar does not)


@view
def face(lamp: Lamp):
    rendered.append((lamp.id, lamp.on))
    return Div("on" if lamp.on else "off", Button("switch", on_click(lamp.switch)))


@view
def labelled(lamp: Lamp, label: object, size: object = 1):
    rendered.append((label, size))
    return Div(f"{label!r} {size!r}")


@view
def outer(lamp: Lamp):
    return Div(face(lamp), Span("around"))


@pytest.fixture
async def app(start):
    rendered.clear()
    return await start(Lamp)


@pytest.fixture
async def id(visitor):
    return (await visitor.post("/lamp/create", {})).json["id"]


def test_an_element_that_a_program_keeps_may_stand_for_many_entities():
    kept = Span("dark")

    @view
    def dark(lamp: Lamp):
        return kept

    assert [str(dark(Lamp(id=id))) for id in ("a", "b")] == [
        '<span id="lamp-a-dark">dark</span>',
        '<span id="lamp-b-dark">dark</span>',
    ]


class TestRendering:
    @pytest.fixture
    def app_with_page(self, app):
        @app.get("/")
        async def home():
            return [face(lamp) for lamp in await find(Lamp)]

        return app

    async def test_happens_once_for_each_version(self, app_with_page, visitor, id):
        for _ in range(3):
            await visitor.open("/")
        assert rendered == [(id, False)]

        await visitor.post(f"/lamp/{id}/switch")
        for _ in range(3):
            await Visitor(app_with_page).open("/")
        assert rendered == [(id, False), (id, True)]

    async def test_of_a_version_that_comes_again_is_another(self, app_with_page, visitor, id):
        await visitor.open("/")
        await visitor.post(f"/lamp/{id}/delete")
        await app_with_page.application.dispatch(Lamp.create(on=True).on(id))

        assert ">on<" in re.sub(r"\s", "", (await visitor.open("/")).main)

    async def test_is_its_own_for_other_rights(self, start):
        class Door:
            async def identify(self, headers, session, visitor):
                return Actor(headers.get("x-user", "a"), visitor, frozenset(headers.get("x-role", "").split()))

        rendered.clear()
        app = await start(Lamp, auth=[Door()])

        @app.get("/")
        async def home():
            return [face(lamp) for lamp in await find(Lamp)]

        visitor = Visitor(app)
        await visitor.post("/lamp/create", {})
        for role in ("admin", "guest", "admin"):
            await visitor.get("/", x_role=role)

        assert len(rendered) == 2

    async def test_gets_the_snapshot_itself(self, app, visitor, id):
        kinds = []

        @view
        def look(lamp: Lamp):
            kinds.append(lamp.__dict__.keys())
            return Div(lamp.on)

        @app.get("/{lamp}")
        def home(lamp: Lamp):
            return look(lamp)

        await visitor.open(f"/{id}")

        assert set(kinds[0]) == {"id", "on", "watts"}, "no lens, so that reading it makes no page depend on it"

    async def test_outside_a_page_is_just_html(self):
        lamp = Lamp(on=True)

        assert str(face(lamp)).startswith(f'<div id="lamp-{lamp.id}-face">on')
        assert isinstance(face(lamp), Fragment)

    async def test_of_what_an_event_would_make_is_not_mistaken_for_what_is_stored(self, app, visitor, id):
        @app.get("/{lamp}")
        def home(lamp: Lamp):
            return face(lamp.switch()), Span("still", lamp.on)

        main = (await visitor.open(f"/{id}")).main

        assert ">on<" in re.sub(r"\s", "", main)
        assert "stillFalse" in re.sub(r"\s", "", main)


class TestItsElement:
    def test_has_an_id_of_its_own(self):
        lamp, other = Lamp(), Lamp()
        labels = [labelled(lamp, label) for label in ("a", "b", 1, True, None)]

        made = [face(lamp), face(other), *labels, labelled(lamp, "a", size=2)]

        assert len({re.match(r'<div id="([\w-]+)"', str(one))[1] for one in made}) == 8

    def test_keeps_the_id_it_was_given(self):
        @view
        def named(lamp: Lamp):
            return Div("x", id="mine")

        assert str(named(Lamp())) == '<div id="mine">x</div>'

    @pytest.mark.parametrize("content", ["text", ("a", Span("b")), [Span("a")], None, 7])
    def test_is_put_around_what_is_no_single_element(self, content):
        @view
        def loose(lamp: Lamp):
            return content

        lamp = Lamp()
        assert str(loose(lamp)).startswith(f'<div id="lamp-{lamp.id}-loose">')

    def test_of_a_view_in_a_view_stays_inside(self):
        lamp = Lamp()

        html = str(outer(lamp))

        assert html.startswith(f'<div id="lamp-{lamp.id}-outer"><div id="lamp-{lamp.id}-face">')

    def test_of_a_view_that_is_another_view_is_around_it(self):
        @view
        def same(lamp: Lamp):
            return face(lamp)

        lamp = Lamp()
        assert str(same(lamp)).startswith(f'<div id="lamp-{lamp.id}-same"><div id="lamp-{lamp.id}-face">')


class TestArguments:
    async def test_that_python_thinks_equal_are_told_apart(self, app, visitor, id):
        @app.get("/{lamp}")
        def home(lamp: Lamp):
            return [labelled(lamp, label) for label in (1, True, 1.0, "1", 0, False, None, "")]

        main = (await visitor.open(f"/{id}")).main

        assert [repr(label) in main for label in (1, True, 1.0, "1", 0, False, None, "")] == [True] * 8
        assert len(rendered) == 8

    async def test_may_be_given_by_name_or_by_place(self, app, visitor, id):
        @app.get("/{lamp}")
        def home(lamp: Lamp):
            return labelled(lamp, "a", 2), labelled(lamp, size=2, label="a")

        await visitor.open(f"/{id}")

        assert rendered == [("a", 2)]

    @pytest.mark.parametrize(
        "wrong",
        [[1], {"a": 1}, (1,), {1}, object(), float("nan"), b"x", Lamp()],
        ids=lambda wrong: type(wrong).__name__,
    )
    def test_must_be_plain(self, wrong):
        with pytest.raises(DefinitionError, match="labelled"):
            labelled(Lamp(), wrong)

    def test_too_many_are_a_type_error_as_for_any_function(self):
        with pytest.raises(TypeError):
            labelled(Lamp(), 1, 2, 3)


@pytest.mark.parametrize("wrong", [3, "x", lambda: None, len])
def test_a_view_is_a_function_of_an_entity(wrong):
    with pytest.raises(DefinitionError, match="@view"):
        view(wrong)


class CopyingRepo(MemoryRepo):
    """Gives another object for each reading, as a store outside of the process does."""

    async def get(self, kind, id):
        stored = await super().get(kind, id)
        return None if stored is None else Stored(stored.entity.evolve(), stored.version)


async def test_two_loads_of_one_entity_are_one_entity_to_the_page(start):
    app = await start(Lamp, stores={"memory": CopyingRepo()})
    visitor = Visitor(app)
    id = (await visitor.post("/lamp/create", {})).json["id"]

    @app.get("/{lamp}")
    async def home(lamp: Lamp):
        again = await load(Lamp, lamp.id)
        return face(lamp), labelled(again, "x")

    page = await visitor.open(f"/{id}")

    async with page.stream() as stream:
        await stream.hello()
        await visitor.post(f"/lamp/{id}/switch")
        patches = {re.search(r'id="([\w-]+)"', (await stream.next()).data)[1] for _ in range(2)}
        assert f"lamp-{id}-face" in patches
        assert len(patches) == 2


class TestFragments:
    def test_are_made_once(self):
        made, kept = [], Fragments()
        for _ in range(3):
            kept.get("a", lambda: made.append(1) or "x")

        assert (len(made), kept.hits, kept.misses) == (1, 2, 1)

    def test_that_were_used_longest_ago_go_first(self):
        kept = Fragments(max_bytes=3)
        for key in "abc":
            kept.get(key, lambda: "x")
        kept.get("a", lambda: "x")
        kept.get("d", lambda: "x")

        kept.get("a", lambda: pytest.fail("it was used lately"))
        assert kept.get("b", lambda: "y") == "y"
        assert kept.size <= 3

    def test_too_large_for_the_cache_are_still_given(self):
        kept = Fragments(max_bytes=3)

        assert kept.get("a", lambda: "long enough") == "long enough"
        assert kept.get("b", lambda: "x") == "x"
        assert kept.size == 1


class TestShow:
    async def test_is_the_value_and_a_signal_that_follows_it(self, app, visitor, id):
        @app.get("/{lamp}")
        def home(lamp: Lamp):
            return show(lamp, "watts", cls="big")

        page = await visitor.open(f"/{id}")

        signal = re.search(r'data-text="\$([\w.]+)"', page.main)[1]
        name, field = signal.split(".")
        assert f"{{&quot;{name}&quot;:{{&quot;{field}&quot;:0}}}}" in page.text
        assert 'class="big">0</span>' in page.main

    @pytest.mark.parametrize(
        "value", [None, True, 1.0, 10**20, -(2**53), 1e300, "</script>$x@y('z')", ["a", 1], {"b": None}]
    )
    async def test_shows_the_same_from_the_signal_as_from_the_page(self, start, value):
        app = await start(Holder)

        @app.get("/{holder}")
        def home(holder: Holder):
            return show(holder, "thing")

        visitor = Visitor(app)
        await app.application.dispatch(Holder.create(thing=value).on("h"))
        page = await visitor.open("/h")

        assert (await visitor.get("/h")).status == 200
        async with page.stream() as stream:
            await stream.hello()
            await app.application.dispatch(Holder.update(thing="next").on("h"))
            assert '"next"' in (await stream.next()).data
            await app.application.dispatch(Holder.update(thing=value).on("h"))
            assert (await stream.next()).type == "datastar-patch-signals"

    def test_outside_a_page_is_just_the_value(self):
        assert str(show(Lamp(watts=40), "watts")) == "<span>40</span>"

    async def test_works_for_names_that_datastar_reads_otherwise(self, start):
        app = await start(Odd__Name)

        @app.get("/{odd}")
        def home(odd: Odd__Name):
            return show(odd, "a__b"), show(odd, "größe")

        visitor = Visitor(app)
        await app.application.dispatch(Odd__Name.create().on("o"))
        page = await visitor.open("/o")

        names = re.findall(r'data-text="\$([^"]+)"', page.main)
        assert all(re.fullmatch(r"[A-Za-z0-9]+(_[A-Za-z0-9]+)*\.[A-Za-z0-9]+(_[A-Za-z0-9]+)*", name) for name in names)
        async with page.stream() as stream:
            await stream.hello()
            await app.application.dispatch(Odd__Name.update(a__b=5).on("o"))
            assert "5" in (await stream.next()).data


def test_the_heading_of_nothing_is_nothing():
    @view
    def title(lamp: Lamp):
        return H1(None)

    assert "<h1" in str(title(Lamp()))
