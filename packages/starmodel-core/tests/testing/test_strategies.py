"""Drawn entities fit their fields, every codec and every store."""

from __future__ import annotations

import builtins
import math
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from starmodel.core import Entity
from starmodel.core.entity import valid_id
from starmodel.testing import MissingExtraError, PlainCodec, entities
from starmodel.testing.codec.samples import Account, Invoice, Level, Line

few = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Even(Entity):
    number: int = 0
    size: Literal["s", "m"] = "s"

    def check(self) -> None:
        if self.number % 2:
            raise ValueError("odd")


@few
@given(entities(Invoice))
def test_a_drawn_entity_survives_a_codec(invoice):
    codec = PlainCodec()
    assert codec.load(Invoice, codec.dump(invoice)) == invoice


@few
@given(entities(Invoice))
def test_a_drawn_entity_fits_its_annotations(invoice):
    assert valid_id(invoice.id)
    assert "\0" not in invoice.title
    assert math.isfinite(invoice.ratio)
    assert isinstance(invoice.level, Level)
    assert all(isinstance(line, Line) for line in invoice.lines)
    assert invoice.at is None or invoice.at.tzinfo is not None


@few
@given(entities(Even))
def test_a_drawn_entity_passes_its_check(even):
    assert even.number % 2 == 0
    assert even.size in {"s", "m"}


@few
@given(entities(Account, owner=st.just("ada"), age=st.integers(0, 9)))
def test_a_field_can_have_a_strategy_of_its_own(account):
    assert account.owner == "ada"
    assert account.age in range(10)


def test_a_strategy_for_a_field_that_is_none_is_refused():
    with pytest.raises(TypeError, match="Even has no field 'nope' to draw; it has id, number, size"):
        entities(Even, nope=st.none())


def test_without_hypothesis_the_error_says_what_to_install(monkeypatch):
    honest = builtins.__import__

    def without(name, *args, **options):
        if name == "hypothesis":
            raise ModuleNotFoundError(name)
        return honest(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(
        MissingExtraError, match=r'entities\(\) needs hypothesis; run: pip install "starmodel-core\[testing\]"'
    ):
        entities(Even)
