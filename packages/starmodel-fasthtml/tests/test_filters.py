"""What a list is filtered by: built in a form, kept in the address, told in words, and taken away again."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from enum import Enum
from html import unescape
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from asgi_visitors import Visitor
from hypothesis import given
from hypothesis import strategies as st

from starmodel.adapters.fasthtml.crud.conditions import Condition, Group, from_pairs, from_where, joined, keyed
from starmodel.core import Entity, Private, Reference
from starmodel.core.errors import QueryError

pytestmark = pytest.mark.anyio


class Status(Enum):
    OPEN = "open"
    LATE = "late"


class Person(Entity):
    name: str
    model_config = {"plural": "People"}


class Task(Entity):
    title: str
    done: bool = False
    status: Status = Status.OPEN
    price: int = 0
    due: date | None = None
    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    tags: list[str] = []
    margin: Private[str] = "canary"
    person_id: Annotated[str | None, Reference("Person")] = None


@pytest.fixture
async def app(start):
    app = await start(Task, Person)
    await app.application.dispatch(Person.create(name="Ada <b>").on("ada"))
    for number in range(6):
        task = Task.create(title=f"t{number}", done=number % 2 == 0, price=number, tags=["x"] * (number % 3))
        await app.application.dispatch(task.on(f"id{number}"))
    await app.application.dispatch(Task.update(person_id="ada").on("id5"))
    return app


def titles(answer):
    return sorted(set(re.findall(r">(t\d)<", answer.text)))


def chips(answer):
    return sorted(map(unescape, re.findall(r'aria-label="Remove the filter ([^"]*)"', answer.text)))


NESTED = [
    ("g0", "all"), ("f0.0", "done"), ("o0.0", "eq"), ("v0.0", "true"),
    ("g0.1", "any"), ("f0.1.0", "price"), ("o0.1.0", "ge"), ("v0.1.0", "4"),
    ("g0.1.1", "none"), ("f0.1.1.0", "title"), ("o0.1.1.0", "contains"), ("v0.1.1.0", "2"),
    ("f0.1.1.1", "status"), ("o0.1.1.1", "in"), ("v0.1.1.1", "late"),
]  # fmt: skip


async def apply(visitor, pairs):
    answer = await visitor.get("/task/filter?" + urlencode([*pairs, ("do", "apply")]))
    assert answer.status == 303, answer.text
    return answer.header("location")


async def test_nested_groups_become_an_address_that_shows_what_they_ask_for(visitor):
    address = await apply(visitor, NESTED)
    assert titles(await visitor.get(address)) == ["t0", "t4"]


async def test_a_shared_address_opens_the_builder_as_it_was(visitor):
    query = urlsplit(await apply(visitor, NESTED)).query
    page = await Visitor(visitor.app).get(f"/task/filter?{query}")
    chosen = re.findall(r'<option[^>]*selected[^>]*value="([^"]*)"|<option value="([^"]*)"[^>]*selected', page.text)
    assert "".join(map("".join, chosen)).count("any") == 1
    assert 'id="sm-v0.1.1.0"' in page.text
    again = [(name, value) for name, value in NESTED]
    assert await apply(visitor, again) == f"/task?{query}"


async def test_simple_conditions_have_short_forms_that_can_be_read(visitor):
    pairs = [("g0", "all"), ("f0.0", "price"), ("o0.0", "lt"), ("v0.0", "3"), ("f0.1", "done"), ("v0.1", "true")]
    assert await apply(visitor, pairs) == "/task?price.lt=3&done=true"


async def test_the_rest_of_the_address_stays(visitor):
    pairs = [("g0", "all"), ("f0.0", "done"), ("v0.0", "true"), ("q", "t"), ("sort", "-price"), ("columns", "title")]
    assert dict(parse_qsl(urlsplit(await apply(visitor, pairs)).query)) == {
        "q": "t", "done": "true", "sort": "-price", "columns": "title",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("does", "has", "lacks"),
    [("add:0", "sm-f0.2", "sm-f0.3"), ("group:0.1", "sm-g0.1.2", "sm-g0.2"), ("remove:0.1", "sm-f0.0", "sm-g0.1")],
)
async def test_each_step_of_the_builder_works_without_a_script(visitor, does, has, lacks):
    page = await visitor.get("/task/filter?" + urlencode([*NESTED, ("do", does)]))
    assert f'id="{has}"' in page.text
    assert f'id="{lacks}"' not in page.text


async def test_of_a_class_that_shows_nothing_its_id_is_asked_for(start):
    class Bare(Entity):
        margin: Private[str] = ""

    visitor = Visitor(await start(Bare))
    assert 'value="id"' in (await visitor.get("/bare/filter")).text
    pairs = {"g0": "all", "f0.0": "id", "o0.0": "startswith", "v0.0": "a", "do": "apply"}
    asked = (await visitor.get("/bare/filter?" + urlencode(pairs))).header("location")
    assert asked == "/bare?id.startswith=a"
    assert (await visitor.get(asked)).status == 200


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"])
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
async def test_a_day_that_the_readers_calendar_lacks_is_told_as_it_is(app, visitor, moment, zone):
    visitor.cookies["sm-tz"] = zone
    await app.application.dispatch(Task.update(at=datetime.fromisoformat(moment)).on("id0"))
    query = urlencode({"at": moment, "columns": "title,at"})
    assert titles(await visitor.get(f"/task?{query}")) == ["t0"]
    assert (await visitor.get(f"/task/filter?{query}")).status == 200
    assert (await visitor.get("/task/id0")).status == 200


async def test_a_value_that_does_not_fit_is_told_beside_it_and_kept(visitor):
    pairs = [("g0", "all"), ("f0.0", "price"), ("o0.0", "ge"), ("v0.0", "a lot"), ("do", "apply")]
    page = await visitor.get("/task/filter?" + urlencode(pairs))
    assert re.search(r'id="sm-v0.0"[^>]*aria-invalid="true"|aria-invalid="true"[^>]*id="sm-v0.0"', page.text)
    assert 'value="a lot"' in page.text


async def test_a_field_that_is_not_public_cannot_be_asked_for(visitor):
    pairs = [("g0", "all"), ("f0.0", "margin"), ("o0.0", "eq"), ("v0.0", "canary"), ("do", "apply")]
    page = await visitor.get("/task/filter?" + urlencode(pairs))
    assert page.status == 200
    assert "is no field of Task" in page.text


async def test_what_the_list_is_filtered_by_is_told_and_can_be_taken_away(visitor):
    answer = await visitor.get("/task?price.ge=2&person_id=ada&q=t")
    assert chips(answer) == ["Person = Ada <b>", "Price ≥ 2", "Search: t"]
    hrefs = re.findall(r'href="([^"]*)"[^>]*aria-label="Remove', answer.text)
    assert unescape(hrefs[1]) in ("/task?q=t&person_id=ada", "/task?q=t&price.ge=2")


async def test_nothing_from_an_address_becomes_markup(visitor):
    hostile = '"><script>alert(1)</script>'
    given = [(name, hostile) for name in ("title", "q", "columns", "sort", "where")]
    for pair in [*given, (hostile, "1")]:
        query = urlencode([pair])
        for page in ("/task", "/task/filter", "/task/options", "/task/views"):
            answer = await visitor.get(f"{page}?{query}")
            assert answer.status in (200, 400, 422)
            assert "<script>alert" not in answer.text


@pytest.mark.parametrize("query", ["nope=1", "where=%7B", "limit=9999", "after=damaged", "sort=nope", "columns=nope"])
async def test_a_question_that_does_not_fit_is_answered_in_the_frame(visitor, query):
    answer = await visitor.get(f"/task?{query}")
    assert answer.status == 400
    assert 'role="alert"' in answer.text
    assert 'href="/person"' in answer.text
    assert (await visitor.get(f"/task?{query}", accept="application/json")).json["status"] == 400


async def test_columns_are_chosen_and_moved(visitor):
    pairs = [("n", "50"), ("c", "title"), ("c", "price"), ("s", "-price"), ("s", "title"), ("s", "")]
    moved = await visitor.get("/task/options?" + urlencode([*pairs, ("do", "up:price")]))
    assert moved.text.index('value="price"') < moved.text.index('value="title"')
    answer = await visitor.get("/task/options?" + urlencode([*pairs, ("do", "apply")]))
    assert answer.header("location") == "/task?columns=title%2Cprice&sort=-price%2Ctitle&limit=50"
    assert titles(await visitor.get(answer.header("location"))) == [f"t{number}" for number in range(6)]


async def test_our_script_gets_the_dialog_alone(visitor):
    for page in ("filter", "options", "views"):
        answer = await visitor.get(f"/task/{page}", starmodel_request="1")
        assert answer.text.startswith('<dialog id="sm-panel"')


WHERES = st.recursive(
    st.fixed_dictionaries({"price": st.integers(-5, 5)})
    | st.fixed_dictionaries({"price": st.fixed_dictionaries({"ge": st.integers(-5, 5)})})
    | st.fixed_dictionaries({"done": st.booleans()}),
    lambda inner: (
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: {"or": parts})
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: {"and": parts})
        | inner.map(lambda part: {"not": part})
    ),
    max_leaves=6,
)


@given(WHERES)
def test_a_tree_means_what_the_condition_meant(where):
    from starmodel.core.query import matches

    def read(test):
        value = json.loads(test.values[0])
        return {test.path: value if test.operator == "eq" else {test.operator: value}}

    tree = from_where(where, lambda _path, value: (json.dumps(value),))
    form = [pair for key, node in keyed(tree) for pair in _written(key, node)]
    again = joined(from_pairs(form), read)
    for price in range(-6, 7):
        for done in (True, False):
            task = Task(title="", price=price, done=done)
            assert matches(where, task) == matches(again, task)


def _written(key, node):
    if isinstance(node, Group):
        return [(f"g{key}", node.mode)]
    return [(f"f{key}", node.path), (f"o{key}", node.operator), *((f"v{key}", text) for text in node.values)]


def test_a_form_that_is_larger_than_anybody_makes_one_is_refused():
    with pytest.raises(QueryError, match="at most 60 parts"):
        from_pairs([("g0", "all"), *((f"f0.{number}", "title") for number in range(100))])


def test_keys_that_are_none_are_passed_over():
    pairs = [("g0", "all"), ("f0.x", "a"), ("f" + "0." * 50, "a"), ("f-1", "a"), ("f0.1e3", "a"), ("", "a")]
    assert from_pairs(pairs) == Group("all", ())


def test_a_condition_on_one_field_alone_is_a_group_of_one():
    assert from_where({"done": True}, lambda *_: ("true",)) == Group("all", (Condition("done", "eq", ("true",)),))


@pytest.mark.parametrize("does", ["add:0.²", "remove:0." + "9" * 5000, "add:0.-1", "group:x", "remove:"])
async def test_a_step_at_no_place_is_no_failure(app, visitor, does):
    answer = await visitor.get("/task/filter?" + urlencode({"g0": "all", "do": does}))
    assert answer.status == 200
