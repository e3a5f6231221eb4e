"""Text without upper and lower case, in the database as ``str.casefold`` has it in Python.

No database folds as Python does: ``ß`` is ``ss``, ``ﬁ`` is ``fi``.  SQLite calls Python.  Postgres gets a function of
its own; where nobody was allowed to create it, its body stands in each statement.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Connection

__all__ = ["COMMON", "FUNCTION", "Dialect", "foldable", "install_function", "is_installed", "ranges", "replaced"]

FUNCTION = "starmodel_casefold"

COMMON = {letter: letter.casefold() for letter in "ßẞİſŉﬀﬁﬂﬃﬄµΣς"}
"""What is folded otherwise than to its lower case, and often enough to be worth a replacement of its own."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one database understands: SQLite or Postgres, and whether that has :data:`FUNCTION`."""

    sqlite: bool
    has_function: bool = True

    def folded(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return *text* as ``str.casefold`` has it."""
        if self.sqlite or self.has_function:
            return func.starmodel_casefold(text)
        return _Folded(text)


@cache
def foldable() -> tuple[str, ...]:
    """Return every letter beyond ASCII that folding changes."""
    letters = (chr(code) for code in range(128, sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF)
    return tuple(letter for letter in letters if letter.casefold() != letter)


def ranges(letters: Iterable[str]) -> str:
    """Return *letters* for between square brackets; among rare ones also those between them."""
    spans: list[list[int]] = []
    for code in sorted(map(ord, letters)):
        gap = 64 if code >= _RARE else 1
        if spans and code - spans[-1][1] <= gap:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return "".join(chr(first) if first == last else f"{chr(first)}-{chr(last)}" for first, last in spans)


_RARE = 0x10A0


def replaced(text: str, letters: Iterable[tuple[str, str]]) -> str:
    """Return the SQL that replaces *letters* in the SQL expression *text*."""
    for letter, folded in letters:
        text = f"replace({text}, '{letter}', '{folded}')"
    return text


def is_installed(connection: Connection) -> bool:
    """Tell whether Postgres has the function."""
    return connection.exec_driver_sql(f"SELECT to_regprocedure('{FUNCTION}(text)')").scalar() is not None


def install_function(connection: Connection) -> None:
    """Create the function in Postgres, if it is not there."""
    if not is_installed(connection):
        has_icu = connection.exec_driver_sql("SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'").first()
        connection.exec_driver_sql(_definition(quick=has_icu is not None))


def _definition(*, quick: bool) -> str:
    """Return the function: ASCII at once, what folds to its lower case by ICU, the rest letter by letter."""
    ascii_only = 'WHEN octet_length($1) = char_length($1) THEN lower($1 COLLATE "C")'
    common = replaced("$1", COMMON.items())
    odd = ranges(letter for letter in foldable() if letter.casefold() != letter.lower() and letter not in COMMON)
    by_icu = (
        f'WHEN {common} COLLATE "C" !~ \'[{odd}]\' THEN lower({common} COLLATE "und-x-icu") COLLATE "C"'
        if quick
        else ""
    )
    return (
        f"CREATE FUNCTION {FUNCTION}(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE "
        f"RETURN CASE {ascii_only} {by_icu} ELSE {_letter_by_letter('$1')} END"
    )


def _letter_by_letter(text: str) -> str:
    single = [letter for letter in foldable() if len(letter.casefold()) == 1]
    several = [(letter, letter.casefold()) for letter in foldable() if len(letter.casefold()) > 1]
    into = "".join(letter.casefold() for letter in single)
    return replaced(f"translate(lower({text} COLLATE \"C\"), '{''.join(single)}', '{into}')", several)


class _Folded(FunctionElement[str]):
    """What the function does, written out."""

    type = Text()
    inherit_cache = True


@compiles(_Folded)
def _written_out(element: _Folded, compiler: Any, **options: Any) -> str:
    return f"({_letter_by_letter(compiler.process(element.clauses, **options))})"
