"""Conditions as a tree of groups and tests: what the filter builder shows, between the grammar of the core and a form.

In a form every part has a key that says where it stands, ``0`` for the whole, ``0.2.1`` for the second part of its
third part: ``g0.2=any`` is a group, ``f0.2.1=price``, ``o0.2.1=ge`` and ``v0.2.1=10`` are a test.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, get_args

from starmodel.core.errors import QueryError

__all__ = [
    "MOST_PARTS",
    "Condition",
    "Group",
    "Mode",
    "Node",
    "from_pairs",
    "from_where",
    "joined",
    "keyed",
    "place_in",
]

Mode: TypeAlias = Literal["all", "any", "none", "not_all"]
"""Which parts of a group must hold."""

MOST_PARTS = 60
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of one field; *values* are texts, as a form has them; *error* says why they do not fit."""

    path: str
    operator: str
    values: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Several parts, and which of them must hold."""

    mode: Mode = "all"
    parts: tuple[Node, ...] = field(default=())


Node: TypeAlias = Condition | Group


def keyed(node: Node, key: str = "0") -> Iterator[tuple[str, Node]]:
    """Yield every part of a tree with its key, each group before what is in it."""
    yield key, node
    if isinstance(node, Group):
        for number, part in enumerate(node.parts):
            yield from keyed(part, f"{key}.{number}")


# -- from a form -------------------------------------------------------------------------------------------------------


def from_pairs(pairs: Iterable[tuple[str, str]]) -> Group:
    """Return the tree in a form; QueryError when it is larger than anybody makes one."""
    groups: dict[tuple[int, ...], Mode] = {}
    tests: dict[tuple[int, ...], Condition] = {}
    for name, text in pairs:
        key = place_in(name[1:])
        if not key or name[0] not in "gfov":
            continue
        if name[0] == "g":
            groups[key] = next((mode for mode in get_args(Mode) if mode == text), "all")
            continue
        test = tests.get(key, Condition("", ""))
        tests[key] = _with(test, name[0], text)
    if len(groups) + len(tests) > MOST_PARTS:
        raise QueryError(f"a filter has at most {MOST_PARTS} parts; ask for less, or in two steps")
    return _group((0,), groups, tests)


def place_in(text: str) -> tuple[int, ...]:
    """Return the key of a part as numbers; nothing for a text that is none."""
    parts = text.split(".")
    if len(parts) > _DEEPEST or not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
        return ()
    return tuple(map(int, parts))


def _with(test: Condition, letter: str, text: str) -> Condition:
    match letter:
        case "f":
            return replace(test, path=text)
        case "o":
            return replace(test, operator=text)
        case _:
            return replace(test, values=(*test.values, text))


def _group(
    key: tuple[int, ...], groups: Mapping[tuple[int, ...], Mode], tests: Mapping[tuple[int, ...], Condition]
) -> Group:
    inside = sorted(one for one in {*groups, *tests} if one[:-1] == key and len(one) == len(key) + 1)
    parts = [tests[one] if one in tests else _group(one, groups, tests) for one in inside]
    return Group(groups.get(key, "all"), tuple(parts))


# -- from and to the grammar -------------------------------------------------------------------------------------------


def from_where(where: Mapping[str, Any], written: Any) -> Group:
    """Return the tree of a checked condition; *written*, called with a path and a value, returns its texts."""
    parts: list[Node] = []
    for key, test in where.items():
        parts += _parts(key, test, written)
    if len(parts) == 1 and isinstance(parts[0], Group):
        return parts[0]
    return Group("all", tuple(parts))


def _parts(key: str, test: Any, written: Any) -> Iterator[Node]:
    if key in ("and", "or"):
        yield Group("all" if key == "and" else "any", tuple(_alone(from_where(part, written)) for part in test))
    elif key == "not":
        inner = from_where(test, written)
        yield Group(
            "none" if inner.mode == "any" else "not_all", inner.parts if inner.mode in ("any", "all") else (inner,)
        )
    elif isinstance(test, Mapping):
        yield from (Condition(key, operator, written(key, value)) for operator, value in test.items())
    else:
        yield Condition(key, "eq", written(key, test))


def _alone(group: Group) -> Node:
    return group.parts[0] if len(group.parts) == 1 and group.mode in ("all", "any") else group


def joined(group: Group, read: Any) -> dict[str, Any]:
    """Return a tree in the grammar of the core; *read* makes the condition of a test, ``{}`` for one not filled in."""
    found = [
        made for part in group.parts if (made := read(part) if isinstance(part, Condition) else joined(part, read))
    ]
    match group.mode:
        case "all":
            return _all_of(found)
        case "any":
            return _any_of(found)
        case "none":
            return {"not": _any_of(found)} if found else {}
        case "not_all":
            return {"not": _all_of(found)} if found else {}


def _any_of(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"or": list(found)} if len(found) > 1 else dict(*found)


def _all_of(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return one condition that holds where all do; what names the same twice stands under ``and``."""
    whole: dict[str, Any] = {}
    more: list[dict[str, Any]] = []
    for one in found:
        if whole.keys().isdisjoint(one):
            whole.update(one)
        else:
            more.append(one)
    if not more:
        return whole
    if "and" in whole:
        return {"and": [whole, *more]}
    return {**whole, "and": more}
