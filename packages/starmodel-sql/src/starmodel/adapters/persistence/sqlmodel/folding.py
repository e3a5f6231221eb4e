"""Text without upper and lower case, in the database as in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

__all__ = ["folded"]


def folded(text: ColumnElement[Any], *, sqlite: bool) -> ColumnElement[Any]:
    """Return *text* as ``str.casefold`` has it."""
    if sqlite:
        return func.starmodel_casefold(text)
    return func.lower(text.collate("und-x-icu"))
