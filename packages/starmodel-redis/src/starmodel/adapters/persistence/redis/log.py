"""The log in Redis: one stream, whose entries are called by their position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starmodel.core.changes import Changes, Commit, Position
from starmodel.core.errors import CommandReusedError

from .records import Entry, commit_from
from .scripts import script

if TYPE_CHECKING:
    from starmodel.core.typing import Key

    from .life import Life
    from .server import Link
    from .shapes import Shapes

__all__ = ["Forgotten", "Log"]

STREAM = "starmodel.log"
_SLACK = 2.0
"""Seconds that an answer may come after the end of a wait."""


class Forgotten(Exception):  # noqa: N818  (no error that anybody else sees)
    """There is no log: somebody emptied the database while this process was connected."""


class Log:
    """Reads the log, and keeps the leases of those who work through it."""

    def __init__(self, life: Life, shapes: Shapes) -> None:
        self._life, self._shapes = life, shapes

    def _position(self, epoch: bytes | None, number: bytes | None) -> Position:
        if epoch is None or number is None:
            raise Forgotten
        position = Position(epoch.decode(), int(number))
        self._life.saw(position)
        return position

    async def position(self, link: Link) -> Position:
        """Return the position of the newest commit."""
        return self._position(*await link.ask("HMGET", "starmodel.head", "epoch", "number"))

    async def after(self, position: Position, limit: int, link: Link) -> Changes:
        """Return the commits after *position*, or a gap when it cannot be resumed from."""
        epoch, number, entries = await link.run(script("changes"), position.number, limit)
        newest = self._position(epoch, number)
        if position.epoch != newest.epoch or position.number > newest.number:
            return Changes((), newest, gap=True)
        if not entries:
            return Changes((), position, gap=position.number < newest.number)
        commits = tuple([self._commit(newest.epoch, entry) for entry in entries])
        if commits[0].position.number != position.number + 1:
            return Changes((), newest, gap=True)
        return Changes(commits, commits[-1].position)

    async def of_entity(
        self, key: Key, above: int, below: int | None, limit: int | None, link: Link
    ) -> Sequence[Commit]:
        """Return the commits that changed one entity between two versions, oldest first; the newest *limit* of them."""
        end = "+inf" if below is None else f"({below}"
        epoch, entries = await link.run(script("history"), *key, above, end, "" if limit is None else limit)
        return [self._commit(epoch.decode(), entry) for entry in entries] if entries else []

    def _commit(self, epoch: str, entry: Sequence[Any]) -> Commit:
        id, fields = entry
        known = dict(zip(fields[::2], fields[1::2], strict=True))
        number = int(id.partition(b"-")[0])
        parts = Entry(known[b"head"], known[b"keys"], known[b"body"])
        return commit_from(Position(epoch, number), known[b"versions"], parts, self._shapes)

    async def of_command(self, command_id: str, link: Link, *, today: bool) -> Commit | None:
        """Return the commit of a command: as far back as the log goes, or with *today* of the last 24 hours."""
        found = await link.run(script("known"), command_id, "1" if today else "")
        return None if found is None else self.known(found)

    def known(self, parts: Sequence[bytes]) -> Commit:
        """Return the commit that a script found by its command."""
        epoch, number, _, _, versions, *entry = parts
        position = Position(epoch.decode(), int(number))
        return commit_from(position, versions, Entry(*entry), self._shapes)

    def receipt(self, commit: Commit | None, command_id: str, fingerprint: str) -> Commit | None:
        """Return *commit* as the repetition it is; CommandReusedError for another body."""
        if commit is not None and commit.fingerprint != fingerprint:
            raise CommandReusedError(command_id)
        return None if commit is None else replace(commit, replayed=True)

    async def wait(self, after: Position, seconds: float, link: Link) -> None:
        """Return when the log may hold more than *after*, at the latest after *seconds*."""
        if await self.position(link) == after and seconds > 0:
            block = max(1, round(seconds * 1000))
            await link.ask(
                *("XREAD", "COUNT", 1, "BLOCK", block, "STREAMS", STREAM, f"{after.number}-0"),
                patience=seconds + _SLACK,
            )

    async def lease(self, task: str, holder: str, seconds: float, link: Link) -> Position | None:
        """Take or keep the right; see :meth:`starmodel.core.ports.SharedPersistenceBackend.lease`."""
        found = await link.run(script("lease"), task, holder, max(0, round(seconds * 1000)))
        return None if found is None else Position(found[0].decode(), int(found[1]))

    async def advance(self, task: str, holder: str, position: Position, link: Link) -> bool:
        """Note how far the holder is."""
        return bool(await link.run(script("advance"), task, holder, position.number))
