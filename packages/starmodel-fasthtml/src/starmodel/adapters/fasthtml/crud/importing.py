"""A file is tried record by record, without storing anything, or becomes the rows of a batch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starmodel.app import refusal_of
from starmodel.core.commands import Command
from starmodel.core.entity import valid_id
from starmodel.core.errors import InvalidError, Problem, RefusedError, StarModelError
from starmodel.core.ports import RehearsingPersistenceBackend
from starmodel.core.rules import missing

from .batches import Row
from .mapping import Mapped, unique_fields
from .records import Maker, misfits, reading
from .words import later

if TYPE_CHECKING:
    from starmodel.app import Application
    from starmodel.core.actors import Actor
    from starmodel.core.entity import Entity

    from .records import Plan, Record
    from .shape import Shape
    from .site import Site
    from .tables import Line

__all__ = ["Checked", "checked", "import_rows"]

_TOLD = 100
_OF_STORES = ("reference", "unique")


@dataclass(slots=True)
class Checked:
    """What would become of a file: *problems* are told by line and column, the first hundred of *wrong*."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    wrong: int = 0
    seen: int = 0
    is_whole: bool = True
    problems: list[tuple[int, str, Problem]] = field(default_factory=list[tuple[int, str, Problem]])

    @property
    def is_told(self) -> bool:
        """Whether no more problems are told."""
        return len(self.problems) >= _TOLD

    def refuse(self, line: Line, mapped: Mapped, error: StarModelError) -> None:
        """Note what is wrong with a record."""
        self.wrong += 1
        told: Sequence[Problem] = error.problems if isinstance(error, InvalidError) else ()
        found = [(line.number, mapped.column_of(one), one) for one in told]
        found = found or [(line.number, "", Problem((), refusal_of(error, "").detail))]
        self.problems += found[: _TOLD - len(self.problems)]


@dataclass(slots=True)
class _Before:
    """What the records before one would have made, of which nothing is stored: ids, and *unique* values of fields."""

    unique: Sequence[str]
    made: set[str] = field(default_factory=set[str])
    taken: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    def take(self, entity: Entity) -> None:
        """Take the unique values of *entity*; InvalidError where another record has one of them."""
        held = [(name, repr(value)) for name in self.unique if (value := getattr(entity, name)) is not None]
        taken = [key[0] for key in held if self.taken.setdefault(key, entity.id) != entity.id]
        if taken:
            text = later("is taken already, by a record before this one; choose another")
            raise InvalidError([Problem((name,), text, "unique") for name in taken])


async def checked(
    site: Site, shape: Shape, path: Path, plan: Plan, actor: Actor, *, most: int | None = None
) -> Checked:
    """Try every record, or the first *most*, without storing anything."""
    mapped, lines = reading(shape, path, plan)
    keeps_rules = isinstance(site.runtime.app.persistence.for_class(shape.kind), RehearsingPersistenceBackend)
    before = _Before(unique_fields(shape) if keeps_rules else ())
    trial = _Trial(Maker(site, shape, plan, mapped, actor), site.runtime.app, before)
    async for record in trial.maker.records(lines):
        if most is not None and record.number >= most:
            trial.found.is_whole = False
            break
        trial.found.seen += 1
        await trial.check(record)
        await asyncio.sleep(0)
    return trial.found


