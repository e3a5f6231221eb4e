"""An event is a function from snapshot to snapshot, in whichever style it was written."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Self

import pytest

from starmodel.core import CheckFailedError, Command, DomainEvent, Entity, Secret, Unit, event, events_of
from starmodel.core.errors import DefinitionError, EventError, UnknownFieldError
from starmodel.core.events import BoundEvent, ClassEvent, Event, EventRef, Mode
from starmodel.core.frozen import FrozenList


@dataclass(frozen=True, kw_only=True)
class Counted(DomainEvent):
    n: int


class Counter(Entity):
    count: int = 0
    note: str = ""
    tags: list[str] = []

    def check(self):
        if self.count > 100:
            raise ValueError("too much")

    @event
    def add(self, n: int = 1) -> None:
        """Add some."""
        self.count += n

    @event
    def plus(self, n: int = 1) -> Self:
        return self.evolve(count=self.count + n)

    @event
    def reset(self) -> Self:
        return self.evolve(count=0)

    @event
    def tag(self, name: str) -> None:
        self.tags.append(name)

    @event
    def mixed(self) -> Self:
        self.note = "mixed"
        return self.evolve(count=self.count + 1)

    @event
    def late(self) -> Self:
        following = self.evolve(count=1)
        self.note = "late"
        return following

    @event
    def again(self) -> None:
        self.add(5)
        self.reset()
        self.plus(2)
        self.tag("x")

    @event
    def nested_late(self) -> None:
        self.late()

    @event
    def returns_itself(self) -> Self:
        self.count = 3
        return self

    @event
    def foreign(self, other: Counter) -> Counter:
        return other

    @event
    def nested_foreign(self, other: Counter) -> None:
        self.foreign(other)

    @event
    def misspelled(self) -> None:
        self.cuont = 1

    @event
    def renumber(self) -> None:
        self.id = "other"

    @event
    def answer(self) -> int:
        self.count += 1
        return 42

    @event
    def noisy(self) -> None:
        self.record(Counted(n=self.count))

    @event
    async def later(self, n: int = 1) -> None:
        self.count += n

    @event
    async def later_in_words(self) -> Self:
        return self.evolve(count=self.count + 1)

    @event
    async def later_twice(self) -> None:
        await self.later(2)
        await self.later_in_words()

    @event
    def steps(self, n: int = 2) -> Iterator[int]:
        for number in range(n):
            self.count += 1
            yield number

    @event
    def steps_with_an_end(self) -> Iterator[int]:
        self.count += 1
        yield 1
        return self.evolve(note="done", count=self.count + 10)

    @event
    def steps_in_steps(self) -> Iterator[str]:
        yield "first"
        for _ in self.steps():
            yield "inner"
        self.note = "all"

    @event
    async def later_steps(self, n: int = 2) -> AsyncIterator[int]:
        for number in range(n):
            self.count += 1
            yield number

    @event
    async def later_steps_in_steps(self) -> AsyncIterator[int]:
        async for _ in self.later_steps():
            yield 1
        self.note = "all"

    @event
    @classmethod
    def make(cls, n: int, *, note: str = "") -> Self:
        return cls(count=n, note=note)


class TestCalledOnAnInstance:
    def test_an_event_that_assigns_gives_the_next_snapshot(self):
        first = Counter(count=1)
        assert (first.add(2).count, first.count) == (3, 1)

    def test_an_event_that_evolves_gives_the_next_snapshot(self):
        assert Counter(count=1).plus(2).count == 3

    def test_changes_inside_a_container_count(self):
        first = Counter(tags=["a"])
        second = first.tag("b")
        assert (first.tags, second.tags) == (["a"], ["a", "b"])
        assert type(second.tags) is FrozenList

    def test_an_event_that_changes_nothing_gives_the_very_same_snapshot(self):
        counter = Counter(tags=["a"])
        assert counter.add(0) is counter

    def test_both_styles_may_be_mixed(self):
        after = Counter().mixed()
        assert (after.note, after.count) == ("mixed", 1)

    def test_returning_self_is_as_good_as_returning_nothing(self):
        assert Counter().returns_itself().count == 3

    def test_a_change_after_evolve_is_refused(self):
        with pytest.raises(EventError, match="note changed on self but not in the returned snapshot"):
            Counter().late()

    def test_returning_another_entity_is_refused(self):
        with pytest.raises(EventError, match=r"returned Counter 'b'; return self.evolve"):
            Counter(id="a").foreign(Counter(id="b"))

    def test_an_unknown_field_is_refused_with_a_hint(self):
        with pytest.raises(UnknownFieldError, match="did you mean 'count'"):
            Counter().misspelled()

    def test_the_id_cannot_be_changed(self):
        with pytest.raises(EventError, match="id never changes"):
            Counter().renumber()

    def test_what_the_event_makes_is_checked(self):
        with pytest.raises(CheckFailedError, match="too much"):
            Counter().add(101)

    def test_an_answer_is_not_the_next_snapshot(self):
        assert Counter().answer().count == 1

    def test_a_domain_event_is_recorded_without_changing_anything(self):
        counter = Counter()
        assert counter.noisy() is counter

    def test_recording_outside_an_event_is_refused(self):
        with pytest.raises(EventError, match=r"record\(\) works inside an @event"):
            Counter().record(Counted(n=1))

    def test_deleting_gives_the_snapshot_back(self):
        counter = Counter()
        assert counter.delete() is counter

    def test_updating_changes_the_given_fields(self):
        assert Counter().update(count=2).count == 2

    def test_a_unit_exists_only_while_a_dispatcher_runs(self):
        with pytest.raises(EventError, match=r"app.dispatch\(\)"):
            Unit.current()


class TestNested:
    def test_an_event_called_by_an_event_shares_its_draft(self):
        after = Counter(count=1).again()
        assert (after.count, after.tags) == (2, ["x"])

    def test_a_nested_event_may_take_back_what_the_outer_one_changed(self):
        class Reset(Counter):
            @event
            def there_and_back(self) -> None:
                self.count = 5
                self.reset()

        assert Reset().there_and_back().count == 0

    def test_a_late_change_in_a_nested_event_is_refused_too(self):
        with pytest.raises(EventError, match="note changed on self"):
            Counter().nested_late()

    def test_a_nested_event_cannot_return_another_entity(self):
        with pytest.raises(EventError, match="returned Counter 'b'"):
            Counter(id="a").nested_foreign(Counter(id="b", count=9))


class TestAsync:
    async def test_an_async_event_is_awaited(self):
        assert (await Counter().later(2)).count == 2
        assert (await Counter().later_in_words()).count == 1

    async def test_async_events_nest(self):
        assert (await Counter().later_twice()).count == 3


class TestSteps:
    def test_a_generator_gives_a_snapshot_for_each_step_and_one_at_the_end(self):
        assert [step.count for step in Counter().steps(2)] == [1, 2, 2]

    def test_what_a_generator_returns_is_its_last_snapshot(self):
        *_, last = Counter().steps_with_an_end()
        assert (last.count, last.note) == (11, "done")

    def test_generators_nest(self):
        *_, last = Counter().steps_in_steps()
        assert (last.count, last.note) == (2, "all")

    def test_a_generator_that_is_left_early_is_closed(self):
        closed = []

        class Careful(Entity):
            @event
            def steps(self) -> Iterator[int]:
                try:
                    yield 1
                finally:
                    closed.append(True)

        steps = Careful().steps()
        next(steps)
        steps.close()
        assert closed == [True]

    async def test_an_async_generator_gives_a_snapshot_for_each_step_and_one_at_the_end(self):
        assert [step.count async for step in Counter().later_steps(2)] == [1, 2, 2]

    async def test_async_generators_nest(self):
        last = [step async for step in Counter().later_steps_in_steps()][-1]
        assert (last.count, last.note) == (2, "all")

    async def test_an_async_generator_that_is_left_early_is_closed(self):
        closed = []

        class Careful(Entity):
            @event
            async def steps(self) -> AsyncIterator[int]:
                try:
                    yield 1
                finally:
                    closed.append(True)

        steps = Careful().steps()
        await anext(steps)
        await steps.aclose()
        assert closed == [True]


class TestCommands:
    def test_an_event_read_on_the_class_makes_a_command(self):
        assert Counter.add(5) == Command(entity="Counter", event="add", args={"n": 5})

    def test_a_command_holds_only_what_was_given(self):
        assert Counter.add().args == {}

    def test_a_command_is_aimed_at_an_entity_by_its_id(self):
        assert Counter.add(5).on("a").entity_id == "a"

    def test_a_bound_event_makes_a_command_for_its_entity(self):
        command = Counter(id="a").add.command(4)
        assert (command.entity_id, command.args) == ("a", {"n": 4})

    def test_the_class_offers_the_same_method(self):
        assert Counter.add.command(4) == Counter.add(4)

    def test_fields_by_keyword_are_arguments_by_name(self):
        assert Counter.create(count=1, note="x").args == {"count": 1, "note": "x"}

    @pytest.mark.parametrize("name", ["self", "cls", "fields", "kind", "event"])
    def test_a_field_may_have_the_name_of_a_parameter(self, name):
        kind = type("Odd", (Entity,), {"__annotations__": {name: str}})
        assert kind.create(**{name: "x"}).args == {name: "x"}
        assert kind(**{name: "x"}).update(**{name: "y"}).__dict__[name] == "y"

    def test_wrong_arguments_are_a_type_error_with_the_name_of_the_event(self):
        with pytest.raises(TypeError, match=r"add\(\): .*'m'"):
            Counter.add(m=1)

    def test_an_entity_travels_as_its_id(self):
        other = Counter(id="b")
        assert Counter.foreign(other).args == {"other": "b"}
        assert Counter(id="a").foreign.command(other=other).args == {"other": "b"}

    def test_entities_inside_containers_travel_as_their_ids_too(self):
        class Merger(Entity):
            @event
            def merge(self, others: list[Counter], by: dict[str, Counter], pair: tuple[Counter, int]) -> None: ...

        counter = Counter(id="b")
        assert Merger.merge([counter], {"x": counter}, (counter, 1)).args == {
            "others": ["b"],
            "by": {"x": "b"},
            "pair": ("b", 1),
        }

    def test_a_draft_travels_as_its_id(self):
        made = []

        class Sender(Entity):
            @event
            def send(self) -> None:
                made.append(Counter.foreign(self))

        Sender(id="a").send()
        assert made[0].args == {"other": "a"}

    def test_an_event_of_the_class_is_a_command_wherever_it_is_read(self):
        assert Counter.make(3) == Counter().make(3) == Command(entity="Counter", event="make", args={"n": 3})

    def test_a_command_names_the_class_by_its_namespace(self):
        class Renamed(Counter):
            model_config = {"namespace": "shop_counter"}

        assert Renamed.add().entity == "shop_counter"

    def test_a_command_of_a_subclass_names_the_subclass(self):
        class Sub(Counter):
            pass

        assert Sub.add().entity == "Sub"

    def test_an_event_shows_where_it_belongs(self):
        assert repr(Counter.add) == "<event Counter.add>"
        assert repr(Counter(id="a").add) == "<event add of Counter(id='a', count=0, note='', tags=[])>"


class TestDeclaration:
    def test_the_mode_is_read_off_the_function(self):
        modes = {name: declared.mode for name, declared in events_of(Counter).items()}
        assert modes["add"] is Mode.PLAIN
        assert modes["later"] is Mode.ASYNC
        assert modes["steps"] is Mode.STEPS
        assert modes["later_steps"] is Mode.ASYNC_STEPS

    def test_the_docstring_is_kept(self):
        assert events_of(Counter)["add"].__doc__ == "Add some."

    def test_options_are_kept(self):
        class Shy(Entity):
            @event(
                method="delete", path="gone", include_in_schema=False, blocking=True, confirm="Sure?", policy="owner"
            )
            def leave(self) -> None: ...

        options = events_of(Shy)["leave"].options
        assert (options.method, options.path, options.include_in_schema) == ("delete", "gone", False)
        assert (options.blocking, options.confirm, options.policy) == (True, "Sure?", "owner")

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"method": "fetch"}, "method='fetch' is not one of get, post"),
            ({"merge_mode": "inside"}, "merge_mode='inside' is not one of outer"),
            ({"rate": 5}, "rate=5 says nothing; give a text"),
            ({"path": ""}, "path='' says nothing"),
            ({"selector": 3}, "selector=3 says nothing"),
            ({"confirm": True}, "confirm=True says nothing"),
            ({"blocking": "yes"}, "blocking='yes' is neither True nor False"),
            ({"include_in_schema": 0}, "include_in_schema=0 is neither"),
            ({"path": "../y"}, r"path='../y' cannot end an address"),
            ({"path": "a/./b"}, "cannot end an address"),
            ({"path": "/"}, "cannot end an address"),
            ({"path": "a//b"}, "cannot end an address"),
            ({"path": "{id}"}, "cannot end an address"),
            ({"path": "a b"}, "cannot end an address"),
            ({"path": "a?b=c"}, "cannot end an address"),
            ({"path": "a%2e"}, "cannot end an address"),
            ({"name": "x y"}, "name='x y': an event has a name of letters, digits and _"),
            ({"name": "../x"}, "an event has a name of letters"),
            ({"name": "read"}, "an event cannot be called 'read'.*'mark_read'"),
            ({"methd": "get"}, r"@event\(\) has no option 'methd'; did you mean 'method'"),
        ],
    )
    def test_a_wrong_option_is_refused(self, options, words):
        with pytest.raises(DefinitionError, match=words):
            event(**options)

    @pytest.mark.parametrize("thing", [staticmethod(lambda x: x), property(lambda self: 1), 3, len])
    def test_only_a_method_can_be_an_event(self, thing):
        with pytest.raises(DefinitionError, match="goes on a method"):
            event(thing)

    def test_an_event_needs_a_self(self):
        with pytest.raises(DefinitionError, match="needs a first parameter"):
            event(lambda: None)

    @pytest.mark.parametrize(
        "fn", [lambda self, *args: None, lambda self, n, /: None], ids=["*args", "positional only"]
    )
    def test_every_argument_needs_a_name(self, fn):
        with pytest.raises(DefinitionError, match="give every argument of an event a name"):
            event(fn)

    def test_a_public_name_may_differ_from_the_functions(self):
        class Named(Entity):
            @event(name="go")
            def internal(self) -> None: ...

        assert "go" in events_of(Named)
        assert "internal" not in events_of(Named)
        assert Named.internal().event == "go"

    def test_no_event_is_called_like_the_question_who_may_see(self):
        with pytest.raises(DefinitionError, match=r"Letter.read: an event cannot be called 'read'"):

            class Letter(Entity):
                @event
                def read(self) -> None: ...

    @pytest.mark.parametrize("path", ["sold-out", "throw/away", "/x/", "v1.2", "größer"])
    def test_a_path_may_be_a_few_words(self, path):
        class Placed(Entity):
            @event(path=path)
            def go(self) -> None: ...

        assert events_of(Placed)["go"].options.path == path

    def test_two_events_of_one_public_name_are_refused(self):
        with pytest.raises(DefinitionError, match="two events named 'go'; rename one"):

            class Twice(Entity):
                @event(name="go")
                def one(self) -> None: ...

                @event(name="go")
                def two(self) -> None: ...

    def test_read_as_declared_they_tell_instance_and_class_apart(self):
        found = events_of(Counter)
        assert isinstance(found["add"], Event)
        assert isinstance(found["make"], ClassEvent)
        assert isinstance(Counter.make, EventRef)
        assert isinstance(Counter().add, BoundEvent)

    def test_they_are_collected_once(self):
        assert events_of(Counter) is events_of(Counter)

    def test_the_signature_leaves_out_the_first_parameter(self):
        assert next(iter(inspect.signature(events_of(Counter)["make"].fn).parameters)) == "cls"
        assert list(events_of(Counter)["make"].signature.parameters) == ["n", "note"]


class TestOverriding:
    def test_a_subclass_may_override_an_event(self):
        class Fast(Counter):
            @event
            def add(self, n: int = 1) -> None:
                self.count += 10 * n

        assert Fast().add().count == 10

    def test_an_attribute_that_hides_an_event_removes_it(self):
        class Without(Counter):
            add = None

        assert "add" not in events_of(Without)
        assert "add" in events_of(Counter)

    def test_every_entity_can_be_created_updated_and_deleted(self):
        assert {"create", "update", "delete"} <= events_of(Counter).keys()

    @pytest.mark.parametrize("wanted", [(), ("create",), ["update", "delete"]])
    def test_only_the_wanted_default_events_are_there(self, wanted):
        kind = type("Some", (Entity,), {"model_config": {"default_events": wanted}})
        assert events_of(kind).keys() == set(wanted)

    def test_a_default_event_that_was_written_anew_is_there_whatever_the_settings_say(self):
        class Own(Entity):
            n: int = 0
            model_config = {"default_events": ()}

            @event
            @classmethod
            def create(cls, n: int) -> Self:
                return cls(n=n)

        assert events_of(Own).keys() == {"create"}

    def test_a_secret_argument_may_be_declared(self):
        class Account(Entity):
            @event
            def sign_in(self, password: Secret[str]) -> None: ...

        assert Account.sign_in("x").event == "sign_in"
