"""Yes and no are no numbers: what pydantic reads as 1 and 0, as Python itself does, is a mistake of who sent it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta
from enum import Enum
from types import NoneType
from typing import Any, TypeAlias

from starmodel.core.errors import InvalidError, Problem
from starmodel.core.wording import worded

__all__ = ["refuse_truths_as_numbers"]

_Loc: TypeAlias = tuple[str | int, ...]

_NEITHER = frozenset({str, int, float, NoneType})
_CODES = {int: "int_type", float: "float_type", timedelta: "time_delta_type"}


def refuse_truths_as_numbers(sent: Mapping[str, Any], read: Mapping[str, Any]) -> None:
    """Raise InvalidError for each ``True`` or ``False`` in *sent* of which *read*, made of it, has a number."""
    if _NEITHER.issuperset(map(type, sent.values())):
        return  # as nearly all are
    problems = [one for name in read.keys() & sent.keys() for one in _problems(sent[name], read[name], (name,))]
    if problems:
        raise InvalidError(problems)


def _problems(sent: Any, read: Any, loc: _Loc) -> Iterator[Problem]:
    if isinstance(sent, bool):
        if not _is_kept(read):
            yield _problem(read, loc)
    elif isinstance(sent, Mapping | list | tuple):
        for key, part, made in _parts(sent, read):
            yield from _problems(part, made, (*loc, key))


def _is_kept(read: Any) -> bool:
    value = read.value if isinstance(read, Enum) else read
    return isinstance(value, bool) or not isinstance(value, int | float | complex | timedelta)


def _problem(read: Any, loc: _Loc) -> Problem:
    if isinstance(read, Enum):
        offered = ", ".join(repr(choice.value) for choice in type(read))
        return worded(loc, "enum", {"expected": offered}, "")
    return worded(loc, _CODES.get(type(read), "float_type"), {}, "")


def _parts(sent: Any, read: Any) -> Iterator[tuple[str | int, Any, Any]]:
    """Yield the key of each part that was *sent*, the part, and what was *read* of it."""
    if not isinstance(sent, Mapping):
        if isinstance(read, AbstractSet):  # which has no order, and holds 1 and True as one
            yield from ((key, part, next((one for one in read if one == part), part)) for key, part in enumerate(sent))
        elif isinstance(read, list | tuple):
            yield from ((key, part, made) for key, (part, made) in enumerate(zip(sent, read, strict=False)))
    elif isinstance(read, Mapping):  # whose keys may have become numbers, in the same order
        yield from ((str(key), part, made) for (key, part), made in zip(sent.items(), read.values(), strict=False))
    else:
        yield from ((str(key), part, getattr(read, str(key), None)) for key, part in sent.items())
