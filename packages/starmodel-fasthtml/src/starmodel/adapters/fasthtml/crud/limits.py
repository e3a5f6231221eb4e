"""What a browser can check of a value by itself, as the attributes of its control."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.core.annotations import marks_of

if TYPE_CHECKING:
    from .fields import FieldShape

__all__ = ["limits_of"]


def limits_of(shape: FieldShape) -> dict[str, Any]:
    """Return what a browser can check of a value by itself."""
    found: dict[str, Any] = {}
    if shape.widget == "number":
        found["step"] = "1" if shape.kind is int else "any"
    if shape.widget in ("time", "datetime"):
        found["step"] = "any"
    names = {"ge": "min", "le": "max", "min_length": "minlength", "max_length": "maxlength"}
    for mark in marks_of(shape.annotation):
        for part in (mark, *getattr(mark, "metadata", ())):
            limits = {attribute: getattr(part, name, None) for name, attribute in names.items()}
            found |= {name: str(limit) for name, limit in limits.items() if isinstance(limit, int | float | str)}
    return found if not shape.many else {}
