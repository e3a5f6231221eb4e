"""What a refused command is answered, by every door: one table from errors to statuses and words."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from starmodel.core.errors import FieldConflictError, InvalidError, Problem, StarModelError, TooManyError

from .receiving import FileRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Refusal", "refusal_of"]

_NOTHING_HERE = "There is nothing at this address, or not any more, or you may not see it."
_OUR_FAULT = (
    "Something went wrong on the server and nothing was changed. Try again; if it happens again, report this id."
)

_STATUSES = {
    "invalid": (422, "Some values do not fit"),
    "check": (422, "That breaks a rule"),
    "refused": (409, "That is not possible now"),
    "conflict": (409, "Changed meanwhile"),
    "on_its_way": (409, "Changed meanwhile"),
    "stale": (412, "Changed meanwhile"),
    "field_conflict": (409, "Changed meanwhile"),
    "undo": (409, "Cannot be undone"),
    "no_past": (409, "Cannot be undone"),
    "command_reused": (422, "Used already"),
    "too_large": (413, "Too large"),
    "media_type": (415, "Unsupported media type"),
    "query": (400, "That question does not fit"),
    "too_many": (429, "Too often"),
    "forbidden": (403, "Not allowed"),
    "not_found": (404, "Not found"),
    "unknown_entity": (404, "Not found"),
    "unknown_event": (404, "Not found"),
    "gone": (410, "Gone"),
    "read_only": (405, "Only for reading"),
    "store": (503, "The data cannot be reached"),
    "queue_full": (503, "Too much to do"),
}
"""HTTP status and title by the code of an error; a code that is not here is the program's own fault: 500."""

_UNREACHABLE = "The data cannot be reached at the moment. Nothing was changed as far as is known; try again in a while."

_FIXED_DETAILS = {
    "not_found": _NOTHING_HERE,
    "unknown_entity": _NOTHING_HERE,
    "unknown_event": _NOTHING_HERE,
    "store": _UNREACHABLE,
    "queue_full": "There is too much to do at the moment, and nothing of this was kept; try again in a while.",
}
"""Details of errors whose own words may say more than the one who asked may know."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as it may be told to whoever asked: nothing in it that they may not know.

    *status* is an HTTP status.  *id* finds the details in the log.  *errors* has one problem per wrong input.
    *conflicts* has what is stored now and what was sent, for each field that was changed on both sides; *version* is
    then the version that a choice between them is made on, and *behind* are the fields that only somebody else changed.
    *wait* is in how many seconds it may be tried again, where that is known.
    """

    status: int
    code: str
    title: str
    detail: str
    id: str
    errors: tuple[Problem, ...] = ()
    conflicts: Mapping[str, tuple[Any, Any]] = field(default_factory=dict[str, tuple[Any, Any]])
    version: int | None = None
    behind: frozenset[str] = frozenset()
    wait: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers of an answer over HTTP that tell of it, in small letters.

        By ``starmodel-refused`` our script knows it from the answer of a proxy, after which it would try again.
        """
        return {} if self.wait is None else {"retry-after": str(self.wait), "starmodel-refused": self.code}

    def to_dict(self, show: Callable[[Any], Any] | None = None) -> dict[str, Any]:
        """Return it as a problem document (RFC 9457).

        With *show*, which writes a value as JSON may show it, it has both sides of every conflict.
        """
        document: dict[str, Any] = {
            "type": f"urn:starmodel:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "id": self.id,
            "errors": [{"loc": list(p.loc), "message": p.message, "code": p.code} for p in self.errors],
        }
        if show is not None and self.conflicts:
            document["version"] = self.version
            document["conflicts"] = {
                name: {"theirs": show(theirs), "yours": show(yours)} for name, (theirs, yours) in self.conflicts.items()
            }
        return document


def refusal_of(error: BaseException, id: str) -> Refusal:
    """Return what may be told about *error*; *id* is what it was logged under."""
    code = error.code if isinstance(error, StarModelError) else "error"
    if code not in _STATUSES:
        return Refusal(500, "error", "Something went wrong", _OUR_FAULT, id)
    status, title = _STATUSES[code]
    detail = _FIXED_DETAILS.get(code) or str(error)
    problems = tuple(_problems(error))
    if isinstance(error, FieldConflictError):
        return Refusal(status, code, title, detail, id, problems, error.fields, error.found, error.behind)
    refusal = Refusal(status, code, title, detail, id, problems)
    return replace(refusal, wait=max(1, math.ceil(error.wait))) if isinstance(error, TooManyError) else refusal


def _problems(error: BaseException) -> list[Problem]:
    if isinstance(error, InvalidError):
        return list(error.problems)
    if isinstance(error, FileRefusedError) and error.field:
        return [Problem((error.field,), error.problem, "file")]
    if isinstance(error, FieldConflictError):
        return [
            Problem((name,), f"is now {theirs!r}, yours is {yours!r}: choose one and save again", "conflict")
            for name, (theirs, yours) in error.fields.items()
        ]
    return []
