"""The sessions of a user end, with their streams, when the password or the roles change or they are disabled."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack

import pytest
from argon2 import PasswordHasher
from asgi_visitors import Visitor
from fasthtml.common import P

from starmodel.adapters.auth import PasswordAuth, PasswordHashing, User
from starmodel.adapters.auth.session import LASTS, SignedIn
from starmodel.bootstrap import Settings, create_app
from starmodel.core import Entity

pytestmark = pytest.mark.anyio

PASSWORD = "a few words for ada"


class Paper(Entity):
    text: str = ""
    model_config = {"store": "sql"}


def node(path):
    """One of several processes on the same database."""
    settings = Settings("development", secret="a secret of both of them, long enough", database_url=f"sqlite:///{path}")
    hashing = PasswordHashing(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    app = create_app(Paper, auth=PasswordAuth(hashing=hashing), settings=settings, ui="plain")

    @app.get("/papers")
    def papers(papers: list[Paper]):
        return P(len(papers))

    @app.get("/who")
    async def who(request):
        return (await app.runtime.actor(request.scope)).id

    return app


@pytest.fixture
async def nodes(tmp_path):
    async with AsyncExitStack() as running:
        apps = [node(tmp_path / "data.db") for _ in range(2)]
        for app in apps:
            await running.enter_async_context(app.router.lifespan_context(app))
        yield apps


def accounts_of(app):
    return app.runtime._auth[0].accounts


async def test_what_ends_the_sessions_of_a_user_ends_their_streams_on_another_node_too(nodes, sign_in):
    here, there = nodes
    assert here.application.persistence.name_for(User) == "sql"  # where the rest lasts
    ada = await accounts_of(here).add("ada", PASSWORD)
    known = Visitor(here)
    await sign_in(known, password=PASSWORD)
    known.app = there
    assert ada.id in (await known.get("/who")).text
    for change in ("set_password", "set_roles", "disable"):
        visitor = Visitor(there)
        assert (await sign_in(visitor, password=PASSWORD)).status == 303
        async with (await visitor.open("/papers")).stream() as stream:
            await stream.hello()
            began = time.monotonic()
            more = {"set_password": [PASSWORD], "set_roles": [["editor"]]}.get(change, [])
            await getattr(accounts_of(here), change)(ada, *more)
            assert ada.id not in (await visitor.get("/who")).text  # at once, by what the user is now
            await stream.end()
            assert time.monotonic() - began < 3
    assert (await sign_in(Visitor(there), password=PASSWORD)).status == 403
    await accounts_of(there).enable(ada)
    assert (await sign_in(Visitor(here), password=PASSWORD)).status == 303


async def test_a_user_changes_their_password_themselves_and_signs_in_by_the_new_one(app, visitor, sign_in):
    other = Visitor(app)
    for one in (visitor, other):
        await sign_in(one)
    wrong = await visitor.form("/password", {"old": "not it", "new": "other words for ada"})
    unfit = await visitor.form("/password", {"old": PASSWORD, "new": "short"})
    assert (wrong.status, unfit.status) == (422, 422)
    assert "at least 15 characters" in unfit.text
    assert 'autocomplete="new-password"' in unfit.text
    changed = await visitor.form("/password", {"old": PASSWORD, "new": "other words for ada"})
    assert (changed.status, changed.header("location")) == (303, "/login")
    for one in (visitor, other):
        assert "nobody" in (await one.get("/who")).text
    assert (await sign_in(visitor)).status == 403
    assert (await sign_in(visitor, password="other words for ada")).status == 303


async def test_nobody_changes_a_password_without_being_signed_in(visitor):
    for answer in (await visitor.get("/password"), await visitor.form("/password", {"old": PASSWORD, "new": "x" * 20})):
        assert (answer.status, answer.header("location")) == (303, "/login?next=/password")


def test_a_session_counts_for_thirty_days_and_only_with_the_stamp_of_its_user():
    user = User(name="ada", key="ada", password_hash="x", stamp="one")
    assert SignedIn(user.id, "one", 0.0).counts(user, LASTS - 61.0)
    assert not SignedIn(user.id, "one", 0.0).counts(user, LASTS + 1.0)
    assert not SignedIn(user.id, "one", LASTS * 2.0).counts(user, 0.0)
    assert not SignedIn(user.id, "another", 0.0).counts(user, 0.0)
    assert not SignedIn(user.id, "", 0.0).counts(user.evolve(stamp=""), 0.0)
    assert not SignedIn(user.id, "one", 0.0).counts(user.evolve(disabled=True), 0.0)
