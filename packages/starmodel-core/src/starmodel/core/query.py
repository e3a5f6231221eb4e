"""One grammar of queries for pages, REST, CLI and policies, and how to answer it in memory.

``where`` is data, so that it can come from a URL or be kept as a saved view::

    {"done": False}                                     equal
    {"price": {"ge": 10, "lt": 20}}                     several tests of one field: all must hold
    {"or": [{"owner": "ada"}, {"tags": {"contains": "public"}}]}
    {"not": {"title": {"startswith": "draft"}}}
    {"owner_id.name": "Ada"}                            through a field that is a Reference, also more than one

A test through a reference is false when there is nobody at its end.

``order`` is a tuple of field names, ``"-name"`` for descending; ties are always broken by ``id``.
Fields are looked up in the entity's own list and nowhere else: a key from outside is never expanded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .conditions import only_type
from .entity import Entity, fields_of
from .errors import QueryError
from .fitting import Names, fitted, refuse_parts
from .operators import OPERATORS, passes
from .ordering import Place, cursor_at, place_of, places_at
from .relations import Finder, references_in, target_of
from .swift import swift
from .visibility import Visibility

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "MAX_LIMIT",
    "OPERATORS",
    "Page",
    "Query",
    "Stored",
    "directions",
    "is_found",
    "matches",
    "order_key",
    "refuse_parts",
    "select",
    "text_fields",
]

E_co = TypeVar("E_co", bound=Entity, covariant=True)

MAX_LIMIT = 1000
_MAX_WORDS = 16


@swift
@dataclass(frozen=True, slots=True)
class Stored(Generic[E_co]):
    """A snapshot together with the version its store gave it.

    A version is a whole number that grows by one with each change, and is never given twice to entities of one id,
    not even when one is deleted and made again: see :func:`starmodel.core.changes.sealed`.
    """

    entity: E_co
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """Which entities of a class, in which order, how many (at most 1,000), after which cursor."""

    where: Mapping[str, Any] = field(default_factory=dict[str, Any])
    order: tuple[str, ...] = ()
    limit: int = 100
    after: str | None = None
    search: str = ""
    """Words that must all occur, each in any of the :func:`text_fields`, in upper or lower case."""

    def checked(self, kind: type[Entity], *, public_only: bool = False, follow: bool | None = None) -> Query:
        """Return this query, or raise QueryError that says which part does not fit *kind*.

        Values are read as their fields hold them: ``"2"`` for a number, ``"food"`` for an enum.
        With *public_only*, as for a query from outside, fields that are not public are unknown, so that
        nobody can find out a secret by filtering on it; and no reference is followed, since whoever asks might not
        be allowed to read what is at its end.  With *follow* references are followed all the same: the caller then
        shows no row that somebody else's end has decided about, see :func:`starmodel.app.reading.permitted`.
        """
        if type(self.limit) is not int or not 1 <= self.limit <= MAX_LIMIT:
            raise QueryError(f"limit={self.limit!r} must be a whole number from 1 to {MAX_LIMIT}")
        names = Names(kind, follow=not public_only if follow is None else follow, public_only=public_only)
        if isinstance(self.order, str):
            raise QueryError(f"order takes a list of field names, not {self.order!r}")
        for name in self.order:
            names.known(str(name).removeprefix("-"))
        where = fitted(self.where, names)
        _check_search(kind, self.search)
        if self.after is not None:
            places_at(self.after, len(directions(self)))
        is_as_it_was = not where and type(self.order) is tuple
        return self if is_as_it_was else replace(self, where=where, order=tuple(self.order))


@dataclass(frozen=True, slots=True)
class Page(Generic[E_co]):
    """One page of an answer; *next* is the cursor of the page after it, ``None`` on the last."""

    items: tuple[Stored[E_co], ...]
    next: str | None = None


def _check_search(kind: type[Entity], search: Any) -> None:
    if not isinstance(search, str):
        raise QueryError(f"search takes words, not {search!r}")
    if len(search.split()) > _MAX_WORDS:
        raise QueryError(f"search takes at most {_MAX_WORDS} words, not {len(search.split())}")
    if search.strip() and not text_fields(kind):
        raise QueryError(f"{kind.__name__} has no text to search: no public field is a str")


def text_fields(kind: type[Entity]) -> tuple[str, ...]:
    """Return the fields that are searched: public text, but no ids."""
    return tuple(
        name
        for name, info in fields_of(kind).items()
        if name != "id"
        and info.visibility is Visibility.PUBLIC
        and only_type(info.annotation) is str
        and not references_in(info.annotation)
    )


def matches(where: Mapping[str, Any], entity: Entity, find: Finder | None = None) -> bool:
    """Tell whether *entity* meets *where*; a comparison of values that cannot be compared is false.

    *find* is asked for the entities that others refer to; QueryError when one is needed and it is not given.
    """
    return all(_holds(key, test, entity, find) for key, test in where.items())


def _holds(key: str, test: Any, entity: Entity, find: Finder | None) -> bool:
    if key == "and":
        return all(matches(part, entity, find) for part in test)
    if key == "or":
        return any(matches(part, entity, find) for part in test)
    if key == "not":
        return not matches(test, entity, find)
    first, dot, rest = key.partition(".")
    value = getattr(entity, first)
    if dot:
        target = None if value is None else _followed(entity, first, value, find)
        return target is not None and _holds(rest, test, target, find)
    if not isinstance(test, Mapping):
        return passes("eq", value, test)
    return all(passes(op, value, other) for op, other in test.items())


def _followed(entity: Entity, name: str, id: str, find: Finder | None) -> Entity | None:
    target = target_of(type(entity), name)
    if find is None or target is None:
        raise QueryError(f"the reference {name!r} cannot be followed here: this store keeps no relations")
    return find(target, id)


def is_found(search: str, entity: Entity) -> bool:
    """Tell whether each word of *search* occurs in a text of *entity*."""
    words = search.casefold().split()
    texts = [str(getattr(entity, name) or "").casefold() for name in text_fields(type(entity))] if words else []
    return all(any(word in text for text in texts) for word in words)


def directions(query: Query) -> list[tuple[str, bool]]:
    """Return the fields that decide the order of *query*, each with whether it falls: once each, ``id`` last."""
    parts: dict[str, bool] = {}
    for name in (*query.order, "id"):
        parts.setdefault(name.removeprefix("-"), name.startswith("-"))
    deciding = list(parts).index("id") + 1
    return list(parts.items())[:deciding]


def order_key(query: Query, entity: Entity) -> tuple[Place, ...]:
    """Return the places *entity* has in the order of *query*, that of its ``id`` last."""
    return tuple([place_of(getattr(entity, name)) for name, _ in directions(query)])


def select(query: Query, candidates: Iterable[Stored[E_co]], find: Finder | None = None) -> Page[E_co]:
    """Answer *query* from *candidates* in memory: what a store without an engine of its own does."""
    found = [
        (order_key(query, stored.entity), stored)
        for stored in candidates
        if matches(query.where, stored.entity, find) and is_found(query.search, stored.entity)
    ]
    falling = [down for _, down in directions(query)]
    for number, down in reversed(list(enumerate(falling))):  # sorting is stable: the last field first
        found.sort(key=lambda pair: pair[0][number], reverse=down)
    if query.after is not None:
        start = places_at(query.after, len(falling))
        found = [pair for pair in found if _is_beyond(pair[0], start, falling)]
    page = found[: query.limit]
    more = cursor_at(page[-1][0]) if len(found) > query.limit else None
    return Page(tuple([stored for _, stored in page]), more)


def _is_beyond(places: tuple[Place, ...], start: tuple[Place, ...], falling: list[bool]) -> bool:
    for place, other, down in zip(places, start, falling, strict=True):
        if place != other:
            return (place < other) is down
    return False
