"""The methods by which code finds and keeps the rows of a table: reads from its store, writes as commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeVar, cast, overload

from starmodel.core.actors import SYSTEM, Actor
from starmodel.core.entity import fields_of
from starmodel.core.errors import EventError, QueryError
from starmodel.core.visibility import Visibility

from . import access
from .asking import Asked, conditions, containing, in_order, names_shown, whole_number
from .relations import followed, relation_of

if TYPE_CHECKING:
    from starmodel.core.entity import Entity

__all__ = ["ActiveRecord"]

T = TypeVar("T")

_MOST_PER_PAGE = 1000


class ActiveRecord:
    """What a table's class offers beside its events.

    Reads go to the store of the application that is open, and see everything: they are code, not visitors.  Inside
    an event they belong to it: what it changes in the entities they return is stored with the rest.  Writes are the
    entity's own events ``create``, ``update`` and ``delete``, by *actor*.
    """

    display_name: ClassVar[str] = ""
    sidebar_item: ClassVar[bool] = True
    sidebar_icon: ClassVar[str] = "table"
    default_sort_field: ClassVar[str] = "id"
    table_view_fields: ClassVar[Sequence[str]] = ()
    detail_page_fields: ClassVar[Sequence[str]] = ()
    detail_page_title: ClassVar[str] = ""
    field_groups: ClassVar[Mapping[str, Sequence[str]]] = {}

    @classmethod
    def _kind(cls) -> type[Entity]:
        return cast("type[Entity]", cls)  # every table is an entity: its metaclass sees to that

    # -- reading ---------------------------------------------------------------------------------------------------

    @classmethod
    async def all(cls) -> list[Self]:
        """Return every one, in the order of ``default_sort_field``."""
        return await access.found(cls._kind(), {}, in_order(cls.default_sort_field, "asc"))

    @classmethod
    async def total_records(cls) -> int:
        """Return how many there are."""
        return await access.stored_count(cls._kind())

    @classmethod
    async def get(cls, id: str, alt_key: str | None = None) -> Self | None:
        """Return the one with this id, or the first whose field *alt_key* is *id*; ``None`` when there is none."""
        if alt_key is None:
            return cast("Self | None", await access.get(cls._kind(), id))
        rows = await access.found(cls._kind(), conditions(cls._kind(), {alt_key: id}, exact=True), limit=1)
        return rows[0] if rows else None

    @overload
    @classmethod
    async def filter(
        cls,
        *,
        sorting_field: str | None = ...,
        sort_direction: str = ...,
        limit: int | None = ...,
        offset: int = ...,
        as_dict: Literal[False] = ...,
        fields: None = ...,
        exact_match: bool = ...,
        **tests: Any,
    ) -> list[Self]: ...
    @overload
    @classmethod
    async def filter(
        cls,
        *,
        sorting_field: str | None = ...,
        sort_direction: str = ...,
        limit: int | None = ...,
        offset: int = ...,
        as_dict: bool = ...,
        fields: Sequence[str] | None = ...,
        exact_match: bool = ...,
        **tests: Any,
    ) -> list[dict[str, Any]]: ...
    @classmethod
    async def filter(
        cls,
        *,
        sorting_field: str | None = None,
        sort_direction: str = "asc",
        limit: int | None = None,
        offset: int = 0,
        as_dict: bool = False,
        fields: Sequence[str] | None = None,
        exact_match: bool = True,
        **tests: Any,
    ) -> list[Any]:
        """Return those that pass every test: ``filter(done=False, price=(10, 20), owner=["ada", "bob"], due=None)``.

        A pair is a range of numbers or times, both ends included; a list is a choice; ``None`` is empty.  Without
        *exact_match*, text is contained in the field, whatever the case.  With *as_dict* or *fields* the answer is
        plain dicts of these fields, or of the public ones.  QueryError for what does not fit.
        """
        where = conditions(cls._kind(), tests, exact=exact_match)
        order = in_order(sorting_field or cls.default_sort_field, sort_direction)
        return await cls._listed(where, order, offset, limit, as_dict=as_dict, fields=fields)

    @overload
    @classmethod
    async def search(
        cls,
        search_value: str,
        *,
        sorting_field: str | None = ...,
        sort_direction: str = ...,
        limit: int | None = ...,
        offset: int = ...,
        as_dict: Literal[False] = ...,
        fields: None = ...,
    ) -> list[Self]: ...
    @overload
    @classmethod
    async def search(
        cls,
        search_value: str,
        *,
        sorting_field: str | None = ...,
        sort_direction: str = ...,
        limit: int | None = ...,
        offset: int = ...,
        as_dict: bool = ...,
        fields: Sequence[str] | None = ...,
    ) -> list[dict[str, Any]]: ...
    @classmethod
    async def search(
        cls,
        search_value: str,
        *,
        sorting_field: str | None = None,
        sort_direction: str = "asc",
        limit: int | None = None,
        offset: int = 0,
        as_dict: bool = False,
        fields: Sequence[str] | None = None,
    ) -> list[Any]:
        """Return those with *search_value* in any public field of text, whatever the case; all when it is blank."""
        if not isinstance(search_value, str):
            raise QueryError(f"search_value takes words, not {search_value!r}")
        where = containing(cls._kind(), search_value.strip())
        order = in_order(sorting_field or cls.default_sort_field, sort_direction)
        return await cls._listed(where, order, offset, limit, as_dict=as_dict, fields=fields)

    @classmethod
    async def table_view_data(cls, request: Asked) -> list[dict[str, Any]]:
        """Return one page of rows for a table: ``id`` and the ``table_view_fields``, or the public fields.

        The query of *request* may hold ``search_value``, ``page`` (from 1) and ``per_page`` (10, at most 1,000).
        """
        page = whole_number(request, "page", 1)
        size = min(whole_number(request, "per_page", 10), _MOST_PER_PAGE)
        shown = list(dict.fromkeys(["id", *names_shown(cls._kind(), cls.table_view_fields)]))
        text = request.query_params.get("search_value", "")
        return await cls.search(text, limit=size, offset=(page - 1) * size, fields=shown)

    @classmethod
    async def _listed(
        cls,
        where: Mapping[str, Any],
        order: tuple[str, ...],
        offset: int,
        limit: int | None,
        *,
        as_dict: bool,
        fields: Sequence[str] | None,
    ) -> list[Any]:
        names = names_shown(cls._kind(), fields)
        rows = await access.found(cls._kind(), where, order, skip=offset, limit=limit)
        if not as_dict and fields is None:
            return rows
        return [{name: getattr(row, name) for name in names} for row in rows]

    # -- following relationships -----------------------------------------------------------------------------------

    @overload
    async def related(self, relation: str, /) -> Any: ...
    @overload
    async def related(self, relation: T, /) -> T: ...
    async def related(self, relation: Any, /) -> Any:
        """Return what a relationship leads to: ``await post.related("author")``.

        ``await post.related(BlogPost.author)`` is the same, and a type checker knows what comes back.
        """
        (found,) = await followed(access.found, relation_of(type(self), relation), [self])
        return found

    @overload
    @classmethod
    async def related_records(cls, records: Iterable[Self], relation: str, /) -> dict[str, Any]: ...
    @overload
    @classmethod
    async def related_records(cls, records: Iterable[Self], relation: T, /) -> dict[str, T]: ...
    @classmethod
    async def related_records(cls, records: Iterable[Self], relation: Any, /) -> dict[str, Any]:
        """Return what a relationship leads to for each of *records*, by their ids: one query instead of many."""
        rows: list[Any] = list(records)
        found = await followed(access.found, relation_of(cls, relation), rows)
        return {row.id: reached for row, reached in zip(rows, found, strict=True)}

    # -- writing ---------------------------------------------------------------------------------------------------

    @classmethod
    async def update_record(cls, id: str, data: Mapping[str, Any], *, actor: Actor = SYSTEM) -> Self:
        """Change the fields in *data*; NotFoundError when there is no such entity, InvalidError for a wrong value."""
        return cast("Self", await access.updated(cls._kind(), id, data, actor))

    @classmethod
    async def upsert(cls, data: Mapping[str, Any], *, actor: Actor = SYSTEM) -> Self:
        """Change the one whose id is in *data*, or make it when there is none."""
        fields = {name: value for name, value in data.items() if name != "id"}
        return cast("Self", await access.put(cls._kind(), data.get("id"), fields, actor))

    @classmethod
    async def delete_record(cls, id: str, *, actor: Actor = SYSTEM) -> None:
        """Delete one; NotFoundError when there is no such entity."""
        await access.deleted(cls._kind(), id, actor)

    async def save(self, *, actor: Actor = SYSTEM) -> Self:
        """Store this snapshot: make it, or give the stored one its fields, whatever they were changed to meanwhile.

        EventError when it differs in a private field, which no command can carry: change that in an event.
        """
        kind, state = self._kind(), cast("Entity", self)
        before: Any = await access.get(kind, state.id)
        infos = [info for info in fields_of(kind).values() if info.name != "id"]
        for info in infos:
            if info.visibility is Visibility.PRIVATE and getattr(state, info.name) != _usual(info, before):
                raise EventError(f"{kind.__name__}.{info.name} is private and cannot be saved; change it in an @event")
        data = {info.name: getattr(state, info.name) for info in infos if info.visibility is not Visibility.PRIVATE}
        return cast("Self", await access.put(kind, state.id, data, actor))


def _usual(info: Any, before: Any) -> Any:
    if before is not None:
        return getattr(before, info.name)
    return None if info.default is None else info.default()
