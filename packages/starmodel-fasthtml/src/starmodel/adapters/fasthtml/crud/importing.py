"""The records of a file as commands: each makes an entity, or changes the one that is known by its key."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from collections import ChainMap
from collections.abc import AsyncIterator, Iterator, MutableMapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starmodel.app import may_read, refusal_of
from starmodel.app.comparands import NOT_GIVEN, from_text
from starmodel.app.short_forms import tested
from starmodel.core.commands import Command
from starmodel.core.entity import valid_id
from starmodel.core.errors import InvalidError, Problem, QueryError, RefusedError, StarModelError
from starmodel.core.ports import RehearsingPersistenceBackend
from starmodel.core.query import Query

from .batches import Row, row_id
from .mapping import Mapped, fields_for, unique_fields
from .referring import Meant
from .tables import Dialect, Line, lines_of
from .words import later

if TYPE_CHECKING:
    from starmodel.app import Application
    from starmodel.core.actors import Actor
    from starmodel.core.entity import Entity

    from .shape import Shape
    from .site import Site

__all__ = ["Checked", "Plan", "checked", "import_rows", "reading"]

_STRETCH = 500
_TOLD = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file is imported.

    *token* leads to it, *fields* are those of its columns, *key* is the field by which an entity is known, ``""`` to
    make a new one of each record; *whole* wants all of them or none.
    """

    token: str
    encoding: str
    delimiter: str
    fields: tuple[str, ...]
    key: str = ""
    whole: bool = False

    def to_json(self) -> str:
        """Return the plan as text, to be gone on with later."""
        return json.dumps({"import": asdict(self)})

    @classmethod
    def from_json(cls, text: str) -> Plan | None:
        """Return the plan that :meth:`to_json` wrote; ``None`` for any other text."""
        data = json.loads(text or "{}").get("import")
        return None if data is None else cls(**{**data, "fields": tuple(data["fields"])})


def reading(shape: Shape, path: Path, plan: Plan) -> tuple[Mapped, Iterator[Line]]:
    """Return how the columns of a file are mapped, and its records without the first line."""
    lines = lines_of(path, Dialect(plan.encoding, plan.delimiter))
    first = next(lines, Line(1, []))
    return Mapped(shape, first.cells, plan.fields), lines


@dataclass(slots=True)
class _Maker:
    """Makes commands of records; one that makes an entity has an id that follows from the batch and the record.

    Without a *batch* they are for a trial, after which none is stored.
    """

    site: Site
    shape: Shape
    plan: Plan
    mapped: Mapped
    actor: Actor
    batch: str = ""

    async def commands(self, lines: Iterator[Line]) -> AsyncIterator[tuple[int, Line, Command | InvalidError]]:
        """Yield the command of every record, or what is wrong with the record."""
        number, made = 0, dict[Any, str]()
        references = [one for name, one in fields_for(self.shape).items() if one.target and name in self.mapped.fields]
        meant = Meant(self.site, references, self.actor)
        while stretch := await asyncio.to_thread(_taken, lines):
            read = [(line, await self._values(line, meant)) for line in stretch]
            stored = await self._known([values for _, values in read if isinstance(values, dict)])
            new = {} if self.batch else made
            known = ChainMap(new, made, stored)
            for line, values in read:
                yield number, line, self._command(number, values, known) if isinstance(values, dict) else values
                number += 1
            made = new  # what follows may be asked for before the last of them is stored

    async def _values(self, line: Line, meant: Meant) -> dict[str, Any] | InvalidError:
        try:
            return await meant.filled(self.mapped.values(line))
        except InvalidError as error:
            return error

    def _command(self, number: int, values: dict[str, Any], known: MutableMapping[Any, str]) -> Command:
        args = {name: value for name, value in values.items() if name != "id"}
        id, name = row_id(self.batch, number), self.shape.name
        key = self._key(values)
        if key is not None and key in known:
            return Command(entity=name, event="update", entity_id=known[key], args=args, id=id)
        new = str(values.get("id") or "") or hashlib.blake2b(id.encode(), digest_size=16).hexdigest()
        if key is not None:
            known[key] = new  # the next record of this key changes the one that this one makes
        return Command(entity=name, event="create", entity_id=new, args=args, id=id)

    def _key(self, values: dict[str, Any]) -> Any:
        """Return what a record is known by, as its field holds it; ``None`` for nothing."""
        text = values.get(self.plan.key) if self.plan.key else None
        if not isinstance(text, str) or not text:
            return None
        try:
            value = from_text(tested(self.shape.kind, f"{self.plan.key}.eq", ()), text, self.site.runtime.app.codec)
        except (InvalidError, QueryError):
            return None  # what does not fit is told when the command is bound
        return None if value is NOT_GIVEN else value

    async def _known(self, rows: Sequence[dict[str, Any]]) -> dict[Any, str]:
        """Return the ids of the entities that there are already, by the key: as far as they may be seen."""
        wanted = {key for values in rows if (key := self._key(values)) is not None}
        if not wanted:
            return {}
        kind, key = self.shape.kind, self.plan.key
        query = Query(where={key: {"in": list(wanted)}}, limit=len(wanted))
        app = self.site.runtime.app
        entities = [stored.entity for stored in (await app.persistence.query(kind, query)).items]
        return {getattr(one, key): one.id for one in entities if may_read(app, self.actor, one)}


