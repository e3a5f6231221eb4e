"""Contract of the search for words."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

import pytest

from starmodel.core.errors import QueryError
from starmodel.core.ports import StatePersistenceBackend
from starmodel.core.query import Query, is_found

from .base import StoreSuite, changed, changeset, deleted, found, put
from .samples import Post

__all__ = ["SearchingContract"]

POSTS = (
    Post(id="1", title="The quick brown fox", body="jumps over the lazy dog", notes="hidden treasure"),
    Post(id="2", title="QUICK", body=None),
    Post(id="3", title="Straße nach Ärgernis", body='ein 100%iger_Treffer \\ "so"'),
    Post(id="4", title="", body="STRASSE"),
    Post(id="5", title="Ώρα ΟΔΟΣ", body="ﬁnal ☕ 你好世界"),
    Post(id="6", title="a-b'c*d", body="x AND y OR NOT z NEAR(\n1)"),
)

SEARCHES = (
    *("quick", "QUICK fox", "fox quick dog", "quick zebra", "uic", "o", "o v", "  quick \t dog \n"),
    *("treasure", "strasse", "Straße", "STRAẞE", "ärgernis", "ÄRG", "100%", "_", "%", "\\", '"so"', '"', "iger_treff"),
    *("οδος", "ΟΔΟΣ", "ώρα", "final", "ﬁnal", "☕", "你好", "好世界", "a-b'c", "*d", "AND", "and not", "NEAR(", "near"),
    *("'; DROP TABLE post; --", "title:quick", "qu*", "^the", "lazy dog", "doglazy", "foxjumps", "fox\njumps"),
)


class SearchingContract(StoreSuite):
    """Search."""

    @pytest.mark.parametrize("search", SEARCHES)
    async def test_a_search_finds_what_holds_every_word(self, store: StatePersistenceBackend, search: str) -> None:
        await put(store, *POSTS)
        expected = [post.id for post in POSTS if is_found(search, post)]
        assert await self._ids(store, Query(search=search)) == expected

    async def test_a_search_for_nothing_finds_everything(self, store: StatePersistenceBackend) -> None:
        await put(store, *POSTS)
        for search in ("", "  \n"):
            assert await self._ids(store, Query(search=search)) == [post.id for post in POSTS]

    async def test_a_search_goes_with_conditions_order_and_pages(self, store: StatePersistenceBackend) -> None:
        await put(store, *(Post(id=f"p{n}", title=f"needle {n}", body="odd" if n % 2 else None) for n in range(9)))
        query = Query(search="NEEDLE", where={"body": {"isnull": True}}, order=("-title",), limit=3)
        first = await store.query(Post, query)
        rest = await store.query(
            Post, Query(search="NEEDLE", where=query.where, order=query.order, limit=3, after=first.next)
        )
        assert [stored.entity.id for stored in (*first.items, *rest.items)] == ["p8", "p6", "p4", "p2", "p0"]

    async def test_a_search_sees_changes_and_deletions(self, store: StatePersistenceBackend) -> None:
        await put(store, *POSTS)
        fox, other = await found(store, POSTS[0]), await found(store, POSTS[1])
        await store.commit(changeset(changed(fox, title="slow fox", body=None), deleted(other)))
        assert await self._ids(store, Query(search="quick")) == []
        assert await self._ids(store, Query(search="lazy")) == []
        assert await self._ids(store, Query(search="slow")) == ["1"]
        await put(store, Post(id="2", title="quick again"))
        assert await self._ids(store, Query(search="quick")) == ["2"]

    async def test_what_is_searched_for_is_refused_when_it_is_no_words(self, store: StatePersistenceBackend) -> None:
        for search in (5, ["quick"], "a " * 17):
            with pytest.raises(QueryError):
                await store.query(Post, Query(search=search))  # type: ignore[arg-type]  # it may come from outside

    async def _ids(self, store: StatePersistenceBackend, query: Query) -> list[str]:
        return [stored.entity.id for stored in (await store.query(Post, query)).items]
