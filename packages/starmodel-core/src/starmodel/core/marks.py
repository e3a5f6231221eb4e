"""What a field says about how it is kept and shown, in standard typing: read by stores and pages, and by nobody else.

::

    class Todo(Entity):
        number: Annotated[int, Unique()]
        owner_id: Annotated[str, Reference("User")]
        due: Annotated[date | None, Indexed()] = None
        title: Annotated[str, Was("name")]
        made_by: Annotated[str, Owner()] = ""
        price: Annotated[Decimal, Shown(label="Price in €", when={"kind": "paid"})]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from .entity import Entity
    from .ui import Widget

__all__ = ["Indexed", "Owner", "Reference", "Shown", "Unique", "Was"]


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
class Owner:
    """The field holds whose the entity is: filled from whoever makes it, and from nothing that is sent.

    It is what the policy :data:`~starmodel.core.whose.owner` looks at.  An event of the class may write it.
    """


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """How pages show the field: what it is called, a word of *help* below its control, and which control that is.

    *when* is a condition on the other fields, as in a query (``{"kind": "paid"}``): the field is asked for only while
    it holds, and what is sent for it otherwise is left out.
    """

    label: str = ""
    help: str = ""
    widget: Widget | None = None
    when: Mapping[str, Any] | None = None