def _taken(lines: Iterator[Line]) -> list[Line]:
    return list(itertools.islice(lines, _STRETCH))


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

    def has_all(self, error: InvalidError, command: Command) -> bool:
        """Tell whether nothing but references to what they would have made is wrong with *command*."""
        return all(one.code == "reference" and command.args.get(str(one.loc[0])) in self.made for one in error.problems)

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
    maker, found, application = _Maker(site, shape, plan, mapped, actor), Checked(), site.runtime.app
    keeps_rules = isinstance(application.persistence.for_class(shape.kind), RehearsingPersistenceBackend)
    before = _Before(unique_fields(shape) if keeps_rules else ())
    async for number, line, command in maker.commands(lines):
        if most is not None and number >= most:
            found.is_whole = False
            break
        found.seen += 1
        await _check_one(application, actor, (line, command, mapped), found, before)
        await asyncio.sleep(0)
    return found


async def _check_one(
    application: Application,
    actor: Actor,
    row: tuple[Line, Command | InvalidError, Mapped],
    found: Checked,
    before: _Before,
) -> None:
    line, command, mapped = row
    if isinstance(command, InvalidError):
        found.refuse(line, mapped, command)
        return
    try:
        if command.entity_id in before.made:  # by a record before it, of which nothing is stored
            application.catalog.handler(command.entity, "update").bind(command.args, text=True)
            found.updated += 1
            return
        await _refuse_taken(application, mapped, command)
        has_changes = await _would_change(application, actor, command, before)
    except StarModelError as error:
        found.refuse(line, mapped, error)
        return
    if command.event == "create":
        found.created += 1
        before.made.add(str(command.entity_id))
    else:
        found.updated, found.unchanged = found.updated + has_changes, found.unchanged + (not has_changes)


async def _would_change(application: Application, actor: Actor, command: Command, before: _Before) -> bool:
    try:
        preview = await application.preview(command, actor=actor, text=True)
    except InvalidError as error:
        if before.has_all(error, command):
            return True
        raise
    if preview.entity is not None:
        before.take(preview.entity)
    return bool(preview.changes)


async def _refuse_taken(application: Application, mapped: Mapped, command: Command) -> None:
    """Raise InvalidError where a new entity has an id that there is already: only storing it would tell."""
    kind, id = mapped.shape.kind, str(command.entity_id)
    if command.event != "create" or "id" not in mapped.fields or not valid_id(id):
        return
    if await application.persistence.for_class(kind).get(kind, id) is not None:
        text = later("is taken already; find what there is by id to change it")
        raise InvalidError([Problem(("id",), text, "taken")])


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
    async for number, line, command in _Maker(site, shape, plan, mapped, actor, batch).commands(lines):
        if isinstance(command, InvalidError):
            yield Row(number, str(line.number), None, str(command))
        else:
            yield Row(number, str(line.number), command, is_text=True)
