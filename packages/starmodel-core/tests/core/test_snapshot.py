"""A lens shows a snapshot and notices reads; a draft stands for one while an event runs."""

from __future__ import annotations

import pytest

from starmodel.core import Entity, event
from starmodel.core.errors import FrozenEntityError
from starmodel.core.snapshot import changes_of, draft_of, is_draft, lens_of, plain, settle


class Counter(Entity):
    count: int = 0
    tags: list[str] = []
    _seen: dict[str, int] = {}

    @event
    def add(self, n: int = 1) -> None:
        self.count += n

    @property
    def double(self) -> int:
        return self.count * 2


@pytest.fixture
def reads():
    return []


@pytest.fixture
def counter():
    return Counter(id="a", count=3, tags=["x"])


@pytest.fixture
def lens(counter, reads):
    return lens_of(counter, lambda: reads.append(1))


class TestLens:
    def test_reading_a_field_is_noticed(self, lens, reads):
        assert lens.count == 3
        assert reads == [1]

    def test_reading_the_id_is_not(self, lens, reads):
        assert lens.id == "a"
        assert reads == []

    def test_making_a_command_is_not(self, lens, reads):
        assert lens.add.command(2).entity_id == "a"
        assert reads == []

    def test_a_field_is_noticed_when_it_is_first_read(self, lens, reads):
        assert lens.count == lens.count
        assert reads == [1]

    def test_reading_through_a_property_is_noticed(self, lens, reads):
        assert lens.double == 6
        assert reads == [1]

    def test_comparing_and_showing_are_reading(self, counter, reads):
        assert lens_of(counter, lambda: reads.append("=")) == counter
        repr(lens_of(counter, lambda: reads.append("r")))
        assert {"=", "r"} == set(reads)

    def test_it_is_an_instance_of_the_same_class_with_the_same_hash(self, lens, counter):
        assert type(lens) is Counter
        assert hash(lens) == hash(counter)

    def test_it_refuses_assignment(self, lens):
        with pytest.raises(FrozenEntityError):
            lens.count = 1

    def test_an_event_on_it_gives_a_snapshot(self, lens, counter):
        after = lens.add()
        assert after.count == 4
        assert plain(after) is after
        assert lens.evolve(count=9).count == 9
        assert plain(lens) is counter

    def test_a_lens_on_a_lens_tells_both(self, lens, counter, reads):
        outer = lens_of(lens, lambda: reads.append(2))
        assert outer.count == 3
        assert sorted(reads) == [1, 2]
        assert plain(outer) is counter
        assert outer.add().count == 4

    def test_working_state_is_its_own(self, lens, counter, reads):
        lens._seen["x"] = 1
        assert counter._seen == {}
        assert reads == []


class TestDraft:
    def test_it_tells_what_changed(self, counter):
        draft = draft_of(counter)
        draft.count += 1
        draft.tags.append("y")
        assert changes_of(draft) == {"count": 4, "tags": ["x", "y"]}

    def test_reading_or_setting_back_is_no_change(self, counter):
        draft = draft_of(counter)
        draft.tags.append("y")
        draft.tags.pop()
        draft.count += 0
        assert changes_of(draft) == {}
        assert settle(draft) is counter

    def test_it_is_known_as_one(self, counter):
        assert is_draft(draft_of(counter))
        assert not is_draft(counter)

    def test_a_field_cannot_be_deleted(self, counter):
        with pytest.raises(FrozenEntityError):
            del draft_of(counter).count

    def test_working_state_is_no_change(self, counter):
        draft = draft_of(counter)
        draft._seen["x"] = 1
        assert changes_of(draft) == {}


class Frame(Entity):
    inner: Counter
    all: list[Counter] = []


class TestInsideAnother:
    def test_a_draft_in_a_field_becomes_the_snapshot_it_is_then(self, counter):
        draft = draft_of(counter)
        draft.count = 9
        frame = Frame(inner=draft, all=[draft])
        draft.count = 10
        assert (frame.inner.count, frame.all[0].count, frame.evolve(inner=draft).inner.count) == (9, 9, 10)
        assert not is_draft(frame.inner)

    def test_a_lens_in_a_field_becomes_what_it_shows(self, lens, counter, reads):
        assert Frame(inner=lens).inner is counter
        assert reads == []

    def test_a_snapshot_in_a_field_is_shared(self, counter):
        assert Frame(inner=counter).inner is counter
