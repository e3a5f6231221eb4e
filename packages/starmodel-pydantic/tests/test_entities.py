"""What pydantic must not do to an entity class when it reads it."""

from __future__ import annotations

from datetime import date

from pydantic import TypeAdapter

from starmodel.adapters.pydantic import PydanticCodec
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


class Entry(Entity):
    date: date | None = None


class Diary(Entity):
    entries: list[Entry] = []


def test_a_field_may_have_the_name_of_its_type_also_in_an_entity_inside() -> None:
    diary = PydanticCodec().parse(Diary, {"entries": [{"date": "2025-01-02"}]})
    assert diary.entries[0].date == date(2025, 1, 2)
