"""The short forms of conditions in an address: ``price.ge=10``, one parameter for one test."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from starmodel.core.entity import Entity, fields_of
from starmodel.core.errors import InvalidError, Problem, QueryError, hint
from starmodel.core.query import OPERATORS, refuse_parts
from starmodel.core.relations import target_of
from starmodel.core.visibility import Visibility

from .comparands import NOT_GIVEN, Tested, as_written, from_text

if TYPE_CHECKING:
    from starmodel.core.ports import Codec

__all__ = ["WORDS", "short_forms", "tested", "where_of"]

WORDS = ("q", "sort", "limit", "after", "where")
"""The parameters of a query that test no field."""

_MAX_DOTS = 5


def where_of(
    kind: type[Entity], given: Mapping[str, list[str]], codec: Codec, reserved: Collection[str]
) -> dict[str, Any]:
    """Return the condition that all parameters hold, by name with their values; blank ones are no test.

    QueryError for a parameter that is none, InvalidError for every value that does not fit.
    """
    tests: list[tuple[str, str, Any]] = []
    problems: list[Problem] = []
    for name, texts in given.items():
        try:
            tests += _tests_in(tested(kind, name, reserved), texts, codec)
        except InvalidError as error:
            problems += error.problems
    if problems:
        raise InvalidError(problems)
    return _all_of(tests)


def _tests_in(test: Tested, texts: list[str], codec: Codec) -> Iterator[tuple[str, str, Any]]:
    """Read all values of one parameter: several for ``eq`` and ``in`` are choices."""
    choices = [part for text in texts for part in text.split(",")] if test.operator == "in" else texts
    values = [value for text in choices if (value := from_text(test, text, codec)) is not NOT_GIVEN]
    if test.operator == "in" or (test.operator == "eq" and len(values) > 1):
        if values:
            yield test.path, "in", values
    else:
        yield from ((test.path, test.operator, value) for value in values)


def _all_of(tests: Iterable[tuple[str, str, Any]]) -> dict[str, Any]:
    """Return the condition that all *tests* hold; the same test twice stands under ``and``."""
    found: dict[str, dict[str, Any]] = {}
    more: list[dict[str, Any]] = []
    for path, operator, value in tests:
        known = found.setdefault(path, {})
        if operator in known:
            more.append({path: {operator: value}})
        else:
            known[operator] = value
    where: dict[str, Any] = {path: ops["eq"] if ops.keys() == {"eq"} else ops for path, ops in found.items()}
    return {**where, "and": more} if more else where


def tested(kind: type[Entity], name: str, reserved: Collection[str]) -> Tested:
    """Return which field a parameter tests by which operator; QueryError when it is none."""
    if name.count(".") > _MAX_DOTS:
        raise QueryError(f"{name[:80]!r} follows too many references")
    first, dot, rest = name.partition(".")
    known = _public(kind)
    if first not in known:
        hinted = hint(first, [*known, *WORDS, *reserved])
        raise QueryError(f"{name[:80]!r} is no field of {kind.__name__} and no parameter of a query; {hinted}")
    if not dot:
        return Tested(name, first, kind, first, "eq")
    target = target_of(kind, first)
    beyond = {} if target is None else _public(target)
    if target is not None and rest.partition(".")[0] in beyond:
        inner = tested(target, rest, reserved)
        return inner._replace(name=name, path=f"{first}.{inner.path}")
    if rest not in OPERATORS:
        refuse_parts(name, first, fields_of(kind)[first].annotation)
        raise QueryError(f"{name[:80]!r} cannot be asked for; after {first!r}, {hint(rest, [*OPERATORS, *beyond])}")
    return Tested(name, first, kind, first, rest)


def _public(kind: type[Entity]) -> dict[str, None]:
    return dict.fromkeys(name for name, info in fields_of(kind).items() if info.visibility is Visibility.PUBLIC)


def short_forms(
    kind: type[Entity], path: str, test: Any, codec: Codec, reserved: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Return the short forms of one part of a condition; nothing when they would not be read back as the same."""
    if path in ("and", "or", "not"):
        return
    ops = test if isinstance(test, Mapping) else {"eq": test}
    for forms in _forms_of(path, ops, codec, {*reserved, *WORDS}):
        given: dict[str, list[str]] = {}
        for name, text in forms:
            given.setdefault(name, []).append(text)
        try:
            same = where_of(kind, given, codec, ()) == {path: test}
        except (QueryError, InvalidError):
            continue
        if same:
            yield from forms
            return


def _forms_of(
    path: str, ops: Mapping[str, Any], codec: Codec, taken: Collection[str]
) -> Iterator[list[tuple[str, str]]]:
    """Return the ways to write the tests of one field, the best to read first."""
    equal = f"{path}.eq" if path in taken else path
    texts = {op: _texts(value, codec) if op == "in" else [as_written(value, codec)] for op, value in ops.items()}
    known = {op: [text for text in found if text is not None] for op, found in texts.items()}
    if any(len(known[op]) != len(found) for op, found in texts.items()):
        return
    one = [(equal if op == "eq" else f"{path}.{op}", ",".join(found)) for op, found in known.items()]
    yield one
    if "in" in ops and "eq" not in ops:
        others = [(f"{path}.{op}", found[0]) for op, found in known.items() if op != "in"]
        yield [*((equal, text) for text in known["in"]), *others]


def _texts(values: Iterable[Any], codec: Codec) -> list[str | None]:
    return [as_written(value, codec) for value in values]
