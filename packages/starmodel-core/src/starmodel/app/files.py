"""The files of one application: taken in, named by references until a command stores them, given out, swept away.

What comes in is looked at in ``receiving``, which asks ``sniffing`` what its first bytes say.  ``uploading`` and
``downloads`` are what every door over HTTP does with a file, on its way in and out.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import secrets
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from starmodel.core.errors import InvalidError, NotFoundError, Problem, StarModelError, StoreError
from starmodel.core.files import File, file_fields

from .ending import ended
from .receiving import received
from .registry import Registry
from .signing import Signer

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Mapping

    from starmodel.core.actors import Actor
    from starmodel.core.changes import Changeset
    from starmodel.core.commands import Command
    from starmodel.core.file_store import FileStore
    from starmodel.core.files import Accept
    from starmodel.core.ports import Clock

    from .catalog import Catalog, Handler

__all__ = ["Claims", "Files"]

logger = logging.getLogger("starmodel.files")

GROUP = "starmodel.files"

_LASTS = 60 * 60
_EVERY = 10 * 60
_LATER = 5 * 60
_PURPOSE = "file"

_NOT_YOURS = "is not a file that you have sent; choose it again"
_LATE = "was sent more than an hour ago and has gone meanwhile; choose it again"
_GONE = "is not there any more; choose it again"
_NO_REFERENCE = "must be the reference that the address for its upload answers, or left out to stay as it is"


class Files:
    """What every door does with files.

    A file is sent first, and a *reference* to it comes back: it is signed, for this one actor, and good for an hour.
    A command names the file by it; from then on the store keeps the file.  What nobody stored is swept away.
    """

    def __init__(self, store: FileStore | str, *, clock: Clock, secret: str | None = None) -> None:
        self._named = store
        self._clock = clock
        self._signer = Signer(secret or secrets.token_urlsafe(32))
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def store(self) -> FileStore:
        """What keeps the files; AdapterNotFoundError when no package offers it."""
        if isinstance(self._named, str):
            self._named = Registry[Any](GROUP).get(self._named)()
        store: FileStore = self._named  # type: ignore[assignment]  # it was made just now
        return store

    async def open(self, catalog: Catalog) -> None:
        """Begin to sweep, where there is anything that files belong to."""
        if any(map(catalog.takes_files, catalog)):
            self._sweeper = asyncio.create_task(self._sweep_for_ever(), name="starmodel files")

    async def close(self) -> None:
        """Stop sweeping."""
        task, self._sweeper = self._sweeper, None
        if task is not None:
            await ended(task)

    async def sweep(self) -> int:
        """Delete the files that were sent and never stored; return how many."""
        return await self.store.sweep(seconds=_LASTS + _LATER)

    async def _sweep_for_ever(self) -> None:
        while True:
            try:
                count = await self.sweep()
            except Exception:
                logger.exception("files that nobody stored could not be swept away; trying again in a while")
            else:
                if count:
                    logger.info("swept away %d files that nobody stored", count)
            await asyncio.sleep(_EVERY)

    # -- in --------------------------------------------------------------------------------------------------------

    async def receive(self, chunks: AsyncIterable[bytes], accept: Accept, *, name: str, media: str) -> File:
        """Keep a file until a command stores it; FileRefusedError when *accept* does not take it.

        It is called *name* and says that it is of the *media* type: neither is believed.
        """
        return await received(self.store, chunks, accept, name, media)

    def reference(self, file: File, actor: Actor) -> str:
        """Return what *actor* names a file by that waits."""
        until = int(self._clock.now().timestamp()) + _LASTS
        text = json.dumps([*asdict(file).values(), until], ensure_ascii=False, separators=(",", ":"))
        return self._signer.sign(self._purpose(actor), base64.urlsafe_b64encode(text.encode()).decode())

    def named(self, reference: str, actor: Actor) -> tuple[File, bool] | None:
        """Return the file that *actor* names, and whether it still waits; ``None`` for no reference of theirs."""
        text = self._signer.check(self._purpose(actor), reference)
        if text is None:
            return None
        *known, until = json.loads(base64.urlsafe_b64decode(text))
        return File(*known), self._clock.now().timestamp() < until

    @staticmethod
    def _purpose(actor: Actor) -> str:
        return f"{_PURPOSE} {actor.id}"

    def claim(self, handler: Handler, command: Command, actor: Actor) -> tuple[Command, Claims]:
        """Return *command* with files in place of the references in it, and what is wrong with them."""
        claims = Claims()
        if not handler.files:
            return command, claims
        return replace(command, args=self._with_files(handler, command.args, actor, claims)), claims

    def _with_files(
        self, handler: Handler, given: Mapping[str, Any], actor: Actor, claims: Claims
    ) -> Mapping[str, Any]:
        args = dict(given)
        for name in handler.files.keys() & args.keys():
            args[name] = self._claimed(name, args[name], handler.files[name], actor, claims)
        return args

    def claimed(self, handler: Handler, args: Mapping[str, Any], actor: Actor) -> Mapping[str, Any]:
        """Return the arguments of an event with files in place of the references in them, as a trial run wants them."""
        return self._with_files(handler, args, actor, Claims())

    def _claimed(self, name: str, value: Any, accept: Accept, actor: Actor, claims: Claims) -> Any:
        if value is None or value == "":
            return value
        if not isinstance(value, str):
            if not actor.trusted:
                claims.refuse(name, _NO_REFERENCE)
            return value
        found = self.named(value, actor)
        if found is None:
            claims.refuse(name, _NOT_YOURS)
            return value
        file, waits = found
        problem = accept.problem_with(file) if waits else _LATE
        if problem:
            claims.refuse(name, problem)
        return asdict(file)

    async def keep(self, changeset: Changeset, kept: set[str]) -> None:
        """Let the files that *changeset* stores wait no longer; InvalidError when its command names one that is gone.

        *kept* has the keys of those that have waited until a command was run, here or before.
        What undo brings back may have been deleted for good meanwhile, and is brought back as it was all the same.
        """
        for write in changeset.writes:
            if write.after is None:
                continue
            for name in file_fields(write.kind):
                file = getattr(write.after, name)
                if file is not None and (write.before is None or getattr(write.before, name) != file):
                    await self._keep(name, file, changeset.command, kept)

    async def _keep(self, name: str, file: File, command: Command, kept: set[str]) -> None:
        try:
            if file.key not in kept and await self.store.keep(file.key):
                kept.add(file.key)
        except NotFoundError:
            if asdict(file) in command.args.values():
                raise InvalidError([Problem((name,), _GONE, "file")]) from None

    async def let_go(self, kept: set[str]) -> None:
        """Let the files of a command wait again that was refused: none of them is stored by it."""
        while kept:
            key = kept.pop()
            try:
                await self.store.let_go(key)
            except StoreError:
                logger.exception("a file that was kept for a command that was refused takes room for nothing")


@dataclass(slots=True)
class Claims:
    """What is wrong with the files that a command names: told only when it was not done before."""

    problems: Mapping[str, Problem] | None = None

    def refuse(self, name: str, why: str) -> None:
        """Note what is wrong with the argument *name*."""
        self.problems = {**(self.problems or {}), name: Problem((name,), why, "file")}

    def bound(self, handler: Handler, args: Mapping[str, Any], *, text: bool) -> dict[str, Any]:
        """Return the arguments as typed values; InvalidError for what is wrong with files and with all others."""
        if not self.problems:
            return handler.bind(args, text=text)
        others: tuple[Problem, ...] = ()
        try:
            handler.bind({name: value for name, value in args.items() if name not in self.problems}, text=text)
        except InvalidError as error:
            others = tuple(one for one in error.problems if not one.loc or one.loc[0] not in self.problems)
        except StarModelError:
            pass
        raise InvalidError([*self.problems.values(), *others])
