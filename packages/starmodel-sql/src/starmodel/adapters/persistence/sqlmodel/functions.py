"""What SQLite's own functions do not do: letters beyond ASCII, numbers beyond 15 digits, JSON compared by value."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["FUNCTIONS", "casefolded", "decimal_key", "same_json"]

_NINES = str.maketrans("0123456789", "9876543210")
_BIAS = 4 * 10**18
"""Beyond the exponents that a Decimal can have, so that the biased one is never negative."""


def casefolded(text: object) -> object:
    """Return *text* without the difference between upper and lower case."""
    return text.casefold() if isinstance(text, str) else text


def decimal_key(number: object) -> str | None:
    """Return text that sorts as the decimal *number* does, and is equal for equal numbers; ``None`` for no number.

    The sign, the number of digits before the point, then the digits; for negative numbers all of it turned round.
    """
    try:
        value = Decimal(str(number))
    except InvalidOperation:
        return None
    if value.is_infinite():
        return "3" if value > 0 else "/"
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return None
    figures = "".join(map(str, digits)).strip("0") if value else ""
    if not figures:
        return "1"
    text = f"{value.adjusted() + _BIAS:019d}{figures}"
    return f"0{text.translate(_NINES)}~" if sign else f"2{text}"


def same_json(one: object, other: object) -> bool | None:
    """Tell whether two JSON texts say the same."""
    if one is None or other is None:
        return None
    return bool(json.loads(str(one)) == json.loads(str(other)))


FUNCTIONS: Mapping[str, tuple[Callable[..., Any], int]] = {
    "starmodel_casefold": (casefolded, 1),
    "starmodel_decimal": (decimal_key, 1),
    "starmodel_same_json": (same_json, 2),
}
"""What each connection to SQLite is given: the function and the number of its arguments, by its name in SQL."""
