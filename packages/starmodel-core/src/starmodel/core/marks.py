"""What a field says about how it is kept, in standard typing: read by stores that have columns, passed over elsewhere.

::

    class Todo(Entity):
        number: Annotated[int, Unique()]
        owner_id: Annotated[str, Reference("User")]
        due: Annotated[date | None, Indexed()] = None
        title: Annotated[str, Was("name")]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .entity import Entity

__all__ = ["Indexed", "Reference", "Unique", "Was"]


@dataclass(frozen=True, slots=True)
class Indexed:
    """Searched or ordered by so often that the store keeps an index.

    *group* joins fields of the same name in it into one index, in the order of the class.
    """

    group: str | None = None


@dataclass(frozen=True, slots=True)
class Unique:
    """No two entities of the class hold the same value; *group* joins fields: no two hold the same of all of them."""

    group: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """The field holds the id of an entity of the class *to*, or of the class of that name, in the same store.

    *on_delete* says what becomes of this one when that one is deleted: the deletion is refused (``restrict``), or
    the field becomes ``None`` (``set_null``).
    """

    to: type[Entity] | str
    on_delete: Literal["restrict", "set_null"] = "restrict"


@dataclass(frozen=True, slots=True)
class Was:
    """The field was called *name* before: its data is kept under the new name."""

    name: str
