"""What is wrong with a value, in plain words: a phrase for each kind of fault, the same whichever library found it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PHRASES", "worded"]

_NUMBER: Final = "must be a number"
_WHOLE: Final = "must be a whole number"
_YES_OR_NO: Final = "must be yes or no"
_TEXT: Final = "must be text"
_DATE: Final = "must be a date, such as 2030-12-31"
_MOMENT: Final = "must be a date with a time, such as 2030-12-31 18:30"
_TIME: Final = "must be a time, such as 18:30"
_SPAN: Final = "must be a span of time, such as 01:30:00"
_CHOICE: Final = "must be one of {expected}"
_LIST: Final = "must be a list"
_NAMED: Final = "must be an object: values by name"
_ADDRESS: Final = "must be an address, such as https://example.org"
_UUID: Final = "must be a UUID"

PHRASES: Final[Mapping[str, str]] = {
    "missing": "is required",
    "extra_forbidden": "is not expected",
    "bool_parsing": _YES_OR_NO,
    "bool_type": _YES_OR_NO,
    "date_from_datetime_inexact": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_future": "must be in the future",
    "date_parsing": _DATE,
    "date_past": "must be in the past",
    "date_type": _DATE,
    "datetime_from_date_parsing": _MOMENT,
    "datetime_future": "must be in the future",
    "datetime_object_invalid": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_past": "must be in the past",
    "datetime_type": _MOMENT,
    "decimal_max_digits": "must have no more digits than {max_digits}",
    "decimal_max_places": "must have no more digits after the point than {decimal_places}",
    "decimal_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_whole_digits": "must have no more digits before the point than {whole_digits}",
    "dict_type": _NAMED,
    "enum": _CHOICE,
    "finite_number": _NUMBER,
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "frozen_set_type": _LIST,
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "int_from_float": _WHOLE,
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "list_type": _LIST,
    "literal_error": _CHOICE,
    "mapping_type": _NAMED,
    "model_type": _NAMED,
    "multiple_of": "must be a multiple of {multiple_of}",
    "dataclass_type": _NAMED,
    "set_type": _LIST,
    "string_pattern_mismatch": "must have the form {pattern}",
    "string_too_long": "is too long: at most {max_length} letters and signs fit",
    "string_too_short": "is too short: at least {min_length} letters and signs are needed",
    "string_type": _TEXT,
    "time_delta_parsing": _SPAN,
    "time_delta_type": _SPAN,
    "time_parsing": _TIME,
    "time_type": _TIME,
    "timezone_aware": "must have a time zone",
    "timezone_naive": "must have no time zone",
    "too_long": "has too many entries: at most {max_length} fit",
    "too_short": "has too few entries: at least {min_length} are needed",
    "tuple_type": _LIST,
    "url_parsing": _ADDRESS,
    "url_scheme": _ADDRESS,
    "url_type": _ADDRESS,
    "uuid_parsing": _UUID,
    "uuid_type": _UUID,
}
"""By the code of a fault, as pydantic names them: https://docs.pydantic.dev/latest/errors/validation_errors/"""

_AT_LEAST_ONE: Final[Mapping[str, str]] = {"string_too_short": "must not be empty", "too_short": "must not be empty"}


def worded(loc: tuple[str | int, ...], code: str, wants: Mapping[str, Any], otherwise: str) -> Problem:
    """Return the problem of a *code* in the words of its phrase; in those of *otherwise* where it has none.

    *wants* has the values that phrases name, such as ``{"ge": 0}``.
    """
    phrase = _AT_LEAST_ONE[code] if code in _AT_LEAST_ONE and wants.get("min_length") == 1 else PHRASES.get(code)
    if phrase is None:
        return Problem(loc, otherwise, code)
    values = {name: _shown(value) for name, value in wants.items() if f"{{{name}}}" in phrase}
    return Problem(loc, phrase.format(**values), code, phrase, values)


def _shown(value: Any) -> Any:
    """Return a value as a phrase says it: choices come as "'a', 'b' or 'c'", in English."""
    return value.replace("' or '", "', '") if isinstance(value, str) else value
