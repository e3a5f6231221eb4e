"""One rule for every door: a form, REST and the command line refuse alike, and record alike what they do."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from starlette.testclient import TestClient

from starmodel.cli import main

MAIN = """
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated

from pydantic import Field

from starmodel.bootstrap import create_app
from starmodel.core import Entity, InvalidError, Private, Reference, RefusedError, Unique, event
from starmodel.core.errors import Problem


class Kind(Enum):
    OPEN = "open"
    PAID = "paid"


@dataclass(frozen=True)
class Money:
    amount: Annotated[Decimal, Field(ge=0)]
    currency: Annotated[str, Field(max_length=3)] = "EUR"


class Owner(Entity):
    name: str


class Item(Entity):
    title: Annotated[str, Field(min_length=1, max_length=20)]
    code: Annotated[str | None, Unique()] = None
    pieces: Annotated[int, Field(ge=0)] = 1
    sold: bool = False
    kind: Kind = Kind.OPEN
    due: date | None = None
    price: Money | None = None
    tags: list[Annotated[str, Field(max_length=5)]] = []
    owner_id: Annotated[str | None, Reference(Owner)] = None
    margin: Private[int] = 3

    def check(self) -> None:
        if self.title == "free" and self.price is not None:
            raise ValueError("what is free has no price")
        if self.title == "taken":
            raise InvalidError([Problem(("title",), "is taken by another", "taken")])

    @event
    def move(self, pieces: Annotated[int, Field(ge=1)], until: date, why: str = "") -> None:
        if pieces > 100:
            raise RefusedError("So many do not fit into a van.")
        self.pieces, self.due = pieces, until

    @event
    @classmethod
    def sweep(cls, before: date) -> int:
        return 0


app = create_app(Item, Owner)
"""
HTML = {"accept": "text/html", "sec-fetch-site": "same-origin"}
JSON = {"accept": "application/json"}
SHARED = ("type", "title", "status", "detail", "errors")


@dataclass
class Doors:
    """Three ways to the same database, each through all that a user of it goes through."""

    web: TestClient
    cli: Any
    id: str
    first: int
    """The version that it was made at: nothing begins at 1."""

    def form(self, event: str, values: dict[str, Any], base: int | None, **headers: str) -> Any:
        address = f"/item/{event}" if event in ("create", "sweep") else f"/item/{self.id}/{event}"
        query = "" if base is None else f"?_base={base}"
        return self.web.post(f"{address}{query}", data={"_form": "/item", **values}, headers=headers)

    def rest(self, event: str, values: dict[str, Any], base: int | None) -> Any:
        seen = {} if base is None else {"if-match": f'"{base}"'}
        if event == "create":
            return self.web.post("/api/item", json=values, headers=JSON)
        if event == "update":
            return self.web.patch(f"/api/item/{self.id}", json=values, headers={**JSON, **seen})
        if event == "delete":
            return self.web.delete(f"/api/item/{self.id}", headers={**JSON, **seen})
        address = "/api/item/sweep" if event == "sweep" else f"/api/item/{self.id}/{event}"
        return self.web.post(address, json=values, headers={**JSON, **seen})

    def line(self, event: str, values: dict[str, Any], base: int | None) -> tuple[int, dict[str, Any]]:
        target = [] if event in ("create", "sweep") else [self.id]
        words = [f"{name}={part}" for name, value in values.items() for part in _parts(value)]
        seen = [] if base is None else ["--base", str(base)]
        return self.cli("event", f"Item.{event}", *target, *words, *seen, "--json")


def _parts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [json.dumps(value) if isinstance(value, dict) else value]


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    """A browser at the application of a project, whose database the command line finds too."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "pyproject.toml").touch()
    (folder / "main.py").write_text(MAIN)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DATABASE_URL", f"sqlite:///{folder / 'shop.db'}")
        patch.setenv("STARMODEL_STORE", "sql")
        patch.setenv("STARMODEL_ENV", "development")
        patch.setenv("STARMODEL_SECRET", "a secret that is long enough for tests")
        module = ModuleType("shop_of_every_door")
        patch.setitem(sys.modules, module.__name__, module)
        exec(MAIN, vars(module))
        with TestClient(module.app, follow_redirects=False) as web:
            yield web


