"""What an application knows: classes and events by name, and nothing else can be called."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from starmodel.app import Catalog
from starmodel.core import Entity, NotFoundError, Private, Secret, event
from starmodel.core.errors import DefinitionError, UnknownEventError
from starmodel.testing import PlainCodec


class Shelf(Entity):
    name: str = ""


class Book(Entity):
    title: str = ""
    pin: Secret[str] = ""

    @event(method="get")
    def recite(self) -> str:
        return self.title

    @event
    def move(self, to: Shelf) -> None: ...

    def plain_method(self) -> None: ...


@pytest.fixture
def catalog():
    made = Catalog(PlainCodec())
    made.add(Book)
    return made


def test_a_class_is_found_by_its_name(catalog):
    assert catalog.kind("Book") is Book
    assert list(catalog) == [Book]
    assert Book in catalog
    assert Shelf not in catalog
    assert "Book" not in catalog


def test_an_unknown_class_is_not_found(catalog):
    with pytest.raises(NotFoundError, match="no entity 'Boko'; did you mean 'Book'"):
        catalog.kind("Boko")
    with pytest.raises(NotFoundError, match="no entity 'Shelf'; there is Book, or give the class to the application"):
        catalog.handler("Shelf", "create")


def test_an_event_is_found_by_its_name(catalog):
    handler = catalog.handler("Book", "recite")
    assert handler.reads_only
    assert str(handler) == "Book.recite"
    assert [parameter.name for parameter in catalog.handler("Book", "move").references] == ["to"]
    assert catalog.handler("Book", "update").secrets == {"pin"}


@pytest.mark.parametrize("name", ["recit", "plain_method", "evolve", "check", "__init__", "title", ""])
def test_whatever_is_no_event_cannot_be_called(catalog, name):
    with pytest.raises(UnknownEventError):
        catalog.handler("Book", name)


def test_a_misspelled_event_gets_a_hint(catalog):
    with pytest.raises(UnknownEventError, match="Book has no event 'mov'; did you mean 'move'"):
        catalog.handler("Book", "mov")


def test_every_class_answers_to_undo_and_redo_unless_it_has_its_own():
    class Own(Entity):
        @event
        def undo(self) -> None: ...

    catalog = Catalog(PlainCodec())
    catalog.add(Own)
    catalog.add(Shelf)
    assert catalog.handler("Shelf", "undo").event.of_class
    assert not catalog.handler("Own", "undo").event.of_class
    assert {"create", "update", "delete", "undo", "redo"} == catalog.handlers(Shelf).keys()


def test_adding_a_class_twice_changes_nothing(catalog):
    handlers = catalog.handlers(Book)
    catalog.add(Book)
    assert catalog.handlers(Book) is handlers


@pytest.mark.parametrize("name", ["Book", "book"])
def test_two_classes_of_one_name_are_refused_with_what_to_do(catalog, name):
    other = type(name, (Entity,), {})
    with pytest.raises(DefinitionError, match=f"two entities are called '{name}'; .*'namespace'"):
        catalog.add(other)
    renamed = type(name, (Entity,), {"model_config": {"namespace": "other_book"}})
    catalog.add(renamed)
    assert catalog.kind("other_book") is renamed


@pytest.mark.parametrize("thing", [Entity, Book(), int, "Book", None])
def test_only_classes_derived_from_entity_can_be_added(catalog, thing):
    with pytest.raises(DefinitionError, match="not a class derived from Entity"):
        catalog.add(thing)


def test_a_class_that_cannot_be_read_is_not_added():
    class Broken(Entity):
        @event
        def go(self, to: Nowhere) -> None: ...  # noqa: F821  (it is missing on purpose)

    catalog = Catalog(PlainCodec())
    with pytest.raises(DefinitionError, match="Nowhere"):
        catalog.add(Broken)
    assert list(catalog) == []


@dataclass(frozen=True)
class Door:
    number: int = 0
    code: Secret[str] = ""


@dataclass(frozen=True)
class House:
    doors: tuple[Door, ...] = ()
    rent: Private[int] = 0


class Street(Entity):
    name: str = ""
    houses: list[House] = []


class Alley(Entity):
    houses: Private[list[House]] = []
    book: Book | None = None


def test_a_public_value_has_no_hidden_part():
    with pytest.raises(DefinitionError, match=r"Street.houses is public and has the part Door.code, which is not"):
        Catalog(PlainCodec()).add(Street)


def test_a_private_value_may_have_any_parts_and_an_entity_sees_to_its_own(catalog):
    catalog.add(Alley)
    assert Alley in catalog
