"""Which part of which index answers a question, and what is left to look at in what is found there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from starmodel.core.ordering import places_at
from starmodel.core.query import Query, directions

from .places import AFTER, END, NOTHING, place_bytes, value_bytes

if TYPE_CHECKING:
    from .indexes import Index

__all__ = ["Plan", "Span", "Tests", "plans_for", "tests_of"]

Span: TypeAlias = tuple[bytes, bytes]
"""From where to where in an index, as ``ZRANGEBYLEX`` wants it."""

Tests: TypeAlias = dict[str, list[tuple[str, Any]]]
"""The tests of each field that must all hold, as operators with what to compare with."""

_MOST_SPANS: Final = 100
_IN_ORDER = (str, bytes, int, float, Decimal, date, time, timedelta)  # a datetime is a date


@dataclass(frozen=True, slots=True)
class Plan:
    """Parts of an index that hold whatever a question can find.

    With *is_whole* nothing else is in them.  Where *way* is not empty, there is one part, and it is in the order of the
    question: *way* says how the values go and how, among equal ones, the ids, each ``up`` or ``down``.  *fixed* is how
    every member of the part begins.
    """

    index: Index
    spans: tuple[Span, ...]
    is_whole: bool
    way: tuple[str, ...] = ()
    fixed: bytes = b""

    def start(self, query: Query) -> bytes:
        """Return the member that the cursor of *query* stands at; empty without one."""
        if query.after is None:
            return b""
        names = directions(query)
        places = dict(zip([name for name, _ in names], places_at(query.after, len(names)), strict=True))
        left = self.index.fields[self.fixed.count(END) :]
        values = [place_bytes(places[name]) for name in left]
        return self.fixed + END.join([*values, str(places["id"][1]).encode("utf-8", "surrogatepass")])


def tests_of(where: Mapping[str, Any]) -> tuple[Tests, bool]:
    """Return the tests of fields in *where* that must all hold, and whether that is all it says."""
    tests: Tests = {}
    is_all = True
    for key, test in _conditions(where):
        if key in ("or", "not") or "." in key:
            is_all = False
            continue
        several = test.items() if isinstance(test, Mapping) else [("eq", test)]
        tests.setdefault(key, []).extend(several)
    return tests, is_all


def _conditions(where: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, test in where.items():
        if key == "and":
            for part in test:
                yield from _conditions(part)
        else:
            yield key, test


def plans_for(query: Query, indexes: Sequence[Index]) -> list[Plan]:
    """Return how each of the *indexes* can help with *query*; those that cannot are left out."""
    tests, is_all = tests_of(query.where)
    is_all = is_all and not query.search.strip()
    plans = [_plan(query, index, tests, is_all=is_all) for index in indexes]
    return [plan for plan in plans if plan is not None]


def _plan(query: Query, index: Index, tests: Tests, *, is_all: bool) -> Plan | None:
    starts, known = [b""], 0
    covered = 0
    for name in index.fields:
        choices, used = _choices(tests.get(name, ()))
        if choices is None or len(starts) * len(choices) > _MOST_SPANS:
            break
        starts = [start + choice + END for start, choice in product(starts, choices)]
        covered += used
        known += 1
    bounds, used = _bounds(tests.get(index.fields[known], ())) if known < len(index.fields) else (None, 0)
    covered += used
    way = _way(query, index, known) if len(starts) == 1 else ()
    if not known and bounds is None and not way:
        return None
    spans = tuple([_span(start, bounds) for start in starts])
    is_whole = is_all and covered == sum(map(len, tests.values()))
    return Plan(index, spans, is_whole, way, starts[0] if way else b"")


def _choices(tests: Sequence[tuple[str, Any]]) -> tuple[list[bytes] | None, int]:
    """Return the values that *tests* leave, ``None`` for any number of them, and how many tests have said so."""
    left: set[bytes] | None = None
    used = 0
    for op, value in tests:
        if op == "eq":
            these = {value_bytes(value)}
        elif op == "in":
            these = set(map(value_bytes, value))
        elif op == "isnull" and value:
            these = {NOTHING}
        else:
            continue
        left = these if left is None else left & these
        used += 1
    return (None, 0) if left is None else (sorted(left), used)


def _bounds(tests: Sequence[tuple[str, Any]]) -> tuple[Span | None, int]:
    """Return between what the values are that *tests* let pass, ``None`` for anything, and how many have said so."""
    lows, highs, used = [], [], 0
    for op, value in tests:
        if op == "isnull":  # a true one leaves one value
            lows.append(NOTHING + AFTER)
        elif op in ("lt", "le", "gt", "ge") and isinstance(value, _IN_ORDER):
            place = value_bytes(value)
            sort, next_sort = place[:1], bytes([place[0] + 1])
            if place == NOTHING:
                continue
            lows.append({"gt": place + AFTER, "ge": place + END}.get(op, sort))
            highs.append({"lt": place + END, "le": place + AFTER}.get(op, next_sort))
        else:
            continue
        used += 1
    if not used:
        return None, 0
    return (max(lows), min(highs) if highs else b""), used


def _span(start: bytes, bounds: Span | None) -> Span:
    if bounds is None:
        return (b"[" + start, b"(" + start[:-1] + AFTER) if start else (b"-", b"+")
    low, high = bounds
    if high:
        return b"[" + start + low, b"(" + start + high
    return b"[" + start + low, b"(" + start[:-1] + AFTER if start else b"+"


def _way(query: Query, index: Index, known: int) -> tuple[str, ...]:
    """Return how the values and the ids go where the index is in the order of *query*, its first fields *known*."""
    fixed = index.fields[:known]
    wanted = [(name, down) for name, down in directions(query) if name not in fixed]
    if [name for name, _ in wanted] != [*index.fields[known:], "id"]:
        return ()
    falls = [down for _, down in wanted]
    if len(set(falls[:-1])) > 1:
        return ()
    return "down" if falls[0] else "up", "down" if falls[-1] else "up"
