"""Annotations are read where they were written: each class in its own module, a function with the names it is given."""

from __future__ import annotations

import sys
from enum import Enum
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, ClassVar, NewType

import pytest

from starmodel.core import Entity
from starmodel.core.annotations import field_hints, marks_of, members_of, type_hints
from starmodel.core.entity import fields_of

if TYPE_CHECKING:
    from decimal import Decimal


@pytest.fixture
def module(monkeypatch):
    """Run code as a module of its own."""

    def run(name, code):
        made = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, made)
        exec("from __future__ import annotations\nfrom starmodel.core import Entity\n" + code, made.__dict__)
        return made

    return run


def test_the_marks_of_an_annotation_are_listed_outermost_last():
    assert marks_of(Annotated[Annotated[int, 1], 2]) == (1, 2)
    assert marks_of(int) == ()


def test_the_types_an_annotation_allows_are_listed_without_its_marks():
    assert members_of(int) == (int,)
    assert members_of(Annotated[int | None, "mark"] | list[str]) == (int, type(None), list[str])


def test_a_new_type_allows_what_it_is_made_of():
    tags = NewType("tags", list[str])
    assert members_of(NewType("few", tags) | None) == (list[str], type(None))  # type: ignore[operator]  # for mypy no type


def test_a_class_variable_needs_no_name_at_run_time():
    class Priced(Entity):
        rate: ClassVar[Decimal]
        title: str

    assert fields_of(Priced)["title"].annotation is str


def test_a_type_of_the_class_body_is_found():
    class Task(Entity):
        class Status(Enum):
            OPEN = "open"

        status: Status = Status.OPEN

    assert fields_of(Task)["status"].annotation is Task.Status


def test_a_field_or_an_event_may_have_the_name_of_a_type(module):
    diary = module(
        "diary",
        "from datetime import date, time\n"
        "from starmodel.core import event\n"
        "class Entry(Entity):\n"
        "    date: date\n"
        "    time: time | None = None\n"
        "    later: list[date] = []\n"
        "    @event\n"
        "    def list(self) -> None: ...\n",
    )
    kinds = {name: info.annotation for name, info in fields_of(diary.Entry).items()}
    assert kinds == {"id": str, "date": diary.date, "time": diary.time | None, "later": list[diary.date]}


def test_an_inherited_field_means_what_it_means_in_its_own_module(module):
    shop = module("shop", "class Money(int): ...\nclass Item(Entity):\n    price: Money = Money(1)")
    other = module("other", "from shop import Item\nclass Money(str): ...\nclass Sale(Item):\n    price = 5")
    assert field_hints(other.Sale, ["price"]) == {"price": shop.Money}
    assert fields_of(other.Sale)["price"].default() == 5


def test_a_new_default_may_be_given_before_the_type_is_known(module):
    early = module(
        "early", "class Item(Entity):\n    price: Money = 1\nclass Sale(Item):\n    price = 5\nclass Money(int): ..."
    )
    assert field_hints(early.Sale, ["price"]) == {"price": early.Money}


def test_a_class_whose_module_is_gone_can_still_be_read_as_far_as_builtins_go(module, monkeypatch):
    gone = module("gone", "class Item(Entity):\n    price: int = 1")
    monkeypatch.delitem(sys.modules, "gone")
    assert field_hints(gone.Item, ["price"]) == {"price": int}


def test_a_function_is_read_with_the_names_given():
    def move(to: Shelf) -> None: ...  # noqa: F821  (it is missing on purpose)

    with pytest.raises(NameError):
        type_hints(move)
    assert type_hints(move, {"Shelf": int}) == {"to": int, "return": type(None)}
