"""What an event takes, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import pytest

from starmodel.core import Entity, Private, Secret, event, events_of
from starmodel.core.errors import DefinitionError
from starmodel.core.parameters import parameters_of

if TYPE_CHECKING:
    from decimal import Decimal


class Shelf(Entity):
    name: str = ""


class Book(Entity):
    title: str
    pages: int = 0
    tags: list[str] = []
    cost: Private[int] = 0
    pin: Secret[str] = ""

    @event
    def move(self, to: Shelf, *, note: str = "", back: Shelf | None = None) -> None: ...

    @event
    def stack(self, on: list[Shelf], maybe: list[Shelf] | None = None) -> None: ...

    @event
    def lock(self, pin: Secret[str], by: Annotated[Shelf, "the door"]) -> None: ...

    @event
    def retitle(self, title: str, **fields: object) -> None: ...

    @event
    def untyped(self, anything) -> None: ...


class Late(Entity):
    @event
    def price(self, amount: Decimal) -> None: ...


def named(kind, event):
    return {parameter.name: parameter for parameter in parameters_of(kind, events_of(kind)[event])}


def test_arguments_are_listed_with_their_types_and_defaults():
    found = named(Book, "move")
    assert list(found) == ["to", "note", "back"]
    assert (found["note"].annotation, found["note"].default(), found["to"].default) == (str, "", None)


def test_an_entity_among_the_arguments_is_a_reference():
    assert named(Book, "move")["to"].reference is Shelf
    assert named(Book, "lock")["by"].reference is Shelf
    assert named(Book, "move")["note"].reference is None


def test_an_entity_that_may_be_left_out_is_a_reference_too():
    back = named(Book, "move")["back"]
    assert back.reference is Shelf
    assert back.default() is None


def test_a_list_of_entities_is_a_list_of_references():
    found = named(Book, "stack")
    assert (found["on"].reference, found["on"].sent_as) == (Shelf, list[str])
    assert (found["maybe"].reference, found["maybe"].sent_as) == (Shelf, list[str] | None)


def test_what_is_sent_for_a_reference_is_its_id():
    found = named(Book, "move")
    assert (found["to"].sent_as, found["back"].sent_as, found["note"].sent_as) == (str, str | None, str)


def test_a_secret_argument_is_known():
    assert named(Book, "lock")["pin"].secret
    assert not named(Book, "move")["note"].secret


def test_creating_takes_every_field_that_may_be_written_from_outside():
    found = named(Book, "create")
    assert list(found) == ["title", "pages", "tags", "pin"]
    assert found["title"].default is None
    assert not found["title"].optional
    assert found["tags"].default() == []
    assert found["pin"].secret


def test_updating_takes_any_of_them():
    found = named(Book, "update")
    assert list(found) == ["title", "pages", "tags", "pin"]
    assert all(parameter.optional and parameter.default is None for parameter in found.values())


def test_an_argument_written_out_stands_for_the_field_of_its_name():
    found = [parameter.name for parameter in parameters_of(Book, events_of(Book)["retitle"])]
    assert found == ["title", "pages", "tags", "pin"]
    assert not named(Book, "retitle")["title"].optional


def test_an_argument_without_a_type_takes_anything():
    assert repr(named(Book, "untyped")["anything"].annotation) == "typing.Any"


def test_a_type_that_is_missing_at_run_time_is_named():
    with pytest.raises(DefinitionError, match=r"Late.price .*'Decimal' is not defined; import it outside"):
        named(Late, "price")


def test_an_event_of_a_class_made_inside_a_function_may_name_the_class():
    class Node(Entity):
        @event
        def link(self, to: Node) -> None: ...

    class Leaf(Node):
        pass

    assert named(Leaf, "link")["to"].reference is Node


def test_an_entity_that_nobody_could_create_is_refused_with_what_to_do():
    class Sealed(Entity):
        margin: Private[int]

    with pytest.raises(DefinitionError, match=r"margin of Sealed is private and has no default.*default_events"):
        named(Sealed, "create")


def test_an_entity_that_is_not_created_from_outside_may_have_private_fields_without_default():
    class Sealed(Entity):
        margin: Private[int]
        model_config = {"default_events": ["update"]}

    assert named(Sealed, "update") == {}
