"""What the address of a list asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starmodel.app import query_from
from starmodel.core.errors import QueryError, hint
from starmodel.core.query import Query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .call import PageCall
    from .shape import Shape

__all__ = ["OWN_WORDS", "PAGE_SIZE", "ListCall", "address", "list_address"]

OWN_WORDS = ("before", "columns", "view")
"""What the address of a list may say besides its query."""

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class ListCall:
    """What the address of a list asks for."""

    query: Query
    columns: tuple[str, ...]
    before: str

    @classmethod
    def of(cls, call: PageCall, shape: Shape) -> ListCall:
        """Return what *call* asks of the list of *shape*; QueryError or InvalidError for what does not fit."""
        codec = call.runtime.app.codec
        query = query_from(shape.kind, call.pairs, codec, limit=PAGE_SIZE, reserved=OWN_WORDS)
        named = [name for name in call.first("columns").split(",") if name]
        for name in named:
            if name not in shape.fields:
                raise QueryError(f"{shape.label} has no column {name!r}; {hint(name, shape.fields)}")
        query = replace(query, order=shape.order) if shape.order and not query.order else query
        return cls(query, tuple(dict.fromkeys(named)) or shape.columns, call.first("before"))


def address(call: PageCall, **changed: str) -> str:
    """Return the address of this list with other words in it, from its first page unless they name one."""
    words = {"after": "", "before": "", **changed}
    pairs = [(name, value) for name, value in call.pairs if name not in words]
    pairs += [(name, value) for name, value in words.items() if value]
    return list_address(call.path, pairs)


def list_address(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Return the address of the list at *path*; one that asks for nothing says so.

    Without a word it would ask for what its reader wants to see first.
    """
    return f"{path}?{urlencode(pairs or [('view', 'all')])}"
