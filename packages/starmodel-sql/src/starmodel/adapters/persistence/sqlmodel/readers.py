"""What stands on a table's class for a field or a relationship: an expression there, a value or an error elsewhere."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import InspectionAttr, InspectionAttrExtensionType

from starmodel.core.snapshot import FieldReader, Snapshot

from .errors import UnloadedError

__all__ = ["ColumnReader", "RelationReader"]


class _Extension(InspectionAttrExtensionType):
    """How SQLAlchemy tells these from attributes of its own, as it does with hybrid properties."""

    READER = "STARMODEL_READER"


class _Expressed(InspectionAttr):
    __slots__ = ()
    is_attribute = True
    extension_type = _Extension.READER


class ColumnReader(FieldReader, _Expressed):
    """A field's reader that is SQLAlchemy's attribute on the class: ``BlogPost.title == "x"`` is an expression."""

    __slots__ = ("expression",)

    def __init__(self, name: str, expression: Any) -> None:
        super().__init__(name)
        self.expression = expression

    def __get__(self, snapshot: Snapshot | None, owner: type[Snapshot]) -> Any:
        return self.expression if snapshot is None else super().__get__(snapshot, owner)


class RelationReader(_Expressed):
    """A relationship is SQLAlchemy's attribute on the class; a snapshot does not hold it, and says what to do."""

    __slots__ = ("expression", "name")

    def __init__(self, name: str, expression: Any) -> None:
        self.name, self.expression = name, expression

    def __get__(self, snapshot: Snapshot | None, owner: type[Snapshot]) -> Any:
        if snapshot is None:
            return self.expression
        raise UnloadedError(owner.__name__, self.name)
