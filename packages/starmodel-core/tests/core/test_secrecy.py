"""What must not be written down: whatever it is made of, a value with a secret part is secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypedDict

import pytest

from starmodel.core import Entity, Private, Secret
from starmodel.core.events import event, events_of
from starmodel.core.parameters import parameters_of
from starmodel.core.secrecy import holds_secrets, secret_fields


@dataclass(frozen=True)
class Door:
    code: Secret[str]
    inner: Door | None = None


class Pair(NamedTuple):
    name: str
    code: Secret[str]


class Settings(TypedDict, total=False):
    name: str
    code: Secret[str]


class Plain(NamedTuple):
    name: str
    inner: Door | None = None


class Open(TypedDict):
    name: str
    more: list[int]


class House(Entity):
    name: str = ""
    doors: Private[list[Door]] = []
    pair: Private[Pair | None] = None
    settings: Private[Settings | None] = None
    more: Private[Open | None] = None

    @event
    def change(self, pair: Pair, settings: Settings, more: Open) -> None:
        """Take three values."""


@pytest.mark.parametrize("kind", [Door, Pair, Settings, Plain, list[Pair], dict[str, Settings], Settings | None])
def test_a_value_with_a_secret_part_is_secret(kind):
    assert holds_secrets(kind)


@pytest.mark.parametrize("kind", [str, Open, list[Open], tuple[int, ...], dict[str, str], int | None])
def test_other_values_are_not(kind):
    assert not holds_secrets(kind)


def test_no_log_holds_them_as_fields_or_as_arguments():
    assert secret_fields(House) == {"doors", "pair", "settings"}
    parameters = parameters_of(House, events_of(House)["change"])
    assert {one.name for one in parameters if one.secret} == {"pair", "settings"}
