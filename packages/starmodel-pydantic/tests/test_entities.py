"""What pydantic must not do to an entity class when it reads it."""

from __future__ import annotations

from pydantic import TypeAdapter

from starmodel.core import Entity, event


class Tally(Entity):
    count: int = 0

    @event
    def add(self, n: int) -> None:
        self.count += n


def test_an_event_reads_its_snapshot_also_after_pydantic_has_seen_the_class() -> None:
    before = Tally(count=7)
    TypeAdapter(Tally).dump_python(before)
    assert before.add(1).count == 8
