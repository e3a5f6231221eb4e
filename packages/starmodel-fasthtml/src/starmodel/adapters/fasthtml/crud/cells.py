"""Values as cells of a file, and back: exact, and never taken for a formula by whatever opens the file."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["cell_text", "exact_number", "guarded", "text_or_none", "unguarded"]

_RISKY = re.compile(r"'*[\s\0\ufeff]*[=+\-@＝＋－＠]|'*[\t\r\n]")  # noqa: RUF001  (full-width: some programs read them so)
_EXACT_DIGITS = 15


def cell_text(plain: Any, *, numeric: bool = False, has_none: bool = False) -> str:
    """Return a value, as a codec writes it for JSON, as the text of a cell: ``""`` for none, JSON for what has parts.

    What a spreadsheet would run as a formula is guarded, see :func:`guarded`; numbers, also those that a *numeric*
    field has as text, are as they are.  Of a field that *has none* beside its texts, one that is empty, or nothing but
    apostrophes, has one more: see :func:`text_or_none`.
    """
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, int | float):
        return repr(plain)
    text = plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    if has_none and not text.strip("'"):
        return f"'{text}"
    return text if numeric else guarded(text)


def guarded(text: str) -> str:
    """Return *text* with an apostrophe before what a spreadsheet may run, and before such an apostrophe itself.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{text}" if _RISKY.match(text) else text


def unguarded(text: str) -> str:
    """Return the text that :func:`guarded` was given."""
    return text[1:] if text.startswith("'") and _RISKY.match(text) else text


def text_or_none(cell: str) -> str | None:
    """Return the text in a cell of a field that has none beside its texts: nothing at all is none."""
    if cell.strip("'"):
        return unguarded(cell)
    return cell[1:] if cell else None


def exact_number(plain: Any) -> float | int | None:
    """Return a number that a spreadsheet, which counts in binary with 15 digits, shows exactly; else ``None``."""
    if isinstance(plain, bool) or not isinstance(plain, int | float | str):
        return None
    try:
        number = Decimal(str(plain))
    except InvalidOperation:
        return None
    digits = number.as_tuple()
    if not number.is_finite() or len(digits.digits) > _EXACT_DIGITS or abs(number.adjusted()) > 300:
        return None
    return int(plain) if isinstance(plain, int) else float(number)
