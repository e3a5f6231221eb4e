"""``starmodel parked`` lists what handlers could not be told, has it told again, and drops it."""

from __future__ import annotations

import json

import pytest

MAIN = """
from dataclasses import dataclass
from pathlib import Path
from starmodel.app import telling
from starmodel.core import DomainEvent, Entity, event
from starmodel.testing import application

telling.PAUSE = 0

@dataclass(frozen=True, kw_only=True)
class Shipped(DomainEvent):
    secret: str = "hunter2"

class Parcel(Entity):
    name: str = ""

    @event
    def ship(self) -> None:
        self.name += "!"
        self.record(Shipped())

app = application(Parcel)

@app.on(Shipped)
def write_mail(recorded):
    if not Path("mail").exists():
        raise OSError("the mail does not work")
    with Path("mail").open("a") as mail:
        mail.write(recorded.entity_id + "\\n")
"""


@pytest.fixture
def parked(cli, project):
    (project / "main.py").write_text(MAIN)
    cli("event", "Parcel.create", "--args", '{"id": "a"}')
    id = json.loads(cli("event", "Parcel.create", "--json").out)["changes"][0]["id"]
    for _ in range(2):
        cli("event", "Parcel.ship", id)
    return lambda *arguments: cli("parked", *arguments)


def test_what_is_parked_is_listed_without_what_it_holds(parked):
    first, second = json.loads(parked("--json").out)["parked"]
    assert (first["number"], first["tries"], first["error"]) == ("memory/1", 5, "OSError: the mail does not work")
    assert (second["number"], second["tries"]) == ("memory/2", 0)
    assert first["handler"] == "main.write_mail"
    shown = parked().out
    assert "memory/1" in shown
    assert "hunter2" not in shown + json.dumps(first)


def test_what_is_told_again_is_gone_with_what_waited(parked, project):
    (project / "mail").touch()
    assert parked("--retry", "memory/1").out == "Nothing is parked: every handler was told everything.\n"
    assert len((project / "mail").read_text().splitlines()) == 2


def test_what_is_dropped_is_gone(parked):
    ended = json.loads(parked("--drop", "memory/2", "--json").out)
    assert [one["number"] for one in ended["parked"]] == ["memory/1"]


@pytest.mark.parametrize(("name", "why"), [("3", "write it as it is listed"), ("sql/3", "there is no parked event")])
def test_what_is_not_parked_is_told_of(parked, name, why):
    ended = parked("--retry", name)
    assert (ended.code, why in ended.err) == (1, True)
