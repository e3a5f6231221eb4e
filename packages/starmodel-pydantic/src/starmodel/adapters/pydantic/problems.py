"""Pydantic's errors as the problems that UI, REST and CLI share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.errors import Problem, hint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import ValidationError

__all__ = ["problems_of"]

_WORDS = {
    "missing": "is required",
    "extra_forbidden": "is not expected",
}


def problems_of(error: ValidationError, known: Iterable[str] = ()) -> list[Problem]:
    """Return one problem for each thing *error* complains of; *known* names are offered for an unexpected one.

    The value itself is never repeated: it may be a secret, or hostile.
    """
    names = list(known)
    return [_problem(detail["loc"], detail["type"], detail["msg"], names) for detail in error.errors(include_url=False)]


def _problem(loc: tuple[str | int, ...], code: str, message: str, known: list[str]) -> Problem:
    text = _WORDS.get(code) or message.removeprefix("Value error, ")
    if code == "extra_forbidden" and len(loc) == 1:
        text = f"{text}; {hint(str(loc[0]), known)}"
    return Problem(tuple(loc), text, code)