@pytest.fixture
def cli(web, monkeypatch, capsys):
    """Run a command line in this process, and return its code and the document it writes."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def cli(*arguments):
        monkeypatch.setattr(sys, "argv", ["starmodel", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        sys.modules.pop("main", None)
        out = capsys.readouterr()
        assert "Traceback" not in out.err
        return ended.value.code or 0, json.loads(out.out or "null")

    return cli


@pytest.fixture
def doors(web, cli):
    """The doors, and an item for them."""
    return Doors(web, cli, *made(web))


def made(web):
    """Return the id of an item, and the version at which it was made: its title was changed since."""
    answer = web.post("/api/item", json={"title": "cup"}, headers=JSON)
    assert answer.status_code == 201, answer.text
    id = answer.json()["id"]
    assert web.patch(f"/api/item/{id}", json={"title": "mug"}, headers=JSON).status_code == 200
    return id, int(answer.headers["etag"].strip('"'))


@pytest.fixture
def log(web):
    """Return the records of an item's commands, in their order."""

    def log(id):
        app = web.app.application
        kind = app.catalog.handler("Item", "create").kind
        return [commit.command for commit in web.portal.call(app.persistence.for_class(kind).history, kind, id)]

    return log


class Sent(NamedTuple):
    """What is sent: as text, and what of it JSON has other than as text; *late* is on an old version."""

    text: dict[str, Any]
    more: dict[str, Any] = {}
    event: str = "create"
    late: bool = False

    @property
    def data(self):
        return {**self.text, **self.more}


WRONG = {
    "a word for a number": Sent({"title": "x", "pieces": "many"}),
    "a number with a fraction": Sent({"title": "x", "pieces": "1.5"}),
    "neither yes nor no": Sent({"title": "x", "sold": "perhaps"}),
    "something is missing": Sent({"code": "a"}),
    "a blank": Sent({"title": ""}),
    "something unknown": Sent({"title": "x", "titel": "y"}),
    "something private": Sent({"title": "x", "margin": "7"}, {"margin": 7}),
    "too long": Sent({"title": "x" * 21}),
    "too small": Sent({"title": "x", "pieces": "-1"}, {"pieces": -1}),
    "no such choice": Sent({"title": "x", "kind": "lost"}),
    "no date": Sent({"title": "x", "due": "tomorrow"}),
    "no such day": Sent({"title": "x", "due": "2030-02-30"}),
    "too long in a list": Sent({"title": "x", "tags": ["ok", "too long"]}),
    "wrong inside": Sent({"title": "x", "price": {"amount": "-1", "currency": "EURO"}}),
    "missing inside": Sent({"title": "x", "price": {"currency": "EUR"}}),
    "several at once": Sent({"title": "", "pieces": "x", "kind": "y"}),
    "a reference to nothing": Sent({"title": "x", "owner_id": "nobody"}),
    "taken already": Sent({"title": "x", "code": "once"}),
    "against a rule of the entity": Sent({"title": "free", "price": {"amount": "1"}}),
    "a rule for one field": Sent({"title": "taken"}),
    "a rule for one field, changed": Sent({"title": "taken"}, event="update"),
    "changed by somebody else": Sent({"title": "pot"}, event="update", late=True),
    "wrong arguments": Sent({"pieces": "0", "until": "soon", "who": "me"}, {"pieces": 0}, event="move"),
    "an argument is missing": Sent({"pieces": "3"}, {"pieces": 3}, event="move"),
    "the event refuses": Sent({"pieces": "101", "until": "2030-01-02"}, {"pieces": 101}, event="move"),
    "an event of the class": Sent({"before": "never"}, event="sweep"),
}


def dotted(values):
    """Return arguments as a form names them: what is inside of one by its path, each item of a list by its number."""
    found = {}
    for name, value in values.items():
        parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
        found |= {name: value} if parts is None else {f"{name}.{part}": inner for part, inner in parts}
    return found


def told(document):
    return {name: document[name] for name in SHARED}


