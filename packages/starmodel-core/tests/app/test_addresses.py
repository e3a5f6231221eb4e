"""Queries as they stand in an address: what they may say, what is refused, and that they are read back as written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starmodel.app import MAX_PAGE, pairs_of, query_from
from starmodel.core import Entity, InvalidError, Private, Query, Reference, Secret
from starmodel.core.errors import QueryError
from starmodel.core.ordering import cursor_at, place_of
from starmodel.testing import PlainCodec

CODEC = PlainCodec()


class Kind(Enum):
    FOOD = "food"
    RENT = "rent"
    OTHER = "a,b"


class Person(Entity):
    name: str
    contains: str = ""
    pin: Private[int] = 0
    boss_id: Annotated[str | None, Reference("Person")] = None


class Task(Entity):
    title: str
    done: bool = False
    price: Decimal = Decimal(0)
    count: int = 0
    weight: float = 0.0
    kind: Kind = Kind.FOOD
    due: date | None = None
    at: datetime | None = None
    note: str | None = None
    either: int | str = 0
    limit: int = 0
    tags: list[str] = []
    owner_id: Annotated[str | None, Reference(Person)] = None
    helper: Person | None = None
    margin: Private[int] = 0
    password: Secret[str] = ""


@dataclass(frozen=True)
class Place:
    city: str = ""


class Trip(Entity):
    to: Place = Place()


def asked(text: str, **options: Any) -> Query:
    return query_from(Task, parse_qsl(text, keep_blank_values=True), CODEC, **options)


@pytest.mark.parametrize("text", ["to.city=x", "to.city.ge=x", "sort=-to.city", 'where={"to.city":"x"}'])
def test_a_part_of_a_value_is_told_to_be_none_to_ask_for(text):
    with pytest.raises(
        QueryError, match=r"'to.city.*' cannot be asked for: 'to' is one value with parts.*field of its own"
    ):
        query_from(Trip, parse_qsl(text), CODEC)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("done=true", {"done": True}),
        ("done=false&title=Milk", {"done": False, "title": "Milk"}),
        ("price.ge=10&price.lt=20.5", {"price": {"ge": Decimal(10), "lt": Decimal("20.5")}}),
        ("count=3&count.ne=4", {"count": {"eq": 3, "ne": 4}}),
        ("count=3&count=4", {"count": {"in": [3, 4]}}),
        ("count.in=3,4&count.in=5", {"count": {"in": [3, 4, 5]}}),
        ("kind=food", {"kind": Kind.FOOD}),
        ("kind=a,b&kind=rent", {"kind": {"in": [Kind.OTHER, Kind.RENT]}}),
        ("title.contains=a&title.contains=b", {"title": {"contains": "a"}, "and": [{"title": {"contains": "b"}}]}),
        ("title.startswith=Mi", {"title": {"startswith": "Mi"}}),
        ("due=2030-01-02", {"due": date(2030, 1, 2)}),
        ("due=", {"due": None}),
        ("due.isnull=true", {"due": {"isnull": True}}),
        ("done=", {}),
        ("count.in=", {}),
        ("note=", {"note": ""}),
        ("tags.contains=red", {"tags": {"contains": "red"}}),
        ("limit.eq=5", {"limit": 5}),
        ("owner_id.name.contains=Ada", {"owner_id.name": {"contains": "Ada"}}),
        ("owner_id.name=Ada", {"owner_id.name": "Ada"}),
        ("owner_id.contains=x", {"owner_id.contains": "x"}),
        ("owner_id.contains.contains=x", {"owner_id.contains": {"contains": "x"}}),
        ("owner_id.startswith=x", {"owner_id": {"startswith": "x"}}),
        ("owner_id.boss_id.name=Eve", {"owner_id.boss_id.name": "Eve"}),
        ('where={"or":[{"due":"2030-01-02"},{"not":{"price":{"ge":"1.1"}}}]}',
         {"or": [{"due": date(2030, 1, 2)}, {"not": {"price": {"ge": Decimal("1.1")}}}]}),
        ('where={"kind":{"in":["food","rent"]}}', {"kind": {"in": [Kind.FOOD, Kind.RENT]}}),
        ('done=true&where={"count":3}', {"done": True, "count": 3}),
        ('done=true&where={"done":false}', {"and": [{"done": True}, {"done": False}]}),
        ("where=", {}),
    ],
)  # fmt: skip
def test_conditions_are_read_as_their_fields_hold_them(text: str, where: dict[str, Any]) -> None:
    found = asked(text).where
    assert found == where
    assert repr(found) == repr(where)


def test_words_order_limit_and_cursor_are_read() -> None:
    cursor = cursor_at((place_of("x"), place_of("1"), place_of("id")))
    query = asked(f"q=milk+bread&sort=-title,count&limit=50&after={cursor}")
    assert query == Query(search="milk bread", order=("-title", "count"), limit=50, after=cursor)


def test_without_a_word_there_is_the_doors_own_limit() -> None:
    assert asked("limit=&q=&sort=&after=", limit=7) == Query(limit=7)


def test_a_door_keeps_its_own_parameters() -> None:
    assert asked("count=1&fields=title&count.eq=2", reserved=("count", "fields")).where == {"count": 2}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("titel=x", "'titel' is no field of Task.*did you mean 'title'"),
        ("lmit=5", "did you mean 'limit'"),
        ("price.gt3=1", "'price.gt3' cannot be asked for.*did you mean 'gt'"),
        ("price.=1", "cannot be asked for"),
        ("title.x.y=1", "cannot be asked for"),
        ("owner_id.nam=Ada", "did you mean 'name'"),
        ("tags=red", "test tags.contains"),
        ("tags.in=red", "test tags.contains"),
        ("count.contains=1", "only text and lists"),
        ("count.startswith=1", "only text starts"),
        ("helper=x", "whole entities"),
        ('where={"helper":{"in":[{"id":"x"}]}}', "whole entities"),
        ("limit=0", "from 1 to 200"),
        ("limit=201", "from 1 to 200"),
        ("limit=ten", "from 1 to 200"),
        ("limit=" + "9" * 5000, "from 1 to 200"),
        ("limit=%D9%A3", "from 1 to 200"),
        ("limit=5&limit=6", "'limit' may be given once"),
        ("sort=titel", "no field 'titel'"),
        ("sort=-margin", "no field 'margin'"),
        ("after=xyz", "the cursor 'xyz' is damaged"),
        ("where={", "where is not JSON"),
        ("where=[1]", "where must be an object"),
        ('where={"count": NaN}', "where is not JSON"),
        ('where={"count": ' + "9" * 5000 + "}", "where is not JSON"),
        ("where=" + '{"not":' * 20 + "{}" + "}" * 20, "nested"),
        ("where=" + '{"not":' * 100_000, "nested too deeply"),
        ('where={"or": {"done": true}}', "'or' takes a list"),
        ('where={"price.ge": 3}', 'names an operator.*"price"'),
        ('where={"price": {"gee": 3}}', "cannot be tested by 'gee'; did you mean 'ge'"),
        ('where={"__class__": 3}', "no field"),
        ("__dict__=1", "no field"),
        (".=1", "no field"),
        ("=1", "no field"),
        ("a.b.c.d.e.f.g=1", "too many references"),
        ("owner_id" + ".boss_id" * 6 + "=1", "too many references"),
    ],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_what_cannot_be_asked_says_why(text: str, words: str) -> None:
    with pytest.raises(QueryError, match=words):
        asked(text)


@pytest.mark.parametrize("name", ["margin", "password", "owner_id.pin", "helper.pin"])
@pytest.mark.parametrize("form", ["{}=1", "{}.isnull=true", 'where={{"{}": 1}}', 'where={{"or": [{{"{}": 1}}]}}'])
def test_nobody_can_ask_for_what_is_not_public(name: str, form: str) -> None:
    with pytest.raises(QueryError, match=r"no field|cannot be asked for"):
        asked(form.format(name))


@pytest.mark.parametrize("text", ["count=x", "price.ge=cheap", "kind.in=food,fod", 'where={"count":"x"}', "done=maybe"])
def test_a_value_that_does_not_fit_names_its_parameter(text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        asked(text)
    name = "count" if text.startswith("where") else text.partition("=")[0]
    assert caught.value.problems[0].loc == (name,)


def test_every_value_that_does_not_fit_is_named() -> None:
    with pytest.raises(InvalidError) as caught:
        asked("count=x&kind=fod&done=true")
    assert [problem.loc for problem in caught.value.problems] == [("count",), ("kind",)]


@pytest.mark.parametrize(
    "pair", [("title", "\ud800"), ("\ud800", "x"), ("q", "\udfff"), ("where", '{"title":"\\ud800"}')]
)
def test_half_a_character_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(InvalidError, match="half a character"):
        query_from(Task, [pair], CODEC)


# -- and back ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "done=true",
        "q=milk",
        "price.ge=10&price.lt=20",
        "kind.in=food%2Crent",
        "kind=a%2Cb&kind=rent",
        "due=",
        "limit.eq=5&limit=9",
        "owner_id.name.contains=Ada&sort=-title",
        "title.startswith=a%26b",
    ],
)
def test_a_link_reads_well(text: str) -> None:
    assert urlencode(pairs_of(Task, asked(text), CODEC)) == text


def test_what_has_no_short_form_is_written_as_json() -> None:
    query = Query(where={"done": True, "or": [{"count": 1}, {"count": 2}]}, limit=20)
    assert pairs_of(Task, query, CODEC) == [("done", "true"), ("where", '{"or":[{"count":1},{"count":2}]}')]


def test_no_link_tells_of_a_private_field() -> None:
    with pytest.raises(QueryError, match="no field 'margin'"):
        pairs_of(Task, Query(where={"margin": 1}), CODEC)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(["", "a,b", "true", "1", "{"])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": TEXT,
    "note": st.none() | TEXT,
    "done": st.booleans(),
    "price": st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-1000, max_value=1000),
    "count": st.integers(-(10**12), 10**12),
    "weight": st.floats(allow_nan=False, allow_infinity=False),
    "kind": st.sampled_from(Kind),
    "due": st.none() | st.dates(),
    "at": st.none() | st.datetimes(timezones=st.just(UTC)),
    "either": st.integers() | TEXT,
    "limit": st.integers(0, 9),
    "owner_id.name": TEXT,
    "owner_id.contains": TEXT,
    "owner_id": st.none() | TEXT,
}
ORDER = st.lists(st.sampled_from(["title", "-count", "-due", "id"]), unique=True).map(tuple)


@st.composite
def one_field_tested(draw: st.DrawFn) -> dict[str, Any]:
    path = draw(st.sampled_from(sorted(VALUES)))
    value = VALUES[path]
    ops = dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), value)
    ops["in"] = st.lists(value, max_size=3)
    ops["isnull"] = st.booleans()
    if path in ("title", "note", "owner_id.name"):
        ops.update(contains=TEXT, startswith=TEXT)
    test = draw(value | st.fixed_dictionaries({}, optional=ops).filter(bool))
    return {path: test}


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, max_size=2)
    return st.builds(lambda key, parts: {key: parts}, st.sampled_from(["and", "or"]), lists) | inner.map(
        lambda part: {"not": part}
    )


WHERE = st.recursive(
    st.lists(one_field_tested() | st.just({"tags": {"contains": "x"}}), max_size=3).map(
        lambda parts: {key: value for part in parts for key, value in part.items()}
    ),
    _nested,
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(where=WHERE, more=WHERE, order=ORDER, limit=st.integers(1, MAX_PAGE), search=TEXT)
def test_what_is_written_is_read_back(
    where: dict[str, Any], more: dict[str, Any], order: tuple[str, ...], limit: int, search: str
) -> None:
    query = Query(where={**where, **more}, order=order, limit=limit, search=search)
    link = urlencode(pairs_of(Task, query, CODEC))
    assert asked(link) == query.checked(Task)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from([*VALUES, "count.ge", "where", "q", "sort", "x"]), st.text()))
def test_whatever_stands_in_an_address_is_read_or_refused(pairs: dict[str, str]) -> None:
    try:
        query = query_from(Task, pairs.items(), CODEC)
    except (QueryError, InvalidError):
        return
    assert query_from(Task, pairs_of(Task, query, CODEC), CODEC) == query


def test_what_an_instant_says_is_read_with_its_zone() -> None:
    assert asked("at.lt=2030-01-02T03:04:05Z").where == {"at": {"lt": datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)}}
