"""Contract of trials: what a commit would refuse is refused before it, and nothing is stored."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from starmodel.core.changes import Changeset
from starmodel.core.errors import StarModelError
from starmodel.core.ports import RehearsingPersistenceBackend, StatePersistenceBackend
from starmodel.core.query import Query

from .base import StoreSuite, changed, changeset, created, deleted, found, put
from .samples import Account, Author, Post

__all__ = ["RehearsingContract"]

ADA, EVE = Author(id="ada", name="Ada"), Author(id="eve", name="Eve")
POST = Post(id="post", title="One", author_id="ada")


async def _post_of_nobody(_: StatePersistenceBackend) -> Changeset:
    return changeset(created(Post(id="other", author_id="nobody")))


async def _change_to_nobody(store: StatePersistenceBackend) -> Changeset:
    return changeset(changed(await found(store, POST), author_id="nobody"))


async def _deletion_of_the_author(store: StatePersistenceBackend) -> Changeset:
    return changeset(deleted(await found(store, ADA)))


async def _second_creation(_: StatePersistenceBackend) -> Changeset:
    return changeset(created(Author(id="ada", name="again")))


async def _second_of_one_email(_: StatePersistenceBackend) -> Changeset:
    return changeset(created(Account(id="new", email="ada@x")))


BAD = [_second_of_one_email, _post_of_nobody, _change_to_nobody, _deletion_of_the_author, _second_creation]


class RehearsingContract(StoreSuite):
    """Trials."""

    @pytest.mark.parametrize("make", BAD)
    async def test_a_rehearsal_says_what_the_commit_says(
        self, store: StatePersistenceBackend, make: Callable[[StatePersistenceBackend], Awaitable[Changeset]]
    ) -> None:
        if make is _second_of_one_email and not self.supports_unique:
            return
        await put(store, ADA, POST, Account(id="old", email="ada@x") if self.supports_unique else EVE)
        bad = await make(store)
        rehearsed = await _refusal(store.rehearse, bad) if isinstance(store, RehearsingPersistenceBackend) else None
        refused = await _refusal(store.commit, bad)
        if make is _second_creation and not isinstance(store, RehearsingPersistenceBackend):
            return  # versions may wait for the commit
        assert rehearsed == refused, "a store that has rules of its own has to rehearse them"

    async def test_a_rehearsal_stores_nothing(self, store: StatePersistenceBackend) -> None:
        if not isinstance(store, RehearsingPersistenceBackend):
            pytest.skip("this store has no rules to rehearse")
        await put(store, ADA, EVE, POST)
        before = await store.position()
        ada, eve = await found(store, ADA), await found(store, EVE)
        good = changeset(
            changed(ada, name="Augusta"), deleted(eve), created(Post(id="new", author_id="ada")), id="rehearsed"
        )
        await store.rehearse(good)
        assert (await store.get(Author, "ada"), await store.get(Author, "eve")) == (ada, eve)
        assert [post.entity.id for post in (await store.query(Post, Query())).items] == ["post"]
        assert (await store.position(), await store.commit_of("rehearsed")) == (before, None)
        await store.rehearse(good)
        await store.commit(good)
        assert (await found(store, ADA)).entity.name == "Augusta"


async def _refusal(do: Callable[[Changeset], Awaitable[object]], changes: Changeset) -> tuple[type, str] | None:
    try:
        await do(changes)
    except StarModelError as error:
        return type(error), str(error)
    return None
