"""The default of a new field: what was typed, as the source of a value of its type."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from uuid import UUID

from .errors import NewCodeError

__all__ = ["default_source"]

_LITERALS: Mapping[str, tuple[type, ...]] = {"bool": (bool,), "float": (int, float), "int": (int,)}


def default_source(text: str, given: str, annotation: str, classes: Collection[str]) -> str:
    """Return what stands after ``=`` in the source, for *given* as the default of a field of *annotation*.

    *text* is the whole field, for errors; *classes* are those of the file in the annotation, such as enums, of which a
    member is named.
    """
    given, types = given.strip(), annotation.split(" | ")
    if given == "None":
        if "None" not in types:
            raise NewCodeError(f"{text!r}: only what may be None can default to it; write {annotation}|None")
        return given
    for kind in types:
        source = _source(given, kind, classes)
        if source is not None:
            return source
    raise NewCodeError(f"{text!r}: {given!r} is no value of {annotation}")


def _source(given: str, kind: str, classes: Collection[str]) -> str | None:
    if kind == "str":
        value = _literal(given)
        return _quoted(value if isinstance(value, str) else given)
    if kind in classes:
        member = given.removeprefix(f"{kind}.")
        return f"{kind}.{member}" if member.isidentifier() else None
    if kind in _LITERALS:
        value = _literal(given)
        fits = isinstance(value, _LITERALS[kind]) and isinstance(value, bool) == (kind == "bool")
        return repr(value) if fits else None
    if kind in _MADE:
        return _made(given, kind)
    holder = kind.partition("[")[0]
    value = _literal(given)
    is_held = isinstance(value, list | dict | tuple | set) and type(value).__name__ == holder
    return repr(value) if is_held else None


def _literal(text: str) -> object:
    try:
        value: object = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None
    return value


def _quoted(text: str) -> str:
    shown = repr(text)
    return '"' + shown[1:-1] + '"' if shown[0] == "'" and '"' not in text and "\\" not in shown else shown


def _made(given: str, kind: str) -> str | None:
    value = _literal(given)
    try:
        return _MADE[kind](value if isinstance(value, str) else given)
    except (ValueError, InvalidOperation):
        return None


def _of_datetime(parse: Callable[[str], object]) -> Callable[[str], str]:
    return lambda text: repr(parse(text)).removeprefix("datetime.")


def _seconds(text: str) -> timedelta:
    return timedelta(seconds=float(text))


_MADE: Mapping[str, Callable[[str], str]] = {
    "Decimal": lambda text: f'Decimal("{Decimal(text)}")',
    "UUID": lambda text: f'UUID("{UUID(text)}")',
    "date": _of_datetime(date.fromisoformat),
    "datetime": _of_datetime(datetime.fromisoformat),
    "time": _of_datetime(time.fromisoformat),
    "timedelta": _of_datetime(_seconds),
}
