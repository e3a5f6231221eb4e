"""The forms of events: which there are, for whom, and what stands in them at first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starmodel.adapters.fasthtml.commands import back_to
from starmodel.core.errors import ForbiddenError, NotFoundError, RefusedError
from starmodel.core.query import Query
from starmodel.core.snapshot import plain

from .chips import said
from .describing import named_ids
from .form_views import FormView, shows_entity
from .pieces import Piece
from .showing import holds
from .spots import Spot

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from starmodel.adapters.fasthtml.nesting import FormValues
    from starmodel.app import Handler, Refusal
    from starmodel.core.query import Stored

    from .call import Content, PageCall
    from .fields import FieldShape
    from .shape import Shape

__all__ = ["cell_form", "change_page", "create_page", "event_page", "form_view"]


async def create_page(call: PageCall, shape: Shape) -> Content | ASGIApp:
    """Return the form that makes a new entity."""
    return await _opened(call, shape, "create")


async def change_page(call: PageCall, shape: Shape) -> Content | ASGIApp:
    """Return the form that changes an entity."""
    return await _opened(call, shape, "update")


async def cell_form(call: PageCall, shape: Shape) -> ASGIApp:
    """Return the form of the one field that the address names, to be laid over its cell in a list."""
    if shape.fields.get(call.event) is None:
        raise NotFoundError(shape.name, call.event)
    view = await form_view(replace(call, event="update"), shape, "update", back="")
    await _refuse_hidden(call, shape, view)
    return Piece(view.cell(call.event))


async def _refuse_hidden(call: PageCall, shape: Shape, view: FormView) -> None:
    """Refuse the form of a field that is asked for only while a condition holds, where it does not."""
    values = {name: spot.value for name, spot in view.spots.items()}
    for one in view.asked:
        if one.name == call.event and one.when is not None and not holds(one.when, values):
            where = Query(where=one.when).checked(shape.kind).where
            label, condition = call.words.label(one.label), await said(call, shape, where)
            raise RefusedError(
                call.words("{label} is asked for only while: {condition}", label=label, condition=condition)
            )


async def event_page(call: PageCall, shape: Shape) -> Content | ASGIApp:
    """Return the form of the event in the address."""
    return await _opened(call, shape, call.event)


async def _opened(call: PageCall, shape: Shape, event: str) -> Content | ASGIApp:
    view = await form_view(call, shape, event, back=_back(call, shape, event))
    return await view.shown()


def _back(call: PageCall, shape: Shape, event: str) -> str:
    """Return the page that a form leads back to: the one it was opened on, but none that will not be there."""
    came = back_to(call.scope)
    own = f"{shape.path}/{call.id}" if call.id else shape.path
    if event == "delete" and (came == "/" or came.startswith(own)):
        return shape.path
    is_form = came.startswith((f"{shape.path}/new", f"{own}/do/", f"{shape.path}/do/")) or came == f"{own}/edit"
    return own if came == "/" or is_form else came


async def form_view(
    call: PageCall,
    shape: Shape,
    event: str,
    *,
    back: str,
    form: FormValues | None = None,
    refusal: Refusal | None = None,
) -> FormView:
    """Return the form of an event; with *form* as it was sent, and with the *refusal* that it was answered.

    NotFoundError when there is no such event or entity, or it may not be seen; ForbiddenError when it may not be used.
    """
    handler = shape.handlers.get(event)
    if handler is None or handler.reads_only or handler.event.of_class is bool(call.id):
        raise NotFoundError(shape.name, call.id or event)
    stored = None if handler.event.of_class else await _target(call, shape)
    entity = None if stored is None else stored.entity
    _allow(call, shape, handler, call.id or None, entity)
    asked = [_for_change(shape, one) if shows_entity(handler) else one for one in shape.parameters(event)]
    spots = {one.name: _spot(one, shape, handler, entity) for one in asked}
    await named_ids(call, asked, {name: spot.value for name, spot in spots.items()}, form)
    return FormView(call, shape, handler, stored, asked, spots, back, form, refusal)


async def _target(call: PageCall, shape: Shape) -> Stored[Any]:
    await call.read.load(shape.kind, call.id, implicit=True)
    key = shape.name, call.id
    call.read.fields.add(key)
    stored = call.read.stored_under(key)
    if stored is None:
        raise NotFoundError(shape.name, call.id)
    return stored


def _allow(call: PageCall, shape: Shape, handler: Handler, id: str | None, entity: Any) -> None:
    """Refuse a form that its event would refuse: nobody fills it in for nothing."""
    actor, name = call.read.actor, handler.event.name
    if actor.trusted:
        return
    decision = call.runtime.app.policy.decide(actor, name, shape.kind, id, entity)
    if not decision.allowed:
        if decision.hidden:
            raise NotFoundError(shape.name, call.id)
        raise ForbiddenError(f"{shape.name}.{name}", decision.why)


def _for_change(shape: Shape, asked: FieldShape) -> FieldShape:
    known = shape.fields.get(asked.name)
    return asked if known is None else replace(asked, required=known.required, default=None)


def _is_field_in_parts(asked: FieldShape, shape: Shape) -> bool:
    """Tell whether an argument is a field of the entity that is made of parts: it begins with what they are.

    Who changes one part of it would else send blanks for all others.
    """
    field = shape.fields.get(asked.name)
    is_same = field is not None and field.kind is asked.kind and not field.secret and not asked.secret
    return is_same and asked.widget == "group" and asked.default is None


def _spot(asked: FieldShape, shape: Shape, handler: Handler, entity: Any) -> Spot:
    if entity is not None and shows_entity(handler):
        value = None if asked.secret else getattr(plain(entity), asked.name, None)
        return Spot(asked.name, value, asked.name, is_change=True)
    if entity is not None and _is_field_in_parts(asked, shape):
        return Spot(asked.name, getattr(plain(entity), asked.name), asked.name)
    return Spot(asked.name, None if asked.default is None else asked.default(), asked.name)
