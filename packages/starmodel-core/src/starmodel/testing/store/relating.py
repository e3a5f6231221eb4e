"""Contract of conditions that lead through references to other entities."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from starmodel.core.entity import Entity
from starmodel.core.errors import QueryError
from starmodel.core.ports import StatePersistenceBackend
from starmodel.core.query import Query, matches

from .base import StoreSuite, changed, changeset, found, put
from .samples import Author, Post

__all__ = ["RelatingContract"]

AUTHORS = (
    Author(id="ada", name="Ada", born=1815),
    Author(id="bob", name="bob", mentor_id="ada"),
    Author(id="cy", name="Cyd", born=1921, pin="1234", mentor_id="bob"),
)
POSTS = (
    Post(id="1", title="One", author_id="ada"),
    Post(id="2", title="Two", author_id="bob"),
    Post(id="3", title="Three", author_id="cy"),
    Post(id="4", title="Four", author_id="ada"),
    Post(id="5", title="Five"),
)

CONDITIONS: tuple[Mapping[str, Any], ...] = (
    {"author_id.name": "Ada"},
    {"author_id.name": "nobody"},
    {"author_id.name": {"contains": "D", "ne": "Ada"}},
    {"author_id.born": None},
    {"author_id.born": {"ne": 1815}},
    {"author_id.born": {"gt": "1900"}},
    {"author_id.born": {"isnull": True}},
    {"author_id.id": {"in": ["ada", "cy"]}},
    {"author_id.pin": "1234"},
    {"author_id.mentor_id.name": "Ada"},
    {"author_id.mentor_id.mentor_id.born": {"lt": 1900}},
    {"not": {"author_id.name": "Ada"}},
    {"not": {"author_id.mentor_id.name": {"ne": "Ada"}}},
    {"or": [{"author_id.name": "bob"}, {"title": "Five"}, {"author_id.mentor_id": "bob"}]},
    {"author_id.name": {"in": []}},
    {"author_id": "ada", "author_id.name": {"startswith": "a"}},
)

BAD: tuple[Mapping[str, Any], ...] = (
    {"author_id.nope": 1},
    {"title.name": "x"},
    {"author_id.name.x": "x"},
    {"author_id.": "x"},
    {".name": "x"},
    {"author_id..name": "x"},
    {"author_id.__class__": "x"},
    {"author_id.born": {"gt": "not a number"}},
    {"author_id." + "mentor_id." * 20 + "name": "x"},
)


class RelatingContract(StoreSuite):
    """Conditions through references."""

    @pytest.mark.parametrize("where", CONDITIONS, ids=str)
    async def test_a_query_finds_what_matches_through_references(
        self, store: StatePersistenceBackend, where: Mapping[str, Any]
    ) -> None:
        await put(store, *AUTHORS)
        await put(store, *POSTS)
        if not self.supports_relations:
            await self._is_refused(store, where)
            return
        authors = {author.id: author for author in AUTHORS}

        def find(_: type[Entity], id: str) -> Entity | None:
            return authors.get(id)

        checked = Query(where=where).checked(Post).where
        expected = [post.id for post in POSTS if matches(checked, post, find)]
        assert [stored.entity.id for stored in (await store.query(Post, Query(where=where))).items] == expected
        assert await store.count(Post, where, cap=9) == len(expected)

    async def test_a_change_at_the_end_of_a_reference_is_seen(self, store: StatePersistenceBackend) -> None:
        if not self.supports_relations:
            pytest.skip("this store keeps no relations")
        await put(store, *AUTHORS)
        await put(store, *POSTS)
        await store.commit(changeset(changed(await found(store, AUTHORS[0]), name="Augusta")))
        assert await store.count(Post, {"author_id.name": "Ada"}, cap=9) == 0
        assert await store.count(Post, {"author_id.name": "Augusta"}, cap=9) == 2

    async def test_pages_through_references_show_everything_once(self, store: StatePersistenceBackend) -> None:
        if not self.supports_relations:
            pytest.skip("this store keeps no relations")
        await put(store, *AUTHORS)
        await put(store, *POSTS)
        where = {"author_id.name": {"in": ["Ada", "Cyd"]}}
        first = await store.query(Post, Query(where=where, order=("-title",), limit=2))
        rest = await store.query(Post, Query(where=where, order=("-title",), limit=2, after=first.next))
        assert [stored.entity.title for stored in (*first.items, *rest.items)] == ["Three", "One", "Four"]
        assert rest.next is None

    @pytest.mark.parametrize("where", BAD, ids=str)
    async def test_a_way_that_leads_nowhere_is_refused(
        self, store: StatePersistenceBackend, where: Mapping[str, Any]
    ) -> None:
        await put(store, *AUTHORS)
        await put(store, *POSTS)
        await self._is_refused(store, where)

    async def _is_refused(self, store: StatePersistenceBackend, where: Mapping[str, Any]) -> None:
        with pytest.raises(QueryError):
            await store.query(Post, Query(where=where))
        with pytest.raises(QueryError):
            await store.count(Post, where, cap=9)
