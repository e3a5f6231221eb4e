"""What the controls of a form ask while it is being filled in: who is called like this, is this value right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.adapters.fasthtml.arguments import Wanted, read_arguments
from starmodel.adapters.fasthtml.replies import send_json
from starmodel.app import permitted, refusal_of
from starmodel.core.commands import Command
from starmodel.core.errors import NotFoundError, StarModelError
from starmodel.core.events import DEFAULT_BODIES
from starmodel.core.query import Query

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from starmodel.adapters.fasthtml.nesting import FormValues
    from starmodel.app import Handler, Refusal

    from .call import PageCall
    from .shape import Shape

__all__ = ["checked_values", "found_choices"]

_MOST_CHOICES = 20


async def found_choices(call: PageCall, shape: Shape) -> ASGIApp:
    """Return the entities that a reference may lead to: at most twenty that may be seen and match ``q``."""
    text = call.first("q")[:200]
    order = (shape.naming,) if shape.naming else ()
    query = Query(limit=_MOST_CHOICES, order=order)
    if text.strip() and shape.search_fields:
        query = Query(search=" ".join(text.split()[:8]), limit=_MOST_CHOICES)
    elif text.strip():
        query = Query(where={"id": {"startswith": text.strip()}}, limit=_MOST_CHOICES)
    page = await permitted(call.runtime.app, shape.kind, query.checked(shape.kind), actor=call.read.actor)
    found = [{"id": stored.entity.id, "name": shape.called(stored.entity)} for stored in page.items]

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send_json(send, 200, {"choices": found})

    return answer


async def checked_values(call: PageCall, shape: Shape) -> ASGIApp:
    """Return what tells what is wrong with the values of a form; nothing is changed by it."""
    handler = shape.handlers.get(call.event)
    if handler is None or handler.reads_only or handler.event.of_class is bool(call.id):
        raise NotFoundError(shape.name, call.id or call.event)
    found = handler

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send_json(send, 200, {"errors": await _errors(call, found, scope, receive)})

    return answer


async def _errors(call: PageCall, handler: Handler, scope: Scope, receive: Receive) -> list[dict[str, Any]]:
    """Return the problems of a form as its event would be answered; those of the whole have no place.

    The bodies of *create* and *update* set fields and nothing else, so that they can be run for a trial; what another
    event does is nobody's to do before its form is sent.
    """
    actor, app, form = call.read.actor, call.runtime.app, None
    try:
        arguments = await read_arguments(scope, receive, Wanted.of(handler.parameters))
        form = arguments.form
        if call.runtime.forms is not None:
            asked_of = {**scope, "path_params": {"id": call.id} if call.id else {}}
            arguments = await call.runtime.forms.completed(handler, asked_of, arguments, actor)
        if handler.event.fn in DEFAULT_BODIES:
            name = handler.kind.__entity_name__
            command = Command(entity=name, event=call.event, args=arguments.values, entity_id=call.id or None)
            await app.preview(command, actor=actor, text=True)
        else:
            handler.bind(app.files.claimed(handler, arguments.values, actor), text=True)
    except StarModelError as error:
        return _told(call.words.refusal(refusal_of(error, "")), form)
    return []


def _told(refusal: Refusal, form: FormValues | None) -> list[dict[str, Any]]:
    """Return what is wrong, each with the name of the field it is wrong at; of the whole it is at none."""
    found: list[dict[str, Any]] = refusal.to_dict()["errors"]
    if not found:
        return [{"loc": [], "message": refusal.detail, "code": refusal.code, "name": ""}]
    return [{**one, "name": "" if form is None else form.name_of(one["loc"])} for one in found]
