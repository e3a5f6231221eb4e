"""Pages that an application makes in the place of the usual ones, in the same frame."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import Response

from .call import Content

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp

    from .call import PageCall
    from .replacing import OwnPage, PageName
    from .shape import Shape

__all__ = ["Own", "own_page", "page_or_own"]


class Own(NamedTuple):
    """What an application's own function made, and whether the usual page stands in it."""

    made: Content | ASGIApp
    has_usual: bool


async def page_or_own(
    call: PageCall, shape: Shape, name: PageName, usual: Callable[[], Awaitable[Content]]
) -> Content | ASGIApp:
    """Return the application's own page *name* of a class; the *usual* one where it has none."""
    own = shape.own.pages.get(name)
    return await usual() if own is None else (await own_page(call, shape, own, usual)).made


async def own_page(call: PageCall, shape: Shape, own: OwnPage, usual: Callable[[], Awaitable[Content]]) -> Own:
    """Return what *own* makes of the call; it is made anew for everybody, for it may show what no store knows."""
    found: list[Content] = []

    async def default() -> Content:
        found.append(await usual())
        return found[-1]

    made = own(replace(call, usual=default))
    made = await made if inspect.isawaitable(made) else made
    if isinstance(made, Content):
        return Own(replace(made, lasting=False), bool(found))
    if isinstance(made, Response):  # such as the way elsewhere
        return Own(made, bool(found))
    title = found[-1].title if found else call.words.label(shape.label if call.id else shape.plural)
    return Own(Content(title=title, parts=made if isinstance(made, list | tuple) else [made]), bool(found))
