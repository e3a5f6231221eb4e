"""One commit: what is sent to the script that checks and writes everything at once, and what its answers mean."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from starmodel.core.changes import Changeset, Commit, Position, Write, sealed
from starmodel.core.errors import ConflictError, GoneError, OnItsWayError
from starmodel.core.rules import taken

from .building import declare
from .errors import UncertainError, UnreadableError, is_lost
from .log import Forgotten
from .outbox import sent
from .records import entry_of
from .scripts import script

if TYPE_CHECKING:
    from datetime import datetime

    from starmodel.core.entity import Entity

    from .indexes import Index
    from .log import Log
    from .server import Link
    from .shapes import Shape, Shapes

__all__ = ["Attempt"]

Sent: TypeAlias = tuple[Any, ...]

CONFIRM_MS: Final = 1000
"""How long a replica may take to confirm a commit."""


class Attempt:
    """One call of commit(): it may be sent again when an answer was lost, and knows its own work then.

    *keep* commits stay in the log; so many *replicas* have to confirm it.
    """

    def __init__(
        self, changeset: Changeset, at: datetime, shapes: Shapes, log: Log, *, keep: int, replicas: int = 0
    ) -> None:
        self._changeset, self._at = changeset, at
        self._shapes, self._log = shapes, log
        self._replicas = replicas
        self._id = secrets.token_hex(8)
        self.is_uncertain = False
        """Whether it was sent, and no answer tells what became of it."""
        command = changeset.command
        for write in changeset.writes:
            shapes.of(write.kind)
        entry = entry_of(sealed(changeset, Position("", 0), at), shapes)
        self._head: Sent = (command.id, changeset.fingerprint, self._id, keep, entry.head, entry.keys, entry.body)
        self._writes: list[Sent] = [self._write(write) for write in changeset.writes]
        self._owed = sent(changeset.owed)

    def _write(self, write: Write) -> Sent:
        shape = self._shapes.of(write.kind)
        after = write.after
        if after is None:
            return shape.name, write.id, write.expected, "", shape.digest, b"", 0
        places = [part for index in shape.indexes for part in _place(index, after)]
        whole = (shape.name, write.id, write.expected, shape.ttl or "", shape.digest, shape.document(after))
        return *whole, len(shape.indexes), *places

    async def send(self, link: Link) -> Commit:
        """Store the changeset, or raise what the contract says."""
        commit = await self._stored(link)
        if self._replicas and await link.ask("WAIT", self._replicas, CONFIRM_MS) < self._replicas:
            why = "it is stored, and no replica has confirmed it: with this server it would be lost"
            raise UncertainError(why, self._changeset.command.id)
        return commit

    async def _stored(self, link: Link) -> Commit:
        while True:
            outcome, *said = await self._sent(link)
            if outcome == b"ok":
                return sealed(self._changeset, Position(said[0].decode(), int(said[1])), self._at)
            if outcome == b"known":
                return self._earlier(said)
            if outcome == b"begin":
                raise Forgotten
            number = int(said[0])
            if outcome == b"held":
                raise OnItsWayError(said[1].decode(), self._changeset.owed[number].store)
            if outcome == b"landed":
                raise ConflictError(said[1].decode(), int(said[2]), int(said[3]))
            if outcome == b"shape":
                self._merge(number, said[1])
            elif outcome == b"index":
                await declare(self._shape(number), link)
            else:
                raise self._refusal(outcome, number, said)

    async def rehearse(self, link: Link) -> None:
        """Raise what :meth:`send` would raise for these writes."""
        self._head = (*self._head[:3], "", *self._head[4:])
        await self._stored(link)

    async def _sent(self, link: Link) -> Sequence[bytes]:
        parts = [part for write in self._writes for part in write]
        try:
            answer: Sequence[bytes] = await link.run(
                script("commit"), *self._head, len(self._writes), *parts, *self._owed
            )
        except BaseException as error:
            self.is_uncertain = self.is_uncertain or is_lost(error)
            raise
        self.is_uncertain = False
        return answer

    def _earlier(self, said: Sequence[bytes]) -> Commit:
        """Return the commit of a command that took effect: this very attempt's, or an earlier one's as a repetition."""
        if said[3].decode() == self._id:
            return sealed(self._changeset, Position(said[0].decode(), int(said[1])), self._at)
        command_id = self._changeset.command.id
        commit = self._log.receipt(self._log.known(said), command_id, self._changeset.fingerprint)
        assert commit is not None  # noqa: S101  (it was there)
        return commit

    def _merge(self, number: int, there: bytes) -> None:
        """Keep what another version of the class wrote into a document, and this one does not know."""
        name, id, expected, ttl, digest, rest, *places = self._writes[number]
        document, has_more = self._shape(number).with_rest(rest, there)
        self._writes[number] = (name, id, expected, ttl, "=" if has_more else f"={digest}", document, *places)

    def _shape(self, number: int) -> Shape[Any]:
        return self._shapes.of(self._changeset.writes[number].kind)

    def _refusal(self, outcome: bytes, number: int, said: Sequence[bytes]) -> Exception:
        write = self._changeset.writes[number]
        name = write.kind.__entity_name__
        if outcome == b"taken":
            label = said[1].decode()
            return taken(next(index.fields for index in self._shape(number).indexes if index.label == label))
        if outcome == b"odd":
            return UnreadableError(name, write.id)
        if outcome == b"gone":
            return GoneError(name, write.id)
        return ConflictError(f"{name} {write.id}", write.expected, int(said[1]))


def _place(index: Index, entity: Entity) -> Sent:
    member, is_alone = index.member(entity)
    return index.label, member, "1" if is_alone else ""
