"""A dry run over a database is refused where the real run is: at REST, in forms, and record by record in an import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from starlette.testclient import TestClient

from starmodel.adapters.fasthtml.crud.importing import checked
from starmodel.adapters.fasthtml.crud.records import Plan
from starmodel.bootstrap import Settings, create_app
from starmodel.core import Actor, Entity, Reference, Unique


class Member(Entity):
    model_config = {"store": "sql"}
    name: str
    code: Annotated[str | None, Unique()] = None
    mentor_id: Annotated[str | None, Reference("Member")] = None
    rank: int = 0


class Dues(Entity):
    model_config = {"store": "sql"}
    amount: int
    member_id: Annotated[str, Reference(Member)]
    code: Annotated[str | None, Unique()] = None


@pytest.fixture
def app(tmp_path):
    return create_app(
        Member, Dues, settings=Settings(env="development", database_url=f"sqlite:///{tmp_path}/members.db")
    )


@pytest.fixture
def client(app):
    with TestClient(app) as client:
        yield client


@pytest.mark.parametrize(
    "member", [{"name": "Bob", "mentor_id": "nobody"}, {"name": "Bob", "code": "A1"}], ids=["reference", "unique"]
)
def test_a_dry_run_is_answered_as_the_real_run(client, member):
    client.post("/api/member", json={"name": "Ann", "code": "A1"})
    tried = client.post("/api/member?dry_run=true", json=member)
    real = client.post("/api/member", json=member)
    assert (tried.status_code, tried.json()["errors"]) == (422, real.json()["errors"])


def test_a_form_that_is_being_filled_in_is_told_that_a_value_is_taken(client):
    client.post("/api/member", json={"name": "Ann", "code": "A1"})
    told = client.post("/member/do/create", data={"name": "Bob", "code": "A1"}).json()["errors"]
    assert [(one["name"], one["message"]) for one in told] == [("code", "is taken already; choose another")]


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        (["bob,Bob,B1,", "cy,Cyd,B1,"], [(3, "code", "is taken already, by a record before this one; choose another")]),
        (["bob,Bob,,", "cy,Cyd,,bob"], []),
        (["bob,Bob,,nobody"], [(2, "mentor_id", "names nothing that is there; choose one that is")]),
        (["bob,Bob,A1,"], [(2, "code", "is taken already; choose another")]),
    ],
    ids=["unique in the file", "reference within the file", "reference to nothing", "unique in the database"],
)
def test_an_import_is_tried_as_it_will_be_done(app, client, tmp_path, lines, wrong):
    client.post("/api/member", json={"name": "Ann", "code": "A1"})
    found = tried(app, client, tmp_path, Member, ["id,name,code,mentor_id", *lines])
    told = [(line, column, one.message) for line, column, one in found.problems]
    assert (told, found.created) == (wrong, len(lines) - len(wrong))


def tried(app, client, tmp_path, kind, lines, key=""):
    path = Path(tmp_path / "file.csv")
    path.write_text("\n".join(lines))
    plan = Plan("token", "utf-8", ",", tuple(lines[0].split(",")), key)
    return client.portal.call(checked, app.pages, app.pages.shape(kind), path, plan, Actor("ada"))


@pytest.mark.parametrize(
    ("kind", "lines", "wrong"),
    [
        (Dues, ["amount,member_id", "much,Nobody"], ["amount", "member_id"]),
        (Dues, ["amount,member_id", "much,Not anybody"], ["amount", "member_id"]),
        (Dues, ["amount,member_id", "much,ann"], ["amount"]),
        (Dues, ["amount,member_id,code", "3,Nobody,D1"], ["code", "member_id"]),
        (Dues, ["id,amount,member_id", "one,much,Nobody"], ["amount", "id", "member_id"]),
        (Member, ["name,code,mentor_id,rank", "Bob,A1,nobody,high"], ["code", "mentor_id", "rank"]),
        (Member, ["id,name,rank,mentor_id", "bob,Bob,1,", "cy,Cyd,high,bob"], ["rank"]),
    ],
)
def test_an_import_tells_everything_that_is_wrong_with_a_record_at_once(app, client, tmp_path, kind, lines, wrong):
    client.portal.call(app.application.dispatch, Member.create(name="Ann", code="A1").on("ann"))
    client.portal.call(app.application.dispatch, Dues.create(amount=1, member_id="ann", code="D1").on("one"))
    found = tried(app, client, tmp_path, kind, lines)
    assert (sorted(column for _, column, _ in found.problems), found.wrong) == (wrong, 1)


def test_an_import_tells_everything_that_is_wrong_with_a_change_at_once(app, client, tmp_path):
    client.portal.call(app.application.dispatch, Member.create(name="Ann", code="A1").on("ann"))
    client.portal.call(app.application.dispatch, Member.create(name="Bob", code="B1").on("bob"))
    lines = ["id,name,code,rank,mentor_id", "ann,Ann,B1,high,nobody", "bob,Bob,B1,high,ann"]
    found = tried(app, client, tmp_path, Member, lines, key="id")
    told = sorted((line, column) for line, column, _ in found.problems)
    assert told == [(2, "code"), (2, "mentor_id"), (2, "rank"), (3, "rank")]
