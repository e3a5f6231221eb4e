"""What an index of words is asked, and for which tables there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.core.query import text_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, FromClause

    from starmodel.adapters.persistence.sqlmodel.mapper import Mapper

__all__ = ["SearchIndex", "is_wanted"]


class SearchIndex:
    """What narrows down a search in one table."""

    def patterns(self, words: Sequence[str]) -> list[str]:
        """Return what the index is asked for folded *words*; nothing when it cannot help."""
        raise NotImplementedError

    def candidates(self, table: FromClause, names: Sequence[str]) -> ColumnElement[bool]:
        """Return the condition for rows of *table* that may be what the patterns in the parameters *names* mean."""
        raise NotImplementedError


def is_wanted(mapper: Mapper[Any]) -> bool:
    """Tell whether a class asks for an index, and has something to search."""
    return bool(mapper.kind.__entity_config__.get("search_index")) and bool(text_fields(mapper.kind))
