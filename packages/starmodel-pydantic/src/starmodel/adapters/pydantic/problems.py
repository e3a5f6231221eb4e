"""Pydantic's errors as the problems that UI, REST and CLI share; and what no type says: can JSON hold a value?"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import NoneType
from typing import TYPE_CHECKING, Any

from pydantic_core import to_jsonable_python

from starmodel.core.errors import InvalidError, Problem, hint
from starmodel.core.wording import worded

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from pydantic import ValidationError

__all__ = ["problems_of", "refuse_unwritable"]

_PREFIXES = {
    "value_error": "Value error, ",
    "assertion_error": "Assertion failed, ",
}


def problems_of(error: ValidationError, known: Iterable[str] = ()) -> list[Problem]:
    """Return one problem for each thing *error* complains of; *known* names are offered for an unexpected one.

    The value itself is never repeated: it may be a secret, or hostile.
    """
    names = list(known)
    details = error.errors(include_url=False, include_input=False)
    return [problem for detail in details for problem in _problems(detail, names)]


def _problems(detail: ErrorDetails, known: list[str]) -> Iterator[Problem]:
    loc, code = detail["loc"], detail["type"]
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, InvalidError):
        yield from (replace(inner, loc=(*loc, *inner.loc)) for inner in cause.problems)
        return
    problem = worded(tuple(loc), code, detail.get("ctx", {}), detail["msg"].removeprefix(_PREFIXES.get(code, "")))
    if code == "extra_forbidden" and len(loc) == 1:
        problem = replace(problem, message=f"{problem.message}; {hint(str(loc[0]), known)}")
    yield problem


def refuse_unwritable(values: Mapping[str, Any]) -> None:
    """Raise InvalidError for each of *values* that no command and no store could hold, whatever its type lets in.

    One such value would break every page that shows it.
    """
    unwritable = [name for name, value in values.items() if not (_is_simple(value) or _is_writable(value))]
    if unwritable:
        why = "cannot be written as JSON: too deep, too long, no number, or no text"
        raise InvalidError([Problem((str(name),), why, "unwritable") for name in unwritable])


_ENCODER = json.JSONEncoder(allow_nan=False, ensure_ascii=False, check_circular=False)
_LARGE = 10**18


def _is_simple(value: Any) -> bool:
    """Tell for what is usual, without the cost of trying it."""
    kind = type(value)
    if kind is str:
        return bool(value.isascii())
    if kind is int:
        return bool(-_LARGE < value < _LARGE)
    return kind is bool or kind is NoneType or (kind is float and math.isfinite(value))


def _is_writable(value: Any) -> bool:
    try:
        _ENCODER.encode(to_jsonable_python(value)).encode()
    except (TypeError, ValueError, RecursionError):
        return False
    return True
