"""One grammar of queries, answered in memory: what every store is measured by."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel.core import Entity, Private, Query, Secret
from starmodel.core.errors import QueryError
from starmodel.core.marks import Reference
from starmodel.core.query import (
    MAX_LIMIT,
    OPERATORS,
    Stored,
    directions,
    is_found,
    matches,
    select,
    text_fields,
)


class Colour(Enum):
    RED = "red"
    BLUE = ("b", "l", "u", "e")


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


class Mood(StrEnum):
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True)
class Money:
    cents: int


class Todo(Entity):
    title: str = ""
    done: bool = False
    price: float | None = None
    tags: list[str] = []
    value: Any = None
    owner: Private[str] = "ada"
    pin: Secret[str] = "1234"


TODO = Todo(id="a", title="Write it Once", price=10, tags=["home", "public"], value=Colour.RED)


def ids(page):
    return [stored.entity.id for stored in page.items]


def store(*entities):
    return [Stored(entity, 1) for entity in entities]


def valued(*values):
    return store(*(Todo(id=f"t{number:03}", value=value) for number, value in enumerate(values)))


def walk(candidates, **options):
    """Return the ids on all pages, one after the other."""
    found, after = [], None
    for _ in range(len(candidates) + 2):
        page = select(Query(after=after, **options), candidates)
        found += ids(page)
        after = page.next
        if after is None:
            return found
    raise AssertionError(f"paging never ends: {found}")


class TestWhere:
    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            ({}, True),
            ({"title": "Write it Once"}, True),
            ({"title": "write it once"}, False),
            ({"done": False, "price": 10}, True),
            ({"done": False, "price": 11}, False),
            ({"price": {"eq": 10}}, True),
            ({"price": {"ne": 10}}, False),
            ({"price": {"lt": 10}}, False),
            ({"price": {"le": 10}}, True),
            ({"price": {"gt": 9.5}}, True),
            ({"price": {"ge": 10.5}}, False),
            ({"price": {"ge": 10, "lt": 20}}, True),
            ({"price": {"ge": 10, "lt": 10}}, False),
            ({"price": {}}, True),
            ({"price": {"in": [1, 10]}}, True),
            ({"price": {"in": []}}, False),
            ({"title": {"contains": "IT ONCE"}}, True),
            ({"title": {"contains": "twice"}}, False),
            ({"title": {"startswith": "write"}}, True),
            ({"title": {"startswith": "it"}}, False),
            ({"tags": {"contains": "home"}}, True),
            ({"tags": {"contains": "HOME"}}, False),
            ({"price": {"isnull": False}}, True),
            ({"price": {"isnull": True}}, False),
            ({"value": Colour.RED}, True),
            ({"id": "a"}, True),
            ({"and": [{"done": False}, {"price": 10}]}, True),
            ({"and": [{"done": False}, {"price": 11}]}, False),
            ({"and": []}, True),
            ({"or": [{"done": True}, {"price": 10}]}, True),
            ({"or": []}, False),
            ({"not": {"done": True}}, True),
            ({"not": {"or": [{"done": True}, {"and": [{"price": 10}, {"not": {"done": True}}]}]}}, False),
        ],
        ids=str,
    )
    def test_every_condition_is_answered(self, where, expected):
        Query(where=where).checked(Todo)
        assert matches(where, TODO) is expected

    @pytest.mark.parametrize("op", ["lt", "le", "gt", "ge", "contains", "startswith"])
    def test_none_is_never_before_after_or_part_of_anything(self, op):
        assert not matches({"price": {op: 1}}, Todo())

    def test_none_is_equal_to_none_alone(self):
        assert matches({"price": None}, Todo())
        assert matches({"price": {"isnull": True}}, Todo())
        assert matches({"price": {"ne": 1}}, Todo())

    @pytest.mark.parametrize("op", sorted(OPERATORS))
    @pytest.mark.parametrize(
        "other", ["x", 1, None, [1], {"a": 1}, Colour.RED, object()], ids=lambda other: type(other).__name__
    )
    def test_values_that_cannot_be_compared_are_no_match_and_no_error(self, op, other):
        if op == "in" and not isinstance(other, list):
            other = [other]
        assert matches({"price": {op: other}}, TODO) in {True, False}

    def test_a_list_of_things_that_cannot_be_hashed_can_be_looked_through(self):
        assert matches({"tags": {"in": [["home", "public"]]}}, TODO)
        assert not matches({"tags": {"in": {"home"}}}, TODO)


class TestChecking:
    @pytest.mark.parametrize(
        ("query", "words"),
        [
            (Query(where={"titel": 1}), "Todo has no field 'titel' to query by; did you mean 'title'"),
            (Query(where={"title__startswith": "x"}), "no field 'title__startswith'"),
            (Query(where={"__class__": 1}), "no field '__class__'"),
            (Query(where={"evolve": 1}), "no field 'evolve'"),
            (Query(where={1: 1}), "no field 1"),
            (Query(where={"title": {"like": "x"}}), "cannot be tested by 'like'; "),
            (Query(where={"title": {"contians": "x"}}), "did you mean 'contains'"),
            (Query(where={"title": {"in": "abc"}}), "'in' takes a list"),
            (Query(where={"title": {"in": 3}}), "'in' takes a list"),
            (Query(where=["title"]), "where must be an object"),
            (Query(where={"or": {"done": True}}), "'or' takes a list of conditions"),
            (Query(where={"and": "x"}), "'and' takes a list of conditions"),
            (Query(where={"or": ["x"]}), "where must be an object"),
            (Query(where={"not": [1]}), "where must be an object"),
            (Query(where={"or": [{"nope": 1}]}), "no field 'nope'"),
            (Query(order=("titel",)), "did you mean 'title'"),
            (Query(order=("-titel",)), "did you mean 'title'"),
            (Query(order=("--title",)), "no field '-title'"),
            (Query(order=(3,)), "no field '3'"),
            (Query(order="title"), "order takes a list"),
            (Query(limit=0), "limit=0 must be a whole number from 1 to 1000"),
            (Query(limit=MAX_LIMIT + 1), "from 1 to 1000"),
            (Query(limit=True), "whole number"),
            (Query(limit="5"), "whole number"),
            (Query(after="*"), "damaged; start again"),
            (Query(after="ä"), "damaged"),
            (Query(after=3), "damaged"),
            (Query(after=base64.urlsafe_b64encode(b'["x"').decode()), "damaged"),
            (Query(after=base64.urlsafe_b64encode(b'{"id": 1}').decode()), "damaged"),
            (Query(after=base64.urlsafe_b64encode(b"[" * 100_000).decode()), "damaged"),
            (
                Query(order=("title",), after=base64.urlsafe_b64encode(b'[["text","a"]]').decode()),
                "belongs to another order",
            ),
        ],
        ids=str,
    )
    def test_what_does_not_fit_is_refused_with_the_reason(self, query, words):
        with pytest.raises(QueryError, match=words.replace("(", r"\(")):
            query.checked(Todo)

    def test_too_deep_a_nesting_is_refused(self):
        where: Mapping[str, Any] = {"done": True}
        for _ in range(17):
            where = {"not": where}
        with pytest.raises(QueryError, match="more than 16 levels"):
            Query(where=where).checked(Todo)

    def test_a_good_query_comes_back_as_it_is(self):
        query = Query(where={"done": True}, order=("-price", "title"), limit=5)
        assert query.checked(Todo) == query

    def test_an_order_given_as_a_list_becomes_a_tuple(self):
        assert Query(order=["title"]).checked(Todo).order == ("title",)

    @pytest.mark.parametrize("name", ["owner", "pin"])
    def test_from_outside_a_field_that_is_not_public_is_unknown(self, name):
        for query in (
            Query(where={name: "x"}),
            Query(order=(name,)),
            Query(where={"not": {name: {"startswith": "1"}}}),
        ):
            assert query.checked(Todo) is not None
            with pytest.raises(QueryError, match=f"no field '{name}'") as caught:
                query.checked(Todo, public_only=True)
            assert "pin" not in str(caught.value).partition("query by")[2]


class TestOrder:
    def test_ties_are_broken_by_id(self):
        todos = store(Todo(id="b"), Todo(id="c"), Todo(id="a"))
        assert ids(select(Query(order=("done",)), todos)) == ["a", "b", "c"]
        assert ids(select(Query(order=("-done",)), todos)) == ["a", "b", "c"]

    def test_the_id_may_be_ordered_by_as_well(self):
        todos = store(Todo(id="b"), Todo(id="a"))
        assert ids(select(Query(order=("-id",)), todos)) == ["b", "a"]

    def test_several_fields_each_have_their_direction(self):
        todos = store(Todo(id="a", done=True, price=1), Todo(id="b", price=1), Todo(id="c", price=2))
        assert ids(select(Query(order=("done", "-price")), todos)) == ["c", "b", "a"]

    def test_none_comes_first_and_last_when_falling(self):
        todos = store(Todo(id="a", price=1), Todo(id="b"), Todo(id="c", price=-1))
        assert ids(select(Query(order=("price",)), todos)) == ["b", "c", "a"]
        assert ids(select(Query(order=("-price",)), todos)) == ["a", "c", "b"]

    def test_values_without_a_common_order_have_one_all_the_same(self):
        todos = valued("x", 1, None, Colour.RED, Colour.BLUE, 0.5, "a", Money(1), Money(2))
        rising = ids(select(Query(order=("value",)), todos))
        assert rising == ids(select(Query(order=("value",)), list(reversed(todos))))
        assert rising == list(reversed(ids(select(Query(order=("-value",)), todos))))

    def test_what_is_not_a_number_is_ordered_like_none(self):
        nan = float("nan")
        todos = valued(1.0, nan, 2.0, None, nan, -1.0)
        assert ids(select(Query(order=("value",)), todos)) == ["t001", "t003", "t004", "t005", "t000", "t002"]


SAMPLES = {
    "text": ["b", "a", "ä", "", "A"],
    "whole numbers": [3, -1, 10**30, 0],
    "numbers": [0.1, -2.5, 1e300, float("inf")],
    "flags": [True, False, True],
    "decimals": [Decimal("1.10"), Decimal("1.1"), Decimal(-3), Decimal("1e30")],
    "dates": [date(2025, 1, 2), date(1999, 12, 31), date(2025, 1, 1)],
    "times of day": [time(12, 0, 1), time(3), time(23, 59, 59, 999999)],
    "moments": [datetime(2025, 1, 1, 12, 0, 0, 5, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)],
    "naive moments": [datetime(2025, 1, 1, 12), datetime(2024, 1, 1)],
    "spans": [timedelta(days=2), timedelta(microseconds=1), timedelta(hours=-1), timedelta(days=1)],
    "enums": [Colour.RED, Colour.BLUE, Colour.RED],
    "whole number enums": [Size.LARGE, Size.SMALL],
    "text enums": [Mood.GOOD, Mood.BAD],
    "uuids": [UUID(int=5), UUID(int=1), UUID(int=9)],
    "paths": [PurePosixPath("b"), PurePosixPath("a/c")],
    "bytes": [b"b", b"a", b"\xff"],
    "lists": [[2, "x"], [10], [2], [None]],
    "things without an order": [Money(2), Money(1), {"a": 1}, {1}],
    "not a number": [float("nan"), 1.0, float("nan"), 0.0],
}


SORTS = ["", "number", "text", "bytes", "date", "datetime", "datetime+", "time", "timedelta", "list", "~Money", "other"]
scalars = st.tuples(
    st.sampled_from(SORTS),
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["2025-01-01", "2025-01-01T00:00:00+00:00", "ff", "1e5", "NaN", "sNaN", "x", "12:00"])
    | st.lists(st.tuples(st.sampled_from(SORTS), st.integers()), max_size=2),
).map(list)


class TestPaging:
    @pytest.mark.parametrize("limit", [1, 2])
    @pytest.mark.parametrize("order", ["value", "-value"])
    @pytest.mark.parametrize("name", SAMPLES)
    def test_pages_hold_everything_once_and_in_order(self, name, order, limit):
        todos = valued(*SAMPLES[name], None, SAMPLES[name][0], None)
        whole = ids(select(Query(order=(order,)), todos))
        assert walk(todos, order=(order,), limit=limit) == whole
        assert sorted(whole) == sorted(stored.entity.id for stored in todos)

    def test_the_last_page_has_no_next(self):
        assert select(Query(limit=2), valued(1, 2)).next is None
        assert select(Query(limit=2), valued(1, 2, 3)).next is not None

    def test_pages_go_on_where_they_were_when_something_was_inserted_or_removed(self):
        todos = valued(1, 2, 3, 4)
        page = select(Query(order=("value",), limit=2), todos)
        now = [*todos[2:], *store(Todo(id="new", value=0))]
        assert ids(select(Query(order=("value",), after=page.next), now)) == ["t002", "t003"]

    def test_a_filter_goes_with_the_pages(self):
        todos = valued(1, 2, 3, 4, 5)
        assert walk(todos, where={"value": {"ge": 3}}, order=("value",), limit=1) == ["t002", "t003", "t004"]

    @pytest.mark.parametrize("name", SAMPLES)
    def test_a_cursor_from_among_other_values_is_answered_without_an_error(self, name):
        cursor = select(Query(order=("value",), limit=1), valued(*SAMPLES[name])).next
        for sample in SAMPLES.values():
            assert len(select(Query(order=("value",), after=cursor), valued(*sample)).items) <= len(sample)

    @given(
        st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2))
    )
    def test_a_forged_cursor_is_answered_or_refused(self, forged):
        cursor = base64.urlsafe_b64encode(json.dumps([forged, ["text", "t000"]]).encode()).decode()
        query = Query(order=("value",), after=cursor)
        try:
            query.checked(Todo)
        except QueryError as error:
            answers = [str(error)]
        else:
            answers = [ids(select(query, valued(*sample))) for sample in SAMPLES.values()]
        assert "damaged" in answers[0] or len(answers) == len(SAMPLES)

    @given(
        st.lists(st.none() | st.integers(-3, 3) | st.text("ab", max_size=2) | st.booleans(), max_size=12),
        st.integers(1, 5),
    )
    def test_paging_never_loses_or_repeats_anything_whatever_is_mixed(self, values, limit):
        todos = valued(*values)
        assert walk(todos, order=("-value",), limit=limit) == ids(select(Query(order=("-value",)), todos))


class Owner(Entity):
    name: str = ""
    pin: Secret[str] = ""
    boss_id: Annotated[str | None, Reference("Owner")] = None


class Pet(Entity):
    name: str = ""
    note: str | None = None
    diary: Private[str] = ""
    chip: Literal["a", "b"] = "a"
    owner_id: Annotated[str, Reference(Owner)] = ""


class Strange(Entity):
    owner_id: Annotated[str, Reference("NobodyKnows")] = ""


OWNERS = {"a": Owner(id="a", name="Ada"), "b": Owner(id="b", name="Bob", boss_id="a")}


def find_owner(kind, id):
    assert kind is Owner
    return OWNERS.get(id)


class TestReferences:
    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            ({"owner_id.name": "Bob"}, True),
            ({"owner_id.boss_id.name": {"startswith": "a"}}, True),
            ({"owner_id.name": {"ne": "Bob"}}, False),
            ({"owner_id.boss_id.boss_id.name": {"isnull": False}}, False),
            ({"not": {"owner_id.boss_id.boss_id.name": "x"}}, True),
        ],
    )
    def test_a_condition_leads_through_references(self, where, expected):
        checked = Query(where=where).checked(Pet).where
        assert matches(checked, Pet(owner_id="b"), find_owner) is expected

    def test_nobody_at_the_end_meets_nothing(self):
        for test in ("x", {"ne": "x"}, {"isnull": True}, None):
            assert matches({"owner_id.name": test}, Pet(owner_id="gone"), find_owner) is False

    def test_values_are_read_as_the_field_at_the_end_holds_them(self):
        assert Query(where={"owner_id.boss_id.name": {"in": ("x",)}}).checked(Pet).where == {
            "owner_id.boss_id.name": {"in": ["x"]}
        }

    @pytest.mark.parametrize(
        ("key", "why"),
        [
            ("name.x", "no Reference"),
            ("owner_id.nope", "Owner has no field 'nope'"),
            ("nope.name", "Pet has no field 'nope'"),
            ("owner_id.boss_id.boss_id.boss_id.boss_id.name", "more than 4 references"),
            ("owner_id.", "Owner has no field ''"),
        ],
    )
    def test_a_way_that_leads_nowhere_is_refused(self, key, why):
        with pytest.raises(QueryError, match=why):
            Query(where={key: 1}).checked(Pet)

    def test_a_class_that_nobody_knows_is_refused(self):
        with pytest.raises(QueryError, match="'NobodyKnows', which is not known"):
            Query(where={"owner_id.name": 1}).checked(Strange)

    def test_nothing_is_followed_from_outside(self):
        with pytest.raises(QueryError, match="from outside"):
            Query(where={"or": [{"owner_id.name": "x"}]}).checked(Pet, public_only=True)

    def test_who_cannot_follow_says_so(self):
        with pytest.raises(QueryError, match="keeps no relations"):
            matches({"owner_id.name": "x"}, Pet(owner_id="b"))


class TestSearch:
    def test_public_text_is_searched_and_no_ids(self):
        assert text_fields(Pet) == ("name", "note")

    @pytest.mark.parametrize(
        ("search", "expected"),
        [
            ("rex", True),
            ("REX good", True),
            ("rex bad", False),
            ("ex go", True),
            ("secret", False),
            ("b", False),
            ("", True),
        ],
    )
    def test_every_word_occurs_somewhere(self, search, expected):
        pet = Pet(id="b", name="Rex", note="a Good dog", diary="secret", owner_id="b")
        assert is_found(search, pet) is expected
        assert bool(select(Query(search=search), [Stored(pet, 1)]).items) is expected

    def test_words_do_not_span_fields(self):
        assert not is_found("rexa", Pet(name="Rex", note="a"))

    @pytest.mark.parametrize("search", [None, 3, ["x"], "a " * 17])
    def test_what_is_no_words_is_refused(self, search):
        with pytest.raises(QueryError, match="search takes"):
            Query(search=search).checked(Pet)

    def test_a_class_without_text_cannot_be_searched(self):
        with pytest.raises(QueryError, match="no text to search"):
            Query(search="x").checked(Strange)


def test_a_field_named_twice_orders_once():
    assert directions(Query(order=("-done", "done", "id", "title"))) == [("done", True), ("id", False)]


def test_what_cannot_be_compared_is_no_match():
    assert not matches({"value": {"contains": 300}}, Todo(value=b"x"))
    assert not matches({"value": {"gt": 1}}, Todo(value=Decimal("NaN")))


def test_whether_a_field_is_empty_may_be_asked_in_text() -> None:
    assert matches(Query(where={"price": {"isnull": "true"}}).checked(Todo).where, Todo())
    assert not matches(Query(where={"price": {"isnull": "false"}}).checked(Todo).where, Todo())
    with pytest.raises(QueryError, match="isnull"):
        Query(where={"price": {"isnull": "perhaps"}}).checked(Todo)


def test_a_part_of_a_list_may_be_asked_for_in_text() -> None:
    class Draw(Entity):
        numbers: list[int] = []

    assert matches(Query(where={"numbers": {"contains": "7"}}).checked(Draw).where, Draw(numbers=[1, 7]))


@pytest.mark.parametrize("test", [{"lt": 1}, {"ge": 1}, 1], ids=str)
def test_what_is_no_number_meets_no_comparison(test: Any) -> None:
    for odd in (Decimal("NaN"), Decimal("sNaN")):
        assert not matches({"value": test}, Todo(value=odd))
