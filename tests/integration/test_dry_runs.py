"""A dry run over a database is refused where the real run is: at REST, in forms, and record by record in an import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from starlette.testclient import TestClient

from starmodel.adapters.fasthtml.crud.importing import Plan, checked
from starmodel.bootstrap import Settings, create_app
from starmodel.core import Actor, Entity, Reference, Unique


class Member(Entity):
    model_config = {"store": "sql"}
    name: str
    code: Annotated[str | None, Unique()] = None
    mentor_id: Annotated[str | None, Reference("Member")] = None


@pytest.fixture
def app(tmp_path):
    return create_app(Member, settings=Settings(env="development", database_url=f"sqlite:///{tmp_path}/members.db"))


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
    path = Path(tmp_path / "file.csv")
    path.write_text("\n".join(["id,name,code,mentor_id", *lines]))
    plan = Plan("token", "utf-8", ",", ("id", "name", "code", "mentor_id"))
    found = client.portal.call(checked, app.pages, app.pages.shape(Member), path, plan, Actor("ada"))
    told = [(line, column, one.message) for line, column, one in found.problems]
    assert (told, found.created) == (wrong, len(lines) - len(wrong))
