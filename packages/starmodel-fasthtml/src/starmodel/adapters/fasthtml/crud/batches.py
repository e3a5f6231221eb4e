"""Many commands for one wish: run one after the other beside the requests, counted, and taken back together.

Each row of a batch is a command like any other, called ``{batch}.{row}``: so it takes effect once however often it is
run, the log tells which batch it belongs to, and the whole is undone row by row.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from starmodel.app.policies import is_seen_id, owned_id
from starmodel.core import Actor, Entity, Private, event
from starmodel.core.commands import Command
from starmodel.core.config import EntityConfig
from starmodel.core.unit import Unit

if TYPE_CHECKING:
    from starmodel.app import Application

__all__ = ["Batch", "Refused", "Row", "Rows", "batch_id", "is_key", "new_key", "row_id", "undoing"]

_SILENT = timedelta(seconds=30)
_LONGEST_KEY = 30


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not done: which one it was, what it is called, and why."""

    row: int
    name: str
    why: str


class Batch(Entity):
    """How far a batch is; its id says whose it is.  Only the program changes it."""

    of: str
    does: str
    back: str = ""
    undoes: str = ""
    plan: Private[str] = ""
    total: int = 0
    done: int = 0
    unchanged: int = 0
    refused: int = 0
    refusals: list[Refused] = []  # noqa: RUF012  (a field, which each has its own of)
    state: str = "running"
    note: str = ""
    moved: datetime = datetime(2000, 1, 1, tzinfo=UTC)

    model_config: ClassVar[EntityConfig] = {
        "default_events": (),
        "pages": False,
        "api": False,
        "namespace": "StarModelBatch",
    }

    def check(self) -> None:
        """Refuse an id by which anybody but the program could change it."""
        if not is_seen_id(self.id):
            raise ValueError("the program itself begins batches")

    @event
    @classmethod
    def begin(cls, of: str, does: str, total: int, back: str = "", undoes: str = "", plan: str = "") -> Batch:
        """Note that a batch begins; its id is given by whoever begins it."""
        id = Unit.current().new_id()
        return cls(id=id, of=of, does=does, total=total, back=back, undoes=undoes, plan=plan)

    @event
    def advance(
        self, done: int, unchanged: int, refused: int, refusals: list[Refused], state: str, note: str, moved: datetime
    ) -> None:
        """Say how far it is."""
        self.done, self.unchanged, self.refused, self.refusals = done, unchanged, refused, refusals
        self.state, self.note, self.moved = state, note, moved

    @property
    def seen(self) -> int:
        """How many rows were looked at."""
        return self.done + self.unchanged + self.refused

    def is_idle(self, now: datetime) -> bool:
        """Tell whether nobody goes on with it: its process has ended where nothing was heard of it for long."""
        return self.state != "running" or now - self.moved > _SILENT

    @property
    def can_go_on(self) -> bool:
        """True for one that is not done, and whose rows can be found again: not those of an event with secrets."""
        return self.state != "done" and (bool(self.undoes) or self.plan not in ("", "{}"))


class Row(NamedTuple):
    """One row of a batch: its number, what it is called where it fails, and its command; ``None`` for nothing to do."""

    number: int
    name: str
    command: Command | None
    problem: str = ""
    is_text: bool = False


Rows = AsyncIterator[Row]


def new_key() -> str:
    """Return what a page tells the batch by that it begins, so that a second click begins no other."""
    return secrets.token_hex(15)


def is_key(text: str) -> bool:
    """Tell whether *text* may be such a key: the id of the batch has room for it."""
    return text.isascii() and text.isalnum() and len(text) <= _LONGEST_KEY


def batch_id(actor: Actor, key: str) -> str:
    """Return the id of a batch of *actor*: the same one for the same *key*."""
    return owned_id(actor.id, key, "seen")


def row_id(batch: str, number: int) -> str:
    """Return the id of the command of a row."""
    return f"{batch}.{number}"


async def undoing(application: Application, kind: type[Entity], batch: str, of: Batch) -> Rows:
    """Yield what takes back the rows of the batch *of*, the last first; *batch* is the one that does it."""
    store = application.persistence.for_class(kind)
    for number in reversed(range(of.total)):
        first = row_id(of.id, number)
        commit = await store.commit_of(first)
        command = None
        if commit is not None and commit.changes:
            command = Command(
                entity=kind.__entity_name__, event="undo", args={"command": first}, id=row_id(batch, number)
            )
        name = commit.changes[0].id if commit is not None and commit.changes else ""
        yield Row(number, name, command)
