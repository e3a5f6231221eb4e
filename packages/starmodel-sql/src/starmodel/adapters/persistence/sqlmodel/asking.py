"""From the keyword arguments of ``BlogPost.filter(...)`` to the conditions that every store understands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import NoneType
from typing import TYPE_CHECKING, Any, Protocol

from starmodel.core.annotations import may_hold_several, members_of
from starmodel.core.conditions import only_type
from starmodel.core.entity import Entity, FieldInfo, fields_of
from starmodel.core.errors import QueryError, hint
from starmodel.core.visibility import Visibility

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Asked", "conditions", "containing", "in_order", "names_shown", "whole_number"]

_RANGED = (int, float, Decimal, date, datetime, time, timedelta, NoneType)


class Asked(Protocol):
    """A request whose address holds a query, as Starlette's does."""

    @property
    def query_params(self) -> Mapping[str, str]:
        """The query by name."""


def conditions(kind: type[Entity], tests: Mapping[str, Any], *, exact: bool) -> dict[str, Any]:
    """Return where each field is as its test says.

    ``None``: empty.  A pair, for a number or a time: from the one to the other, ``None`` for an open end.  A list:
    one of these.  Not *exact*, text: contained in the field, whatever the case.  A dict is taken as it is.  A name may
    lead through a reference, as in ``author_id.name``.
    """
    infos = fields_of(kind)
    for name in tests:
        if name.partition(".")[0] not in infos:
            raise QueryError(f"{kind.__name__} has no field {name!r} to query by; {hint(name, infos)}")
    annotations = {name: infos[name].annotation if name in infos else Any for name in tests}
    return {name: _condition(annotations[name], test, exact=exact) for name, test in tests.items()}


def _condition(annotation: Any, test: Any, *, exact: bool) -> Any:
    if test is None:
        return {"isnull": True}
    if isinstance(test, tuple) and len(test) == 2 and _is_ranged(annotation):
        return {op: end for op, end in zip(("ge", "le"), test, strict=True) if end is not None}
    if isinstance(test, list | tuple | set | frozenset) and not may_hold_several(annotation):
        return {"in": list(test)}
    if isinstance(test, str) and not exact:
        return {"contains": test}
    return test if isinstance(test, Mapping) else {"eq": test}


def _is_ranged(annotation: Any) -> bool:
    return all(isinstance(member, type) and issubclass(member, _RANGED) for member in members_of(annotation))


def containing(kind: type[Entity], text: str) -> dict[str, Any]:
    """Return where any field of text that everybody may see contains *text*, whatever the case."""
    names = [info.name for info in _public(kind) if only_type(info.annotation) is str and info.name != "id"]
    return {"or": [{name: {"contains": text}} for name in names]} if text else {}


def _public(kind: type[Entity]) -> list[FieldInfo]:
    return [info for info in fields_of(kind).values() if info.visibility is Visibility.PUBLIC]


def in_order(field: str | None, direction: str) -> tuple[str, ...]:
    """Return the order by *field*, ``"asc"`` or ``"desc"``."""
    if direction not in ("asc", "desc"):
        raise QueryError(f"sort_direction={direction!r} must be 'asc' or 'desc'")
    return () if not field else (f"-{field}" if direction == "desc" else field,)


def names_shown(kind: type[Entity], fields: Sequence[str] | None) -> list[str]:
    """Return *fields*, or those that everybody may see; QueryError for one that there is not."""
    infos = fields_of(kind)
    for name in fields or ():
        if name not in infos:
            raise QueryError(f"{kind.__name__} has no field {name!r} to show; {hint(name, infos)}")
    return list(fields) if fields else [info.name for info in _public(kind)]


def whole_number(request: Asked, name: str, default: int) -> int:
    """Return what the query of *request* says as *name*, from 1 on; QueryError for anything else."""
    text = request.query_params.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and 0 < int(text[:12]) < 10**9):
        raise QueryError(f"{name}={text[:40]!r} must be a whole number from 1")
    return int(text)
