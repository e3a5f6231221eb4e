"""What never leaves the server: private and secret fields, looked for in every byte that does."""

from __future__ import annotations

import base64
import logging
import zlib

import pytest
from asgi_visitors import Visitor, query_of
from fasthtml.common import Div, P

from starmodel.adapters.fasthtml import find, show, view
from starmodel.core import Entity, event
from starmodel.core.errors import DefinitionError
from starmodel.core.visibility import Private, Secret

PRIVATE, SECRET = "canary-private-4711", "canary-secret-0815"


class Patient(Entity):
    name: str = "Ada"
    notes: Private[str] = PRIVATE
    password: Secret[str] = SECRET
    visits: int = 0

    @event
    def visit(self) -> None:
        self.visits += 1
        self.notes += "!"

    @event
    def give_itself(self) -> Patient:
        return self

    @event
    def give_several(self) -> object:
        return [self, {"deep": (self,)}]

    @event
    def set_password(self, password: Secret[str]) -> None:
        self.password = password

    @event
    def fail(self, password: Secret[str]) -> None:
        raise RuntimeError("no")

    @event(method="get")
    def read_all(self) -> object:
        return {"me": self}

    @event
    @classmethod
    def admit(cls, name: str) -> list[Patient]:
        return [cls(name=name), cls(name=name + " II")]


@view
def card(patient: Patient):
    return Div(patient.name, patient.visits)


@pytest.fixture
async def app(start):
    app = await start(Patient)

    @app.get("/")
    async def home():
        mine = await find(Patient, {"notes": {"startswith": PRIVATE}, "not": {"password": "x"}}, order=["notes"])
        return [card(patient) for patient in mine], [show(patient, "visits") for patient in mine]

    return app


async def test_they_are_in_no_answer_header_or_log(app, caplog):
    caplog.set_level(logging.DEBUG)
    visitor, seen = Visitor(app), []

    async def note(answer):
        seen.append(answer.everything)
        return answer

    made = await note(await visitor.post("/patient/create", {"name": "Bob", "password": SECRET}))
    url = f"/patient/{made.json['id']}"
    for name in ("visit", "give_itself", "give_several", "visit", "update"):
        for headers in ({}, {"starmodel_request": "1"}, {"idempotency_key": name}, {"idempotency_key": name}):
            await note(await visitor.post(f"{url}/{name}", {}, **headers))
        await note(await visitor.form(f"{url}/{name}"))
    for args in ({"password": SECRET}, {"password": [SECRET]}, {"password": SECRET, "more": SECRET}):
        for name in ("set_password", "fail", "update"):
            await note(await visitor.post(f"{url}/{name}", args))
            await note(await visitor.form(f"{url}/{name}", args))
    await note(await visitor.post(f"{url}/update", {"password": "other"}, starmodel_base_version="1"))
    await note(await visitor.post(f"{url}/update", {"notes": "mine"}))
    await note(await visitor.get(f"{url}/read_all"))
    await note(await visitor.post("/patient/admit", {"name": "Cy"}))
    page = await visitor.open("/")
    seen.append(page.text)
    async with page.stream() as stream:
        await stream.hello()
        await visitor.post(f"{url}/visit", {})
        await stream.until("Bob")
        seen += map(str, stream.chunks)

    everything = "\n".join(seen) + caplog.text
    assert "Bob" in everything
    assert "Cy II" in everything
    assert PRIVATE not in everything
    assert SECRET not in everything


async def test_the_token_of_a_page_names_no_value_of_a_condition_on_them(app):
    visitor = Visitor(app)
    await visitor.post("/patient/create", {})
    token = query_of((await visitor.open("/")).url)["page"].rpartition(".")[0]

    packed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    readable = (packed if packed.startswith(b"{") else zlib.decompress(packed)).decode()

    assert "Patient" in readable
    assert "canary" not in readable


async def test_a_private_field_cannot_be_given_from_outside(app):
    visitor = Visitor(app)
    for path in ("create", "admit"):
        assert (await visitor.post(f"/patient/{path}", {"name": "x", "notes": "mine"})).status == 422


@pytest.mark.parametrize("field", ["notes", "password", "no_such"])
def test_only_a_public_field_can_be_shown(field):
    with pytest.raises(DefinitionError, match="public field"):
        show(Patient(), field)


async def test_a_page_shows_a_private_field_only_if_it_says_so_itself(app):
    @app.get("/doctor/{patient}")
    def doctor(patient: Patient):
        return P(patient.notes)

    visitor = Visitor(app)
    id = (await visitor.post("/patient/create", {})).json["id"]

    assert PRIVATE in (await visitor.get(f"/doctor/{id}")).text
