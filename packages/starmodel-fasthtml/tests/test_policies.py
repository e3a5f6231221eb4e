"""What classes say of who may, on their pages: what is refused is not offered, and nobody is told of what is hidden."""

from __future__ import annotations

import re
from typing import Annotated

import pytest
from asgi_visitors import Visitor

from starmodel.core import Actor, Entity, Owner, Private, anyone, event, owner, roles, signed_in, when


class Memo(Entity):
    title: str
    out: bool = False
    made_by: Annotated[str, Owner()] = ""
    margin: Private[str] = "zq-margin"
    model_config = {"policy": {"read": owner | when(out=True), "*": owner, "delete": roles("chief")}}

    @event
    def share(self) -> None:
        self.out = True

    @event
    def take_back(self) -> None:
        self.out = False

    @event
    def rename(self, title: str) -> None:
        self.title = title

    @event(policy=roles("chief"))
    @classmethod
    async def tidy(cls) -> None: ...


class Ledger(Entity):
    title: str = ""
    model_config = {"policy": {"*": signed_in, "create": anyone}}


class ByHeader:
    async def identify(self, headers, session, visitor, /):
        name = headers.get("x-user")
        return Actor(name, roles=frozenset({"chief"} if name == "chief" else ())) if name else None


class Known(Visitor):
    """A browser that says who it is with each request; ``""`` has not signed in."""

    def __init__(self, app, name):
        super().__init__(app)
        self.name = name

    def scope(self, method, target, headers=None):
        return super().scope(method, target, {**({"x-user": self.name} if self.name else {}), **(headers or {})})


@pytest.fixture
async def app(start):
    return await start(Memo, Ledger, auth=[ByHeader()])


@pytest.fixture
def user(app):
    return lambda name: Known(app, name)


@pytest.fixture
def make(app):
    async def make(title, by="ada", **fields):
        made = await app.application.dispatch(Memo.create(title=title, **fields), actor=Actor(by, trusted=True))
        return made.entity.id

    return make


def offered(answer):
    """Return what may be done with each row of a list, by what the row is called."""
    rows = re.findall(r'<tr id="memo-.*?</tr>', answer.text, re.DOTALL)
    more = [re.search(r'data-sm-may="([^"]*)".*More actions for ([^"]*)"', row, re.DOTALL) for row in rows]
    return {found[2]: found[1].split() for found in more}


async def test_a_row_offers_what_its_reader_may_do_to_it(user, make):
    await make("hers", out=True)
    await make("his", by="bob")
    hers, his = offered(await user("ada").get("/memo")), offered(await user("bob").get("/memo"))
    assert hers == {"hers": ["update", "share", "take_back", "rename"]}
    assert his == {"hers": [], "his": ["update", "share", "take_back", "rename"]}
    assert offered(await user("chief").get("/memo")) == {"hers": ["delete"]}


async def test_a_list_offers_only_what_can_be_done_with_something_on_it(user, make):
    await make("hers", out=True)
    bob, chief = await user("bob").get("/memo"), await user("chief").get("/memo")
    assert 'id="sm-bulk"' not in bob.text
    assert "/memo/do/tidy" not in bob.text
    assert 'value="delete"' in chief.text
    assert "/memo/tidy" in chief.text
    assert "data-sm-edit" not in bob.text
    assert 'href="/memo/new"' in bob.text


async def test_two_readers_share_no_row_that_offers_different_things(user, make):
    id = await make("hers", out=True)
    for _ in range(2):
        assert f"/memo/{id}/share" in (await user("ada").get("/memo")).text
        assert f"/memo/{id}/share" not in (await user("bob").get("/memo")).text


async def test_who_may_read_none_is_told_so_and_not_led_there(user):
    guest, ada = user(""), user("ada")
    assert (await guest.get("/ledger")).status == 403
    assert "sign in first" in (await guest.get("/ledger/export.csv")).text
    assert 'href="/ledger"' not in (await guest.get("/")).text
    assert 'href="/ledger"' not in (await guest.get("/memo")).text
    assert (await ada.get("/ledger")).status == 200
    assert 'href="/ledger"' in (await ada.get("/memo")).text
    assert (await guest.get("/ledger/new")).status == 200  # whoever may make one need not see any


async def test_a_count_is_of_what_its_reader_may_see(user, make):
    for title in "abc":
        await make(title)
    await make("d", out=True)
    assert "4 memos" in (await user("ada").get("/memo")).text
    assert "1 memo" in (await user("bob").get("/memo")).text
    assert "3" not in re.sub(
        r"<[^>]*>", " ", re.search(r'href="/memo".*?</a>', (await user("bob").get("/")).text, re.DOTALL)[0]
    )


async def test_an_open_list_is_told_of_what_its_reader_may_see_and_of_nothing_else(user, make, app):
    id, ada = await make("zq-hers"), Actor("ada")
    do = app.application.dispatch
    page = await user("bob").open("/memo")
    async with page.stream() as stream:
        await stream.hello()
        await do(Memo.rename("zq-hidden").on(id), actor=ada)
        await do(Memo.create(title="zq-other"), actor=ada)
        await do(Memo.share().on(id), actor=ada)
        entered = await stream.until("zq-hidden")
        assert "data-sm-may" in entered.data
        assert f"{id}/rename" not in entered.data.replace("__id__", "")
        await do(Memo.take_back().on(id), actor=ada)
        await do(Memo.rename("zq-secret").on(id), actor=ada)
        left = await stream.until("sm-page")
        assert "zq-hidden" not in left.data
        await do(Memo.create(title="zq-bobs"), actor=Actor("bob"))
        await stream.until("zq-bobs")
        everything = b"".join(stream.chunks)
        assert everything.index(b"zq-hidden") > 0
        assert not [word for word in (b"zq-other", b"zq-secret", b"zq-hers", b"zq-margin") if word in everything]


async def test_a_live_row_offers_its_owner_what_it_offers_to_nobody_else(user, make, app):
    id = await make("one", out=True)
    hers, his = await user("ada").open("/memo"), await user("bob").open("/memo")
    async with hers.stream() as own, his.stream() as other:
        await own.hello()
        await other.hello()
        await app.application.dispatch(Memo.rename("two").on(id), actor=Actor("ada"))
        assert f"/memo/{id}/share" in (await own.until("two")).data
        assert f"/memo/{id}/share" not in (await other.until("two")).data


async def test_a_guest_keeps_what_they_made_and_another_does_not_see_it(app):
    guest, other = Visitor(app), Visitor(app)
    await guest.get("/memo")
    await other.get("/memo")
    made = await guest.click("/memo/create", {"title": "zq-guests"})
    assert made.status < 300
    assert "zq-guests" in (await guest.get("/memo")).text
    assert "zq-guests" not in (await other.get("/memo")).text
    assert guest.id.encode() not in (await guest.get("/memo")).body


async def test_a_form_has_no_field_for_the_owner(user, make):
    id = await make("hers")
    for path in ("/memo/new", f"/memo/{id}/edit"):
        text = (await user("ada").get(path)).text
        assert 'name="title"' in text
        assert "made_by" not in text
    refused = await user("ada").click(f"/memo/{id}/update", {"made_by": "eve"})
    assert refused.status == 422
