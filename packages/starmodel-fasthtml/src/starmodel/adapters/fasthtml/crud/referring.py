"""Which entity somebody means: they write its id, or what it is called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starmodel.app import permitted, readable
from starmodel.core.entity import valid_id
from starmodel.core.errors import InvalidError, NotFoundError, Problem
from starmodel.core.query import Query

from .words import later

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starmodel.core.actors import Actor
    from starmodel.core.entity import Entity

    from .fields import FieldShape
    from .site import Site

__all__ = ["Meant", "called_that", "unclear"]


async def called_that(site: Site, kind: type[Entity], text: str, actor: Actor) -> list[str]:
    """Return the ids of what *actor* may see and has *text* for its id, or for its name; two for several."""
    app = site.runtime.app
    if valid_id(text):
        try:
            return [(await readable(app, kind, text, actor=actor)).entity.id]
        except NotFoundError:
            pass
    naming = site.shape(kind).naming
    if not naming:
        return []
    page = await permitted(app, kind, Query(where={naming: text}, limit=2).checked(kind), actor=actor)
    return [stored.entity.id for stored in page.items]


def unclear(found: Sequence[str]) -> str:
    """Return what is wrong with a text by which not exactly one was *found*."""
    return later("several are called that; choose one of them" if found else "there is none that is called that")


@dataclass(slots=True)
class Meant:
    """Puts ids into records whose *fields* refer to others by name; a name that comes again is looked for once."""

    site: Site
    fields: Sequence[FieldShape]
    actor: Actor
    _known: dict[tuple[type[Entity], str], list[str]] = field(default_factory=dict[Any, Any])

    async def filled(self, values: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        """Return the values of a record with the ids, and the names by which not exactly one is found as problems."""
        ids, problems = dict[str, Any](), list[Problem]()
        for one in self.fields:
            given = values.get(one.name)
            try:
                if isinstance(given, list):
                    ids[one.name] = [await self._id(one, text) for text in given]
                elif given:
                    ids[one.name] = await self._id(one, given)
            except InvalidError as error:
                problems += error.problems
        unclear = {problem.loc[0] for problem in problems}
        return {name: value for name, value in {**values, **ids}.items() if name not in unclear}, problems

    def unknown(self, name: str, given: Any) -> set[str]:
        """Return those of the texts *given* for a field that are kept as ids, and are no id of what may be seen."""
        targets = [one.target for one in self.fields if one.name == name and one.target]
        texts = [text for text in (given if isinstance(given, list) else [given]) if isinstance(text, str)]
        return {text for target in targets for text in texts if self._known.get((target, text)) == []}

    async def _id(self, one: FieldShape, text: Any) -> Any:
        if not isinstance(text, str) or one.target is None:
            return text
        key = (one.target, text)
        if key not in self._known:
            self._known[key] = await called_that(self.site, one.target, text, self.actor)
        found = self._known[key]
        if len(found) == 1:
            return found[0]
        if not found and valid_id(text):
            return text  # a record before it may make it; if none does, the store says so
        raise InvalidError([Problem((one.name,), unclear(found), "reference")])
