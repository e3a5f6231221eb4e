"""What a log has kept is read by the classes as they are now; what no class reads stays as it was written."""

from __future__ import annotations

from dataclasses import dataclass

from starmodel.core import DomainEvent
from starmodel.core.domain_events import Recorded
from starmodel.core.records import Lost, fact_from, fact_row
from starmodel.testing.store.base import AT


@dataclass(frozen=True, kw_only=True)
class Priced(DomainEvent):
    cents: int

    def __post_init__(self):
        if self.cents < 0:  # TypeError for the text that an earlier version wrote
            raise ValueError("a price is not negative")


def row(cents):
    fact = Recorded("c.0", "Item", "a", 3, Priced(cents=1), AT)
    return {**fact_row(fact, lambda _: {"cents": cents})}


def load(kind, data):
    return kind(**data)


def test_a_recorded_event_comes_back():
    assert fact_from(row(5), load) == Recorded("c.0", "Item", "a", 3, Priced(cents=5), AT)


def test_what_its_class_does_not_read_any_more_is_lost_and_not_in_the_way():
    for cents in (-1, "5"):
        event = fact_from(row(cents), load).event
        assert (type(event), event.data) == (Lost, {"cents": cents})


def test_what_is_lost_is_written_as_it_was():
    lost = fact_from(row("5"), load)
    assert fact_row(lost, dict) == row("5")
