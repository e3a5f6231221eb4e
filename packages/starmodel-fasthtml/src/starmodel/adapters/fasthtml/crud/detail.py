"""The page of one entity: what it is, what can be done with it, what refers to it, and what happened to it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from starmodel.adapters.fasthtml.markup import Raw
from starmodel.app import may_read, past_of
from starmodel.core.errors import NotFoundError, QueryError
from starmodel.core.ui import Link

from .additions import panels
from .allowing import may
from .buttons import action_button, form_link
from .call import Content
from .naming import name_references
from .relating import related
from .replaced import page_or_own
from .replacing import USUAL
from .timeline import name_actors, read_past, referred, timeline
from .values import Painter

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from starmodel.app import Step
    from starmodel.core.entity import Entity
    from starmodel.core.query import Stored

    from .call import PageCall
    from .fields import FieldShape
    from .shape import Shape

__all__ = ["detail_page"]


async def detail_page(call: PageCall, shape: Shape) -> Content | ASGIApp:
    """Return the page of an entity; NotFoundError when it never was there, or is not for the reader to see."""
    if call.first("at"):
        return await _as_of(call, shape)
    key = (shape.name, call.id)
    call.read.fields.add(key)
    try:
        await call.read.load(shape.kind, call.id)
    except NotFoundError:
        return await _deleted(call, shape)
    return await page_or_own(call, shape, "detail", partial(_as_it_is, call, shape))


async def _as_it_is(call: PageCall, shape: Shape) -> Content:
    stored: Stored[Any] | None = call.read.stored_under((shape.name, call.id))
    assert stored is not None, "it was loaded"  # noqa: S101  (for the checker)
    past = await read_past(call, shape, stored)
    entity = stored.entity
    await name_references(call, shape, [entity, *referred(past, shape)], shape.fields)
    await name_actors(call, past)
    name = shape.called(entity)
    parts = [
        call.kit.heading(
            call.words.isolated(name), subtitle=call.words.label(shape.label), actions=_actions(call, shape, entity)
        ),
        _facts(call, shape, entity),
        *await panels(call, "detail", entity),
        *await related(call, shape),
        timeline(call, shape, past, stored),
    ]
    return Content(title=name, parts=parts)


def _actions(call: PageCall, shape: Shape, entity: Entity) -> list[Any]:
    """Return what the reader may do with *entity*."""
    kit, words, id = call.kit, call.words, entity.id
    allowed = [one for one in shape.actions if may(call, shape, one.event.name, entity)]
    made = [action_button(kit, shape, one, id, words, tone="default") for one in allowed]
    if "update" in shape.handlers and may(call, shape, "update", entity):
        edit = form_link(kit, words("Edit"), f"{shape.path}/{id}/edit", tone="primary", icon="pencil")
        made.insert(0, edit)
    if "delete" in shape.handlers and may(call, shape, "delete", entity):
        made.append(action_button(kit, shape, shape.handlers["delete"], id, words, tone="danger", icon="trash-2"))
    return made


def _facts(call: PageCall, shape: Shape, entity: Entity) -> Any:
    painter, at = Painter(call.kit, call.words), "" if call.first("at") else f"{shape.path}/{entity.id}"
    pairs = [
        (call.words.label(field.label), _fact(call, shape, entity, painter, field, at))
        for field in shape.fields.values()
    ]
    return call.kit.section("", [call.kit.facts(pairs)]) if pairs else ""


def _fact(call: PageCall, shape: Shape, entity: Entity, painter: Painter, field: FieldShape, at: str) -> Any:
    own = shape.own.facts.get(field.name)
    drawn = USUAL if own is None else own(entity)
    if drawn is not USUAL:
        return drawn
    return Raw(painter.fact(getattr(entity, field.name), field, call.names, at=at))


async def _deleted(call: PageCall, shape: Shape) -> Content:
    """Return the page of what is not there any more, to whoever might have seen it."""
    was = (await _deletion(call, shape)).before
    past = await read_past(call, shape, None)
    await name_references(call, shape, referred(past, shape), shape.fields)
    await name_actors(call, past)
    words = call.words
    name = shape.called(was) if was is not None else words.label(shape.label)
    back = call.kit.link(Link(label=words.label(shape.plural), href=shape.path, icon=shape.icon), tone="default")
    parts = [
        call.kit.heading(words.isolated(name), subtitle=words.label(shape.label), actions=[back]),
        call.kit.alert(words("Deleted"), words("This is not there any more."), level="warning"),
        timeline(call, shape, past, None),
    ]
    return Content(title=name, parts=parts, status=410)


async def _deletion(call: PageCall, shape: Shape) -> Step[Any]:
    """Return how an entity ended that is not there any more; NotFoundError to whoever might not have seen it then."""
    app, actor = call.runtime.app, call.read.actor
    last = await past_of(app, shape.kind, call.id, actor=actor, stored=None, limit=1)
    if not last.steps or last.steps[0].change.after is not None or not last.steps[0].is_open:
        raise NotFoundError(shape.name, call.id)
    return last.steps[0]


async def _as_of(call: PageCall, shape: Shape) -> Content:
    """Return the entity as it was at a version: to be read only."""
    entity, words = await _at_version(call, shape), call.words
    await name_references(call, shape, [entity], shape.fields)
    name = shape.called(entity)
    now = call.kit.link(Link(label=words("As it is now"), href=call.path), tone="primary")
    text = words("This is how it once was; nothing can be changed here.")
    parts = [
        call.kit.heading(words.isolated(name), subtitle=words.label(shape.label), actions=[now]),
        call.kit.alert(await _since(call, shape), text, level="info"),
        _facts(call, shape, entity),
    ]
    return Content(title=name, parts=parts)


async def _since(call: PageCall, shape: Shape) -> str:
    """Return when the version in the address was made; its number where the log does not tell."""
    number, words = call.first("at"), call.words
    made = await call.runtime.app.history.timeline(shape.kind, call.id, before_version=int(number) + 1, limit=1)
    return (
        words("Since {moment}", moment=words.moment(made[-1].at)) if made else words("Version {number}", number=number)
    )


async def _at_version(call: PageCall, shape: Shape) -> Entity:
    """Return the entity at the version in the address, if the reader may see it so, and as it is now."""
    text = call.first("at")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise QueryError(f"at={text[:40]!r} must be a version: a whole number")
    app, actor = call.runtime.app, call.read.actor
    stored = await app.persistence.for_class(shape.kind).get(shape.kind, call.id)
    if stored is None:
        await _deletion(call, shape)
    elif not may_read(app, actor, stored.entity):
        raise NotFoundError(shape.name, call.id)
    entity = await app.history.as_of(shape.kind, call.id, version=int(text))
    if entity is None or not may_read(app, actor, entity):
        raise NotFoundError(shape.name, call.id)
    return entity
