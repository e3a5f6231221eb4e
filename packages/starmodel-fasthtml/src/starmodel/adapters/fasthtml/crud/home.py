"""The first page of an application that has none of its own: what there is, how much of it, and what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.app import tally
from starmodel.app.policies import VISITOR_PREFIX
from starmodel.core.errors import QueryError
from starmodel.core.query import Query
from starmodel.core.ui import Link

from .additions import TILES, tiles
from .allowing import allowed
from .buttons import action_button
from .call import Content
from .values import NOTHING

if TYPE_CHECKING:
    from .call import PageCall
    from .shape import Shape

__all__ = ["home_page"]

_CAP = 1000
_CAP_ONE_BY_ONE = 100
"""Up to which number is counted where each entity has to be looked at: who may see it."""


async def home_page(call: PageCall) -> Content:
    """Return the page with a tile for each class."""
    title, shapes = call.site.title, call.site.shapes_for(call.read.actor)
    parts: list[Any] = [call.kit.heading(title, actions=_actions(call, shapes))]
    added = await tiles(call)
    if shapes or added:
        counted = [(_link(call, shape), await _count(call, shape)) for shape in shapes]
        parts.append(call.kit.tiles([*counted, *added]))
    else:
        text = call.words("Write a class of entities and hand it to create_app(): it gets its pages here.")
        parts.append(call.kit.empty(call.words("Nothing here yet"), text, icon="sprout"))
    return Content(title=title, parts=parts, lasting=call.read.is_everybodys and not call.runtime.plugins.has(TILES))


def _link(call: PageCall, shape: Shape) -> Link:
    return Link(label=call.words.label(shape.plural), href=shape.path, icon=shape.icon)


async def _count(call: PageCall, shape: Shape) -> str:
    """Return how many the reader may see, in words: up to a cap."""
    app, words = call.runtime.app, call.words
    await call.read.depend_on(shape.kind, Query())
    if app.is_open(shape.kind):
        cap, others = _CAP, {"not": {"id": {"startswith": VISITOR_PREFIX}}}
        count = await app.count(shape.kind, others, cap=cap + 1)
    else:
        cap = _CAP_ONE_BY_ONE
        try:
            count = await tally(app, shape.kind, Query(), actor=call.read.actor, cap=cap + 1)
        except QueryError:  # too many were looked at that are not the reader's to see
            return NOTHING
    return words("{count}+", count=words.number(cap)) if count > cap else words.number(count)


def _actions(call: PageCall, shapes: Any) -> list[Any]:
    """Return the events of the classes themselves; of several classes each with its name."""
    words = call.words
    return [
        action_button(
            call.kit,
            shape,
            one,
            "",
            words,
            tone="default",
            within="" if len(shapes) == 1 else words.label(shape.plural),
        )
        for shape in shapes
        for one in shape.class_actions
        if one.event.name in allowed(call, shape)
    ]
