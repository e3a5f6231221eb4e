"""The records of a file as commands: each makes an entity, or changes the one that is known by its key."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from collections import ChainMap
from collections.abc import AsyncIterator, Iterator, Mapping, MutableMapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from starmodel.app import may_read
from starmodel.app.comparands import NOT_GIVEN, from_text
from starmodel.app.short_forms import tested
from starmodel.core.commands import Command
from starmodel.core.errors import InvalidError, Problem, QueryError
from starmodel.core.query import Query

from .batches import row_id
from .mapping import Mapped, fields_for
from .referring import Meant
from .tables import Dialect, Line, lines_of

if TYPE_CHECKING:
    from starmodel.app import Application
    from starmodel.core.actors import Actor

    from .shape import Shape
    from .site import Site

__all__ = ["Maker", "Plan", "Record", "misfits", "reading"]

_STRETCH = 500


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


class Record(NamedTuple):
    """A record of a file, the command that its *values* make, and what is wrong with those that it leaves out.

    One that cannot be read has neither.
    """

    number: int
    line: Line
    values: Mapping[str, Any] | None
    problems: Sequence[Problem]
    command: Command | None = None


@dataclass(slots=True)
class Maker:
    """Makes commands of records; one that makes an entity has an id that follows from the batch and the record.

    Without a *batch* they are for a trial, after which none is stored.
    """

    site: Site
    shape: Shape
    plan: Plan
    mapped: Mapped
    actor: Actor
    batch: str = ""
    meant: Meant = field(init=False)

    def __post_init__(self) -> None:
        named = [one for name, one in fields_for(self.shape).items() if one.target and name in self.mapped.fields]
        self.meant = Meant(self.site, named, self.actor)

    async def records(self, lines: Iterator[Line]) -> AsyncIterator[Record]:
        """Yield every record with its command, or with what is wrong with it."""
        number, made = 0, dict[Any, str]()
        while stretch := await asyncio.to_thread(_taken, lines):
            read = [await self._read(number + place, line) for place, line in enumerate(stretch)]
            number += len(stretch)
            stored = await self._known([one.values for one in read if one.values is not None])
            new = {} if self.batch else made
            known = ChainMap(new, made, stored)
            for one in read:
                yield one if one.values is None else self._with_command(one, one.values, known)
            made = new  # what follows may be asked for before the last of them is stored

    async def _read(self, number: int, line: Line) -> Record:
        try:
            values, unread = self.mapped.values(line)
        except InvalidError as error:
            return Record(number, line, None, error.problems)
        values, unclear = await self.meant.filled(values)
        return Record(number, line, values, [*unread, *unclear])

    def _with_command(self, record: Record, values: Mapping[str, Any], known: MutableMapping[Any, str]) -> Record:
        key, id = self._key(values), row_id(self.batch, record.number)
        args = {name: value for name, value in values.items() if name != "id"}
        there = None if key is None else known.get(key)
        new = str(values.get("id") or "") or hashlib.blake2b(id.encode(), digest_size=16).hexdigest()
        event = "create" if there is None else "update"
        command = Command(entity=self.shape.name, event=event, entity_id=there or new, args=args, id=id)
        if record.problems:
            others = misfits(self.site.runtime.app, command, {one.loc[0] for one in record.problems})
            return record._replace(command=command, problems=[*record.problems, *others])
        if key is not None:
            known.setdefault(key, new)  # the next record of this key changes the one that this one makes
        return record._replace(command=command)

    def _key(self, values: Mapping[str, Any]) -> Any:
        """Return what a record is known by, as its field holds it; ``None`` for nothing."""
        text = values.get(self.plan.key) if self.plan.key else None
        if not isinstance(text, str) or not text:
            return None
        try:
            value = from_text(tested(self.shape.kind, f"{self.plan.key}.eq", ()), text, self.site.runtime.app.codec)
        except (InvalidError, QueryError):
            return None  # what does not fit is told when the command is bound
        return None if value is NOT_GIVEN else value

    async def _known(self, rows: Sequence[Mapping[str, Any]]) -> dict[Any, str]:
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


def misfits(application: Application, command: Command, known: AbstractSet[str | int]) -> list[Problem]:
    """Return what does not fit of the arguments of *command*, but of those that are *known* not to."""
    try:
        application.catalog.handler(command.entity, command.event).bind(command.args, text=True)
    except InvalidError as error:
        return [one for one in error.problems if known.isdisjoint(one.loc[:1])]
    return []
