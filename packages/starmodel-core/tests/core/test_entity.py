"""An Entity is a keyword-only snapshot: fresh defaults, deep frozen, checked whenever a new one comes to be."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, Self, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel.core import CheckFailedError, Entity, InvalidError, Private, Secret, StarModelError, Visibility, event
from starmodel.core.entity import FieldInfo, fields_of, new_id, timed_id, valid_id
from starmodel.core.errors import DefinitionError, EventError, FrozenEntityError, UnknownFieldError
from starmodel.core.frozen import FrozenDict, FrozenList, FrozenSet
from starmodel.core.snapshot import draft_of

if TYPE_CHECKING:
    from decimal import Decimal

T = TypeVar("T")


@dataclass(frozen=True)
class Item:
    sku: str
    qty: int = 1


class Counter(Entity):
    count: int = 0
    tags: list[str] = []
    _seen: dict[str, int] = {}

    def check(self):
        if self.count > 100:
            raise ValueError("count at most to 100")

    @event
    def add(self, n: int = 1) -> None:
        self.count += n


class Cart(Entity):
    title: str
    items: list[Item] = []
    stock: dict[str, int] = {}
    labels: set[str] = set()
    pairs: tuple[list[int], ...] = ()


class Account(Entity):
    owner: str = "ada"
    margin: Private[int] = 7
    password: Secret[str] = "geheim"


class Tree(Entity):
    children: list[Tree] = []


class Page(Entity, Generic[T]):
    rows: list[T] = []


class Late(Entity):
    price: Decimal | None = None


class TestConstruction:
    def test_fields_are_given_by_name_only(self):
        with pytest.raises(TypeError, match="positional"):
            Counter(1)

    def test_an_unknown_field_is_refused(self):
        with pytest.raises(TypeError, match="cuont"):
            Counter(cuont=1)

    def test_a_field_without_a_default_must_be_given(self):
        with pytest.raises(TypeError, match="title"):
            Cart()

    def test_a_required_field_may_follow_one_with_a_default(self):
        class Mixed(Entity):
            first: int = 1
            second: int

        assert Mixed(second=2).second == 2

    def test_every_instance_gets_a_fresh_default(self):
        one, other = Cart(title="a"), Cart(title="b")
        assert one.items == other.items == []
        assert one.items is not other.items

    def test_a_default_may_be_made_by_a_factory(self):
        class Made(Entity):
            tags: list[str] = field(default_factory=lambda: ["new"])

        assert Made().tags == ["new"]

    def test_the_class_holds_no_default_that_a_draft_could_read(self):
        assert repr(Counter.count) == "<field count>"

    def test_a_field_declared_again_without_a_default_must_be_given(self):
        class Strict(Counter):
            count: int

        with pytest.raises(TypeError, match="count"):
            Strict()

    def test_a_default_may_be_an_entity(self):
        class Owner(Entity):
            counter: Counter = Counter(id="first", count=1)

        assert Owner().counter.count == 1

    def test_an_inherited_field_gets_a_new_default_without_repeating_its_type(self):
        class Five(Counter):
            count = 5

        assert (Five().count, Counter().count) == (5, 0)
        assert fields_of(Five)["count"].annotation is int

    def test_a_subclass_has_the_fields_events_and_rules_of_its_base(self):
        class Named(Counter):
            name: str

        assert Named(name="x").add(2).count == 2
        with pytest.raises(CheckFailedError):
            Named(name="x", count=101)

    def test_a_mixin_that_is_no_entity_may_bring_methods(self):
        class Loud:
            def shout(self):
                return self.name.upper()

        class Named(Loud, Entity):
            name: str

        assert Named(name="ada").shout() == "ADA"

    def test_a_class_variable_is_no_field(self):
        class Priced(Entity):
            currency: ClassVar[str] = "EUR"
            other: ClassVar = 1

        assert Priced.__entity_fields__ == ("id",)
        assert Priced().currency == "EUR"

    def test_a_generic_entity_takes_any_type(self):
        assert Page[int](rows=[1]).rows == [1]

    def test_an_entity_may_hold_its_own_kind(self):
        tree = Tree(children=[Tree(id="leaf")])
        assert tree.children[0].id == "leaf"
        assert fields_of(Tree)["children"].annotation == list[Tree]

    def test_a_class_made_inside_a_function_may_name_itself(self):
        class Node(Entity):
            next: Node | None = None

        assert fields_of(Node)["next"].annotation == Node | None


class TestIds:
    def test_a_fresh_id_is_long_and_unguessable(self):
        ids = {Counter().id for _ in range(100)}
        assert len(ids) == 100
        assert all(len(id) == 32 for id in ids)

    def test_an_id_may_be_chosen(self):
        assert Counter(id="lobby_1-A").id == "lobby_1-A"

    @pytest.mark.parametrize("id", ["", "a" * 65, "a b", "a/b", "../x", "ä", "a\n", None, 1, ["a"], b"a"])
    def test_an_id_that_does_not_fit_every_store_and_url_is_refused(self, id):
        assert not valid_id(id)
        with pytest.raises(InvalidError, match=r"id: .*use 1 to 64 of A-Z a-z 0-9 _ -") as caught:
            Counter(id=id)
        assert caught.value.problems[0].loc == ("id",)

    def test_the_id_never_changes(self):
        counter = Counter()
        with pytest.raises(EventError, match="create a new Counter"):
            counter.evolve(id="other")
        assert counter.evolve(id=counter.id) == counter

    def test_a_new_id_is_valid(self):
        assert valid_id(new_id())

    def test_ids_are_in_the_order_of_time_and_unlike_each_other(self):
        ids = [timed_id(seconds, b"\xff" * 10) for seconds in (0, 1.5, 1.501, 2e9, 1e11)]
        assert ids == sorted(set(ids))
        assert {len(id) for id in ids} == {32}
        assert len({new_id() for _ in range(100)}) == 100
        assert timed_id(0, b"") < new_id()[:12] < timed_id(1e11, b"")


class TestFreezing:
    def test_a_snapshot_refuses_assignment_and_says_what_to_do(self):
        counter = Counter()
        with pytest.raises(FrozenEntityError, match=r"Counter.count belongs .*@event method.*evolve\(count=") as caught:
            counter.count = 1
        assert (caught.value.owner, caught.value.field) == ("Counter", "count")
        assert counter.count == 0

    def test_a_snapshot_refuses_deletion_of_a_field(self):
        with pytest.raises(FrozenEntityError):
            del Counter().count

    def test_a_snapshot_is_frozen_at_every_depth(self):
        cart = Cart(title="a", items=[Item("x")], stock={"x": 1}, labels={"l"}, pairs=([1],))
        kinds = [type(value) for value in (cart.items, cart.stock, cart.labels, cart.pairs[0])]
        assert kinds == [FrozenList, FrozenDict, FrozenSet, FrozenList]
        with pytest.raises(TypeError, match="immutable snapshot"):
            cart.items.append(Item("y"))

    def test_what_was_passed_in_can_be_changed_without_touching_the_snapshot(self):
        tags = ["a"]
        counter = Counter(tags=tags)
        tags.append("b")
        assert counter.tags == ["a"]

    def test_a_missing_attribute_is_an_attribute_error(self):
        with pytest.raises(AttributeError, match="'Counter' object has no attribute 'cuont'"):
            _ = Counter().cuont


class TestEvolve:
    def test_it_gives_the_next_snapshot_and_leaves_this_one(self):
        first = Counter(count=1)
        second = first.evolve(count=2)
        assert (first.count, second.count, second.id) == (1, 2, first.id)

    def test_unchanged_values_are_shared(self):
        first = Counter(tags=["a"])
        assert first.evolve(count=2).tags is first.tags

    def test_new_values_are_frozen(self):
        assert type(Counter().evolve(tags=["a"]).tags) is FrozenList

    def test_an_unknown_field_is_refused_with_a_hint(self):
        with pytest.raises(UnknownFieldError, match="Counter has no field 'cuont'; did you mean 'count'"):
            Counter().evolve(cuont=1)

    def test_several_unknown_fields_are_refused_whatever_their_names(self):
        with pytest.raises(UnknownFieldError, match="'a'"):
            Counter().evolve(b=1, a=2)

    def test_working_state_is_no_field(self):
        with pytest.raises(UnknownFieldError):
            Counter().evolve(_seen={})


class TestCheck:
    @pytest.mark.parametrize(
        "make",
        [
            lambda: Counter(count=101),
            lambda: Counter().evolve(count=101),
            lambda: Counter(count=100).add(),
            lambda: dataclasses.replace(Counter(), count=101),
        ],
        ids=["constructor", "evolve", "event", "replace"],
    )
    def test_every_new_snapshot_is_checked(self, make):
        with pytest.raises(CheckFailedError, match=r"^count at most to 100$") as caught:
            make()
        assert type(caught.value.__cause__) is ValueError

    def test_a_failed_assertion_counts_as_a_broken_rule(self):
        class Strict(Entity):
            n: int = 0

            def check(self):
                assert self.n == 0

        with pytest.raises(CheckFailedError):
            Strict(n=1)

    def test_a_rule_without_words_is_named_by_the_class(self):
        class Strict(Entity):
            def check(self):
                raise ValueError

        with pytest.raises(CheckFailedError, match="Strict breaks one of its rules"):
            Strict()

    def test_an_error_of_starmodel_passes_through_a_rule(self):
        class Strict(Entity):
            def check(self):
                raise EventError("as it is")

        with pytest.raises(EventError, match="as it is"):
            Strict()

    def test_a_mistake_in_a_rule_is_no_broken_rule(self):
        class Wrong(Entity):
            def check(self):
                raise KeyError("oops")

        with pytest.raises(KeyError):
            Wrong()


class TestWorkingState:
    def test_it_is_assignable_on_a_snapshot(self):
        counter = Counter()
        counter._seen["x"] = 1
        counter._seen = {**counter._seen, "y": 2}
        assert counter._seen == {"x": 1, "y": 2}

    def test_it_is_fresh_for_every_instance(self):
        one = Counter()
        one._seen["x"] = 1
        assert Counter()._seen == {}

    def test_it_is_not_carried_over_to_the_next_snapshot(self):
        counter = Counter()
        counter._seen["x"] = 1
        assert counter.evolve(count=1)._seen == {}
        assert counter.add()._seen == {}

    def test_it_is_neither_passed_in_compared_shown_nor_listed(self):
        counter = Counter(id="a")
        counter._seen["x"] = 1
        assert counter == Counter(id="a")
        assert "_seen" not in repr(counter)
        assert "_seen" not in fields_of(Counter)
        assert "_seen" not in {field.name for field in dataclasses.fields(Counter)}
        with pytest.raises(TypeError):
            Counter(_seen={})

    def test_it_is_not_pickled(self):
        counter = Counter()
        counter._seen["x"] = 1
        assert pickle.loads(pickle.dumps(counter))._seen == {}

    def test_it_needs_a_default(self):
        with pytest.raises(DefinitionError, match=r"Open._cache needs a default"):

            class Open(Entity):
                _cache: dict[str, int]

    def test_it_is_inherited(self):
        class Sub(Counter):
            _more: int = 1

        assert (Sub()._seen, Sub()._more) == ({}, 1)

    @pytest.mark.parametrize("name", ["_draft_of", "_lens_on", "_on_read", "_discarded", "_recorded"])
    def test_it_cannot_have_a_name_that_starmodel_uses(self, name):
        with pytest.raises(DefinitionError, match="choose another name"):
            type("Bad", (Entity,), {"__annotations__": {name: int}, name: 0})


class TestDeclaration:
    @pytest.mark.parametrize(
        ("config", "words"),
        [
            ({"stroe": "memory"}, r"unknown key 'stroe'; did you mean 'store'"),
            ({1: 2}, "unknown key 1"),
            ([], "must be a dict, not list"),
            ({"store": ""}, "give the name of a store"),
            ({"store": 3}, "give the name of a store"),
            ({"ttl": 0}, "above 0"),
            ({"ttl": True}, "above 0"),
            ({"ttl": "5"}, "above 0"),
            ({"ttl": float("nan")}, "above 0"),
            ({"ttl": float("inf")}, "above 0"),
            ({"auto_persist": 1}, "True or False"),
            ({"namespace": "a b"}, "letters, digits"),
            ({"namespace": 3}, "letters, digits"),
            ({"default_events": "create"}, "a list such as"),
            ({"default_events": 3}, "a list such as"),
            ({"default_events": ["craete"]}, "did you mean 'create'"),
        ],
    )
    def test_a_wrong_model_config_is_refused_when_the_class_is_made(self, config, words):
        with pytest.raises(DefinitionError, match=words):
            type("Bad", (Entity,), {"model_config": config})

    def test_settings_are_inherited_and_may_be_overridden_one_by_one(self):
        class Base(Entity):
            model_config = {"store": "sql", "ttl": 5, "namespace": "base"}

        class Sub(Base):
            model_config = {"ttl": None}

        assert (Sub.__entity_config__["store"], Sub.__entity_config__["ttl"]) == ("sql", None)
        assert (Base.__entity_name__, Sub.__entity_name__) == ("base", "Sub")

    @pytest.mark.parametrize("name", ["update", "check", "evolve", "record", "model_config"])
    def test_a_field_cannot_hide_what_every_entity_has(self, name):
        with pytest.raises(DefinitionError, match=f"Bad.{name} hides Entity.{name}|model_config must be a dict"):
            type("Bad", (Entity,), {"__annotations__": {name: int}, name: 1})

    def test_the_id_is_always_text(self):
        with pytest.raises(DefinitionError, match="id must be a str"):

            class Bad(Entity):
                id: int

    def test_the_id_may_have_a_default_of_its_own(self):
        class Single(Entity):
            id: str = "single"

        assert Single().id == "single"

    def test_a_default_that_dataclasses_refuse_is_refused_with_the_name_of_the_class(self):
        with pytest.raises(DefinitionError, match="Bad: mutable default"):

            class Bad(Entity):
                tags: list[str] = field(default=[])

    @pytest.mark.parametrize(
        "value",
        [
            lambda self: 1,
            property(lambda self: 1),
            event(lambda self: None),
            staticmethod(len),
            classmethod(lambda c: c),
        ],
        ids=["function", "property", "event", "staticmethod", "classmethod"],
    )
    def test_behaviour_cannot_take_the_name_of_an_inherited_field(self, value):
        with pytest.raises(DefinitionError, match=r"Bad.count hides the field Counter.count"):
            type("Bad", (Counter,), {"count": value})

    def test_a_type_that_is_missing_at_run_time_is_named(self):
        with pytest.raises(DefinitionError, match=r"annotations of Late .*'Decimal' is not defined; import it outside"):
            fields_of(Late)


class TestFields:
    def test_they_are_listed_in_order_with_their_visibility(self):
        levels = {name: info.visibility for name, info in fields_of(Account).items()}
        assert list(levels.items()) == [
            ("id", Visibility.PUBLIC),
            ("owner", Visibility.PUBLIC),
            ("margin", Visibility.PRIVATE),
            ("password", Visibility.SECRET),
        ]

    def test_their_defaults_are_made_fresh(self):
        make = fields_of(Cart)["items"].default
        assert make() == []
        assert make() is not make()
        assert fields_of(Counter)["count"].default() == 0

    def test_a_field_that_must_be_given_has_none(self):
        assert fields_of(Cart)["title"].default is None

    def test_the_strictest_mark_wins(self):
        class Both(Entity):
            key: Annotated[Private[str], Visibility.SECRET, "a note"] = ""

        assert fields_of(Both)["key"].visibility is Visibility.SECRET

    def test_they_are_read_once(self):
        assert fields_of(Account) is fields_of(Account)


class TestShowing:
    def test_a_repr_hides_what_is_private_or_secret(self):
        text = repr(Account(id="a"))
        assert text == "Account(id='a', owner='ada', margin=<private>, password=<secret>)"

    def test_a_repr_that_cannot_know_what_is_private_shows_no_value(self):
        assert repr(Late(id="a")) == "Late(id='a', price=<private>)"

    def test_a_bound_event_does_not_show_a_secret_either(self):
        assert "geheim" not in repr(Account().update)


class TestEqualityAndCopies:
    def test_snapshots_are_equal_when_class_and_fields_are(self):
        assert Counter(id="a", count=1) == Counter(id="a", count=1)
        assert Counter(id="a", count=1) != Counter(id="a", count=2)
        assert Counter(id="a") != Counter(id="b")

    def test_a_subclass_is_something_else(self):
        class Sub(Counter):
            pass

        assert Sub(id="a") != Counter(id="a")
        assert Counter(id="a") != "a"

    def test_equal_snapshots_have_equal_hashes(self):
        assert len({Counter(id="a", tags=["x"]), Counter(id="a", tags=["x"])}) == 1

    def test_a_snapshot_survives_pickling(self):
        cart = Cart(title="a", items=[Item("x")], labels={"l"})
        again = pickle.loads(pickle.dumps(cart))
        assert again == cart
        assert type(again.items) is FrozenList

    def test_a_draft_is_pickled_as_a_frozen_snapshot(self):
        draft = draft_of(Counter(tags=["a"]))
        draft.tags.append("b")
        again = pickle.loads(pickle.dumps(draft))
        assert again.tags == ["a", "b"]
        assert type(again.tags) is FrozenList
        with pytest.raises(FrozenEntityError):
            again.count = 1

    def test_what_an_older_version_pickled_tells_what_it_lacks(self):
        old = Counter.__new__(Counter)
        old.__setstate__({"id": "a"})
        with pytest.raises(AttributeError, match="never given its 'count'"):
            _ = old.count

    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
    def test_a_copy_is_an_equal_snapshot(self, copied):
        counter = Counter(tags=["a"])
        assert copied(counter) == counter


class TestErrors:
    def test_every_error_here_is_one_of_starmodel(self):
        for kind in (DefinitionError, FrozenEntityError, UnknownFieldError, EventError, CheckFailedError, InvalidError):
            assert issubclass(kind, StarModelError)


counters = st.builds(Counter, count=st.integers(0, 100), tags=st.lists(st.text(max_size=3), max_size=3))
changes = st.fixed_dictionaries({}, optional={"count": st.integers(0, 100), "tags": st.lists(st.text(max_size=3))})


@given(counters, changes)
def test_evolving_sets_what_is_given_and_keeps_the_rest(counter: Counter, change: dict[str, Any]):
    following = counter.evolve(**change)
    for name in Counter.__entity_fields__:
        assert getattr(following, name) == change.get(name, getattr(counter, name))


@given(counters)
def test_evolving_by_nothing_gives_an_equal_snapshot(counter: Counter):
    assert counter.evolve() == counter


@given(counters, changes, changes)
def test_two_steps_of_evolving_are_one_with_the_later_values(counter: Counter, one: Any, two: Any):
    assert counter.evolve(**one).evolve(**two) == counter.evolve(**{**one, **two})


def test_self_is_understood_by_events_of_a_subclass():
    class Doubled(Counter):
        @event
        def double(self) -> Self:
            return self.evolve(count=self.count * 2)

    assert Doubled(count=2).double().count == 4


def test_settings_stand_apart_where_model_config_is_another_librarys_too():
    class Shaped(Entity):
        model_config = {"table": True}
        __entity_settings__ = {"store": "sql", "namespace": "Formed"}

    assert Shaped.__entity_config__ == {"store": "sql", "namespace": "Formed"}
    assert Shaped.__entity_name__ == "Formed"


def test_a_class_that_is_no_entity_may_bring_settings():
    class Base:
        model_config = {"table": True}
        __entity_settings__ = {"store": "sql", "ttl": 60}

    class Mixed(Entity, Base):
        model_config = {"ttl": None}

    assert Mixed.__entity_config__ == {"store": "sql", "ttl": None}


def test_a_class_that_is_shaped_otherwise_describes_its_own_fields():
    class Described(Entity):
        name: str = "a"

        @classmethod
        def __entity_described__(cls):
            return {name: FieldInfo(name, int, Visibility.PRIVATE, None) for name in cls.__entity_fields__}

    assert fields_of(Described)["name"].annotation is int
    assert repr(Described()) == "Described(id=<private>, name=<private>)"
