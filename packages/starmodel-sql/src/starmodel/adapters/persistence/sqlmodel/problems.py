"""What pydantic says about the values of a table's entity, as the errors that every other entity raises."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starmodel.core.errors import InvalidError, Problem, StarModelError, hint
from starmodel.core.wording import worded

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

__all__ = ["refusal_of"]

_PREFIXES = {
    "value_error": "Value error, ",
    "assertion_error": "Assertion failed, ",
}


def refusal_of(error: ValidationError, known: Collection[str], related: Mapping[str, str]) -> StarModelError:
    """Return what a rule of the entity raised, or an InvalidError with one problem for each value that does not fit.

    *known* are the fields; *related* says for each relationship what to give instead.  No value is repeated: it may
    be a secret.
    """
    details = error.errors(include_url=False, include_input=False)
    own = _cause(details[0])
    if len(details) == 1 and own is not None:
        return own
    return InvalidError([problem for detail in details for problem in _problems(detail, known, related)])


def _cause(detail: ErrorDetails) -> StarModelError | None:
    cause = detail.get("ctx", {}).get("error")
    return cause if isinstance(cause, StarModelError) and not detail["loc"] else None


def _problems(detail: ErrorDetails, known: Collection[str], related: Mapping[str, str]) -> Iterator[Problem]:
    loc, code = detail["loc"], detail["type"]
    cause: Any = detail.get("ctx", {}).get("error")
    if isinstance(cause, InvalidError):
        yield from (replace(inner, loc=(*loc, *inner.loc)) for inner in cause.problems)
        return
    problem = worded(tuple(loc), code, detail.get("ctx", {}), detail["msg"].removeprefix(_PREFIXES.get(code, "")))
    if code == "extra_forbidden" and len(loc) == 1:
        name = str(loc[0])
        text = related.get(name) or f"{problem.message}; {hint(name, known)}"
        problem = replace(problem, message=text)
    yield problem
