"""How columns of text and of bytes are compared."""

# ruff: noqa: D102  (the base class says what each method does)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import bindparam, func, or_

from starmodel.adapters.persistence.sqlmodel.misfits import HALF_LETTER

from .comparison import NEVER, Comparison, Near, Test

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

__all__ = ["Bytes", "Texts"]


class Texts(Comparison):
    """Texts, ordered by the numbers of their letters."""

    sort = "text"

    @property
    def key(self) -> ColumnElement[Any]:
        has_own_order = self.sqlite or not isinstance(self.column.type, sa.String)
        return self.column if has_own_order else self.column.collate("C")

    def near(self, value: Any) -> Near | None:
        if not isinstance(value, str):
            return None
        return _storable(str.__str__(value), sqlite=self.sqlite)

    def containing(self, op: str, part: Any) -> Test:
        best, side = _storable(str(part).casefold(), sqlite=self.sqlite)
        return NEVER if side else (op, (best,))

    def decided(self, op: str, name: str) -> ColumnElement[bool]:
        if op not in {"contains", "startswith"}:
            return super().decided(op, name)
        place = (func.instr if self.sqlite else func.strpos)(
            self.dialect.folded(self.column), bindparam(name, type_=sa.Text())
        )
        return place > 0 if op == "contains" else place == 1


def _storable(text: str, *, sqlite: bool) -> Near:
    """Return the text next to *text* that the database can hold: no half of a surrogate pair, on Postgres no NUL."""
    ends = [(text.find("\0"), "", -1)] if not sqlite and "\0" in text else []
    half = HALF_LETTER.search(text)
    if half is not None:
        ends.append((half.start(), "\ue000", 1))
    if not ends:
        return text, 0
    place, following, side = min(ends)
    return text[:place] + following, side


class Bytes(Comparison):
    """Bytes."""

    sort = "bytes"

    def near(self, value: Any) -> Near | None:
        return (bytes(value), 0) if isinstance(value, bytes | bytearray) else None

    def containing(self, op: str, part: Any) -> Test:
        if op == "contains" and isinstance(part, int) and 0 <= part < 256:
            return op, (bytes([part]),)
        return (op, (bytes(part),)) if op == "contains" and isinstance(part, bytes | bytearray) else NEVER

    def decided(self, op: str, name: str) -> ColumnElement[bool]:
        if op != "contains":
            return super().decided(op, name)
        part = bindparam(name, type_=sa.LargeBinary())
        if self.sqlite:  # an empty blob is found nowhere by instr()
            return or_(func.length(part) == 0, func.instr(self.column, part) > 0)
        return func.position(part.op("IN")(self.column)) > 0