@pytest.mark.parametrize("sent", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_in_the_same_words(doors, log, sent):
    doors.web.post("/api/item", json={"title": "first", "code": "once"}, headers=JSON)
    before, base = log(doors.id), doors.first if sent.late else None

    form = doors.form(sent.event, dotted(sent.text), base, **JSON)
    page = doors.form(sent.event, dotted(sent.text), base, **HTML)
    rest = doors.rest(sent.event, sent.data, base)
    code, line = doors.line(sent.event, sent.text, base)

    assert told(form.json()) == told(line)
    assert {**told(rest.json()), "status": None} == {**told(line), "status": None}
    assert form.status_code == page.status_code == line["status"]
    assert rest.status_code == (412 if sent.late else line["status"])  # If-Match has a status of its own
    assert line["status"] in (409, 422)
    assert code == 1
    for error in line["errors"]:
        said = error["message"] if error["code"] != "conflict" else "Somebody else has changed this meanwhile"
        assert said in unescape(page.text)
    assert log(doors.id) == before


def test_a_value_with_parts_that_is_no_json_is_told(cli):
    code, line = cli("event", "Item.create", "title=x", "price={amount: 1}", "--json")
    assert (code, line["status"], line["errors"][0]["loc"], line["errors"][0]["code"]) == (1, 422, ["price"], "json")


def test_yes_is_no_number_at_any_door(doors, log):
    before, sent = log(doors.id), {"pieces": True, "until": "2030-01-02"}
    rest = doors.rest("move", sent, None).json()
    click = doors.web.post(f"/item/{doors.id}/move", json=sent, headers={**JSON, "starmodel-request": "1"}).json()
    form = doors.form("move", {**sent, "pieces": "true"}, None, **JSON).json()
    _, line = doors.cli("event", "Item.move", doors.id, "--args", json.dumps(sent), "--json")
    assert [document["errors"][0]["loc"] for document in (rest, click, form, line)] == [["pieces"]] * 4
    assert {document["errors"][0]["message"] for document in (rest, click, form, line)} == {"must be a whole number"}
    assert log(doors.id) == before


DONE = {
    "create": Sent(
        {"title": "new", "pieces": "3", "sold": "true", "kind": "paid", "due": "2030-01-02"},
        {"pieces": 3, "sold": True},
    ),
    "create, nested": Sent({"title": "new", "price": {"amount": "2.50", "currency": "EUR"}, "tags": ["a", "b"]}),
    "update": Sent({"title": "pot", "pieces": "7"}, {"pieces": 7}, event="update"),
    "update, merged": Sent({"pieces": "7"}, {"pieces": 7}, event="update", late=True),
    "an event": Sent({"pieces": "4", "until": "2031-02-03"}, {"pieces": 4}, event="move"),
    "delete": Sent({}, event="delete"),
}


@pytest.mark.parametrize("sent", DONE.values(), ids=DONE)
def test_what_is_done_leaves_one_record_and_the_same(web, cli, log, sent):
    records, states = [], []
    for door in ("form", "rest", "line"):
        doors = Doors(web, cli, *made(web))
        known = log(doors.id)
        values = dotted(sent.text) if door == "form" else sent.data if door == "rest" else sent.text
        answer = getattr(doors, door)(sent.event, values, doors.first if sent.late else None)
        assert door == "line" or answer.status_code < 400, answer.text
        id = doors.id if sent.event != "create" else made_by(door, answer)
        *before, record = log(id)
        assert before == (known if sent.event != "create" else []), door
        records.append(record)
        states.append({**web.get(f"/api/item/{id}").json(), "id": ""})

    first, second, third = records
    assert first.event == second.event == third.event == sent.event
    assert first.args == second.args == third.args
    assert [record.base_version is not None for record in records] == [sent.late] * 3
    assert states[0] == states[1] == states[2]
    assert third.actor == "cli"
    assert first.actor
    assert second.actor
    assert len({record.id for record in records}) == 3
    assert all(record.at is not None and record.at.utcoffset() == timedelta() for record in records)


def made_by(door, answer):
    if door == "form":
        return answer.headers["location"].rpartition("/")[2]
    return answer.json()["id"] if door == "rest" else answer[1]["changes"][0]["id"]
