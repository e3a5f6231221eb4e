"""Contract of what a store keeps: every type of value, for as long as it promises."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from starmodel.core.errors import GoneError, InvalidError
from starmodel.core.ports import Durability, StatePersistenceBackend
from starmodel.core.query import Query
from starmodel.testing.base import bare
from starmodel.testing.naming import case_name
from starmodel.testing.sources import FakeClock

from .base import StoreSuite, changed, changeset, deleted, found, put
from .samples import Colour, Everything, Fleeting, Item, Place

__all__ = ["KeepingContract"]

WORDS = (
    "",
    " padded ",
    "Grüße, Привет, 你好, שלום, e\u0301",
    "👩‍👩‍👧‍👦 ☕",
    "line\nbreak\r\n\ttab \u2028\u2029 \x01\x7f",
    "'quotes' \"double\" `back` \\slash\\ %wild_card% $1 {braces} <b>&amp;",
    "'; DROP TABLE everything; --",
    "null",
    "10",
    "long " * 20_000,
)

VALUES: tuple[Mapping[str, Any], ...] = (
    *({"text": word} for word in WORDS),
    *({"number": number} for number in (0, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63))),
    *({"ratio": ratio} for ratio in (0.1, 1 / 3, -2.5e-308, 1.7976931348623157e308, 1e16, 3.0)),
    *({"flag": flag} for flag in (True, False)),
    *({"maybe": word} for word in (None, "", "None")),
    *({"price": Decimal(text)} for text in ("0.10", "-12345678901234.5678", "1E+3", "0.000001")),
    *({"day": day} for day in (None, date(1, 1, 1), date(2024, 2, 29), date(9999, 12, 31))),
    {"at": datetime(2025, 3, 30, 1, 59, 59, 999999, tzinfo=UTC)},
    {"at": datetime(2025, 3, 30, 12, 0, tzinfo=timezone(timedelta(hours=-9, minutes=-30)))},
    {"at": datetime(1969, 12, 31, 23, 59, 59, 1)},  # noqa: DTZ001  (a time without a zone is a value too)
    {"colour": Colour.GREEN},
    {"place": Place("Main St.", 5, (Colour.RED, Colour.GREEN))},
    {"words": ["b", "a", "", "a", "☕"]},
    {"counts": {"z": 1, "": -1, "a.b c[0]": 0, "ключ": 2}},
    {"labels": {"x", "", "y"}},
    {"places": [Place("a"), Place("b", -1)]},
    {"nested": {"a": [{"deep": [1, [True, None, {"x": 1.5}]]}, {}], "b": []}},
)


class KeepingContract(StoreSuite):
    """What is kept, and for how long."""

    @pytest.mark.parametrize("fields", VALUES, ids=case_name)
    async def test_every_value_comes_back_as_it_was(
        self, store: StatePersistenceBackend, fields: Mapping[str, Any]
    ) -> None:
        self._needs_support(fields)
        one = Everything(id="one", **fields)
        commit = await put(store, one)
        entity = (await found(store, one)).entity
        [name] = fields
        assert entity == one
        assert type(entity) is Everything
        assert type(getattr(entity, name)) is type(getattr(one, name))
        assert _offset(getattr(entity, name)) == _offset(getattr(one, name))
        logged = await store.commit_of(commit.command.id)
        assert logged is not None
        assert bare(logged) == bare(commit)

    @pytest.mark.parametrize(
        "fields",
        [fields for fields in VALUES if not fields.keys() & {"place", "words", "counts", "labels", "places", "nested"}],
        ids=case_name,
    )
    async def test_every_single_value_can_be_found(
        self, store: StatePersistenceBackend, fields: Mapping[str, Any]
    ) -> None:
        self._needs_support(fields)
        await put(store, Everything(id="one", **fields))
        assert [one.entity.id for one in (await store.query(Everything, Query(where=fields))).items] == ["one"]

    def _needs_support(self, fields: Mapping[str, Any]) -> None:
        at = fields.get("at")
        if at is not None and at.tzinfo is None and not self.supports_naive_times:
            pytest.skip("this store keeps no time without a zone")

    async def test_a_time_without_a_zone_is_kept_or_refused(self, store: StatePersistenceBackend) -> None:
        one = Everything(id="one", at=datetime(2025, 1, 1))  # noqa: DTZ001  (as in VALUES)
        if self.supports_naive_times:
            await put(store, one)
            assert (await found(store, one)).entity == one
            return
        with pytest.raises(InvalidError):
            await put(store, one)
        assert await store.get(Everything, "one") is None

    async def test_a_big_integer_comes_back_as_it_was(self, store: StatePersistenceBackend) -> None:
        if not self.supports_big_integers:
            pytest.skip("the integers of this store end at 64 bits")
        await put(store, Everything(id="big", number=2**200 + 1))
        assert (await found(store, Everything(id="big"))).entity.number == 2**200 + 1

    async def test_what_is_read_cannot_be_changed(self, store: StatePersistenceBackend) -> None:
        await put(store, Everything(id="one", words=["a"], nested={"a": [{"b": []}]}, counts={"a": 1}, labels={"x"}))
        entity = (await found(store, Everything(id="one"))).entity
        for change in (
            lambda: entity.words.append("b"),
            lambda: entity.nested["a"][0].update(c=1),
            lambda: entity.nested["a"][0]["b"].append(1),
            entity.counts.clear,
            lambda: entity.labels.add("y"),
        ):
            with pytest.raises(TypeError):
                change()
        queried = (await store.query(Everything, Query())).items[0].entity
        with pytest.raises(TypeError):
            queried.words.append("b")

    async def test_working_state_is_neither_stored_nor_shared(self, store: StatePersistenceBackend) -> None:
        item = Item(id="a")
        item._note = "for me"  # noqa: SLF001  (working state is what this test is about)
        await put(store, item)
        first = (await found(store, item)).entity
        assert first._note == ""  # noqa: SLF001  (as above)
        first._note = "for me again"  # noqa: SLF001  (as above)
        assert (await found(store, item)).entity._note == ""  # noqa: SLF001  (as above)
        assert (await store.query(Item, Query())).items[0].entity._note == ""  # noqa: SLF001  (as above)

    async def test_what_expires_is_there_until_then(self, store: StatePersistenceBackend, clock: FakeClock) -> None:
        self._needs_ttl()
        await put(store, Fleeting(id="a"), Item(id="lasting"))
        assert (await found(store, Fleeting(id="a"))).entity == Fleeting(id="a")
        await self.pass_time(clock, 1.1)
        assert await store.get(Fleeting, "a") is None
        assert (await store.query(Fleeting, Query())).items == ()
        assert await store.count(Fleeting, {}, cap=9) == 0
        assert (await found(store, Item(id="lasting"))).entity == Item(id="lasting")

    async def test_a_change_renews_the_time_to_live(self, store: StatePersistenceBackend, clock: FakeClock) -> None:
        self._needs_ttl()
        await put(store, Fleeting(id="a"), Fleeting(id="b"))
        await self.pass_time(clock, 0.6)
        await store.commit(changeset(changed(await found(store, Fleeting(id="a")), name="renewed")))
        await found(store, Fleeting(id="b"))
        await self.pass_time(clock, 0.6)
        assert (await found(store, Fleeting(id="a"))).entity.name == "renewed"
        assert await store.get(Fleeting, "b") is None

    async def test_what_has_expired_is_gone_and_never_comes_back(
        self, store: StatePersistenceBackend, clock: FakeClock
    ) -> None:
        self._needs_ttl()
        await put(store, Fleeting(id="a"))
        read = await found(store, Fleeting(id="a"))
        await self.pass_time(clock, 1.1)
        for late in (changed(read, name="late"), deleted(read)):
            with pytest.raises(GoneError):
                await store.commit(changeset(late))
        assert await store.get(Fleeting, "a") is None

    async def test_an_id_that_has_expired_can_be_used_again(
        self, store: StatePersistenceBackend, clock: FakeClock
    ) -> None:
        self._needs_ttl()
        first = await put(store, Fleeting(id="a", name="first"))
        await self.pass_time(clock, 1.1)
        second = await put(store, Fleeting(id="a", name="second"))
        assert second.changes[0].version > first.changes[0].version
        assert (await found(store, Fleeting(id="a"))).entity.name == "second"

    def _needs_ttl(self) -> None:
        if not self.supports_ttl:
            pytest.skip("this store keeps everything for ever")

    async def test_what_was_committed_is_there_after_the_store_was_closed(self, store: StatePersistenceBackend) -> None:
        if store.durability is Durability.EPHEMERAL:
            pytest.skip("this store promises nothing beyond the process")
        first = await put(store, Item(id="a", name="kept", pin="1234"), Item(id="b"))
        await store.commit(changeset(deleted(await found(store, Item(id="b"))), id="once", answer=1))
        before, position = await found(store, Item(id="a")), await store.position()
        await store.close()
        again = await self.reopened(store)
        await again.open()
        assert await found(again, Item(id="a")) == before
        assert await again.get(Item, "b") is None
        assert (await again.commit(changeset(id="once", answer=2))).answer == 1
        assert [bare(commit) for commit in await again.history(Item, "a")] == [bare(first)]
        assert (await put(again, Item(id="b"))).changes[0].version > position.number
        await again.close()

    async def test_closing_twice_is_harmless(self, new_store: StatePersistenceBackend) -> None:
        await new_store.open()
        await new_store.close()
        await new_store.close()


def _offset(value: object) -> timedelta | None:
    """Return the offset of a time to UTC: a store keeps it known or unknown, and may turn a known one into UTC."""
    return timedelta() if isinstance(value, datetime) and value.tzinfo is not None else None
