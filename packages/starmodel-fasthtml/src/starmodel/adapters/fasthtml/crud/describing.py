"""What the values of a form are called: entities that it refers to, asked for once for each class, and all else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from typing import TYPE_CHECKING, Any

from starmodel.core.entity import Entity

from .naming import name_ids
from .values import NOTHING, Painter

if TYPE_CHECKING:
    from starmodel.adapters.fasthtml.nesting import FormValues

    from .call import PageCall
    from .fields import FieldShape

__all__ = ["as_text", "named_ids", "shape_at"]

_TAG = re.compile(r"<[^>]*>")


async def named_ids(
    call: PageCall, asked: Iterable[FieldShape], values: Mapping[str, Any], form: FormValues | None
) -> None:
    """Find out what every entity that *values*, and what was sent instead of them, refer to is called."""
    wanted: dict[type[Entity], set[str]] = {}
    known = {one.name: one for one in asked}
    for one in known.values():
        for kind, id in _ids(one, values.get(one.name)):
            wanted.setdefault(kind, set()).add(id)
    for name, id in {} if form is None else form.sent.items():
        found = shape_at(known, name)
        if found is not None and found.target is not None and isinstance(id, str):
            wanted.setdefault(found.target, set()).add(id)
    for kind, ids in wanted.items():
        await name_ids(call, kind, ids)


def _ids(shape: FieldShape, value: Any) -> Iterator[tuple[type[Entity], str]]:
    """Yield class and id of every reference in a value."""
    if shape.target is not None:
        yield from ((shape.target, id) for id in shape.ids(value))
        return
    if shape.many and shape.item is not None:
        for one in value or ():
            yield from _ids(shape.item, one)
        return
    for member in shape.members if value is not None else ():
        yield from _ids(member, getattr(value, member.name, None))


def shape_at(known: Mapping[str, FieldShape], name: str) -> FieldShape | None:
    """Return the shape of what is called *name*, dotted as in a form; ``None`` for what is not there."""
    top, *steps = name.split(".")
    found = known.get(top)
    for step in steps:
        if found is None:
            return None
        if step.isdigit():
            found = found if found.target is not None else found.item
        else:
            found = next((one for one in found.members if one.name == step), None)
    return found


def as_text(value: Any, shape: FieldShape, call: PageCall) -> str:
    """Return a value as text, for places that hold no markup."""
    if shape.target is not None:
        return ", ".join(call.names.get(id, id) for id in shape.ids(value)) or NOTHING
    return unescape(_TAG.sub("", Painter(call.kit, call.words).html(value, shape, short=True)))