@dataclass(slots=True)
class _Trial:
    """Tries the records of a file, one after the other."""

    maker: Maker
    app: Application
    before: _Before
    found: Checked = field(default_factory=Checked)

    async def check(self, record: Record) -> None:
        """Note what would become of a record."""
        command = record.command
        if command is None or record.problems:
            await self._refuse(record, record.problems)
            return
        try:
            has_changes = await self._would_change(command)
        except InvalidError as error:
            await self._refuse(record, error.problems)
        except StarModelError as error:
            self.found.refuse(record.line, self.maker.mapped, error)
        else:
            self._note(command, has_changes=has_changes)

    async def _refuse(self, record: Record, known: Sequence[Problem]) -> None:
        """Note what is *known* to be wrong with a record, and all else that is wrong with it."""
        problems, command = [*known], record.command
        while command is not None and not self.found.is_told and (more := await self._more(command, problems)):
            problems += more
        self.found.refuse(record.line, self.maker.mapped, InvalidError(problems))

    def _note(self, command: Command, *, has_changes: bool) -> None:
        if command.event == "create" and command.entity_id not in self.before.made:
            self.found.created += 1
            self.before.made.add(str(command.entity_id))
        elif has_changes:
            self.found.updated += 1
        else:
            self.found.unchanged += 1

    async def _would_change(self, command: Command) -> bool:
        if command.entity_id in self.before.made:  # by a record before it, of which nothing is stored
            self.app.catalog.handler(command.entity, "update").bind(command.args, text=True)
            return True
        await self._refuse_taken(command)
        try:
            preview = await self.app.preview(command, actor=self.maker.actor, text=True)
        except InvalidError as error:
            if all(self._is_made_before(one, command) for one in error.problems):
                return True
            raise
        if preview.entity is not None:
            self.before.take(preview.entity)
        return bool(preview.changes)

    async def _refuse_taken(self, command: Command) -> None:
        """Raise InvalidError where a new entity has an id that there is already: only storing it would tell."""
        mapped, id = self.maker.mapped, str(command.entity_id)
        kind = mapped.shape.kind
        if command.event != "create" or "id" not in mapped.fields or not valid_id(id):
            return
        if await self.app.persistence.for_class(kind).get(kind, id) is not None:
            text = later("is taken already; find what there is by id to change it")
            raise InvalidError([Problem(("id",), text, "taken"), *misfits(self.app, command, {"id"})])

    async def _more(self, command: Command, problems: Sequence[Problem]) -> Sequence[Problem]:
        """Return what is wrong with a record besides, as it comes to light where what is known to be wrong is left out.

        A new entity may need just that.  Then it is looked at only whether there is what it refers to: in another
        class, for one of its own may be made by another record.
        """
        wrong = {one.loc[0] for one in problems if one.loc}
        rest = {name: value for name, value in command.args.items() if name not in wrong}
        try:
            await self.app.preview(replace(command, args=rest), actor=self.maker.actor, text=True)
        except InvalidError as error:
            more = [one for one in error.problems if one.code in _OF_STORES and wrong.isdisjoint(one.loc[:1])]
            return [one for one in more if not self._is_made_before(one, command)] or self._strangers(command, rest)
        except StarModelError:
            pass
        return ()

    def _strangers(self, command: Command, rest: Mapping[str, Any]) -> Sequence[Problem]:
        if command.event != "create":
            return ()
        meant, kind = self.maker.meant, self.maker.shape.kind
        names = [one.name for one in meant.fields if one.target is not kind]
        return missing([name for name in names if meant.unknown(name, rest.get(name))]).problems

    def _is_made_before(self, problem: Problem, command: Command) -> bool:
        """Tell whether nothing is wrong but a reference to what the records before would have made."""
        name = str(problem.loc[0]) if problem.loc else ""
        unknown = self.maker.meant.unknown(name, command.args.get(name))
        return problem.code == "reference" and bool(unknown) and unknown <= self.before.made


async def import_rows(site: Site, shape: Shape, path: Path, plan: Plan, actor: Actor, batch: str) -> AsyncIterator[Row]:
    """Yield the command of every record; where all or none are wanted and some would fail, only those, as refused."""
    if plan.whole:
        tried = await checked(site, shape, path, plan, actor)
        for number, (place, column, one) in enumerate(tried.problems):
            yield Row(number, str(place), None, f"{column}: {one.message}" if column else one.message)
        if tried.wrong:
            raise RefusedError(
                f"{tried.wrong} of {tried.seen} records do not fit, and all or none were wanted: nothing was imported"
            )
    mapped, lines = reading(shape, path, plan)
    async for number, line, _, problems, command in Maker(site, shape, plan, mapped, actor, batch).records(lines):
        if problems:
            yield Row(number, str(line.number), None, str(InvalidError(problems)))
        else:
            yield Row(number, str(line.number), command, is_text=True)
