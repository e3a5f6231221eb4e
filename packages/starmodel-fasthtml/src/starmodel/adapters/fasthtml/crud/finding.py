"""What the palette finds: pages, what can be done on them, and entities with what can be done to each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starmodel.app import permitted
from starmodel.core.entity import valid_id
from starmodel.core.errors import NotFoundError, QueryError
from starmodel.core.query import Query

from .allowing import allowed
from .buttons import event_path, form_path, has_form

if TYPE_CHECKING:
    from starmodel.app import Handler
    from starmodel.core.entity import Entity

    from .call import PageCall
    from .shape import Shape

__all__ = ["Found", "actions_of", "found"]

_LONGEST = 100
_WORDS = 8
_PER_CLASS = 5
_MOST = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One thing to choose: a way to *href*, in a dialog if *is_form*, or with *sends* a command that is sent there.

    *of* names the entity whose actions can be offered next.
    """

    label: str
    note: str
    icon: str = ""
    href: str = ""
    is_form: bool = False
    sends: str = ""
    confirm: str = ""
    of: str = ""


async def found(call: PageCall, text: str) -> list[Found]:
    """Return what fits every word of *text*; without words the pages and what can be done on them."""
    words = text[:_LONGEST].casefold().split()[:_WORDS]
    fitting = [one for one in _places(call) if _fits(one.label, words)]
    if words:
        for shape in call.site.shapes:
            fitting += [one async for one in _entities(call, shape, words)]
    return fitting[:_MOST]


async def actions_of(call: PageCall, name: str) -> list[Found]:
    """Return what can be done with the entity *name*, ``todo/7``; NotFoundError when it is not there to be seen."""
    path, _, id = name.partition("/")
    shape = next((one for one in call.site.shapes if one.path == f"/{path}"), None)
    if shape is None or not valid_id(id):
        raise NotFoundError("entity", name[:80])
    await call.read.load(shape.kind, id)
    entity: Any = call.read.snapshot((shape.name, id))
    return [_opened(call, shape, entity), *(_done(call, shape, entity, *one) for one in _offered(call, shape, entity))]


def _places(call: PageCall) -> Iterator[Found]:
    words, site = call.words, call.site
    for link in site.links_for(call.read.actor):
        yield Found(label=words.label(link.label), note=words("Page"), icon=link.icon, href=link.href)
    for shape in site.shapes:
        can = allowed(call, shape)
        if "create" in can:
            label = words("New {thing}", thing=words.within(words.label(shape.label)))
            yield Found(label=label, note=words("Action"), icon="plus", href=f"{shape.path}/new", is_form=True)
        for handler in [one for one in shape.class_actions if one.event.name in can]:
            label = f"{words.label(shape.plural)}: {shape.event_label(handler.event.name, words)}"
            yield _action(call, shape, handler, "", label)


async def _entities(call: PageCall, shape: Shape, words: Sequence[str]) -> Any:
    """Yield entities that have all the words, and those that have what follows the name of an event, with the event.

    Where nothing follows it, those that a list begins with.
    """
    if not shape.search_fields:
        return
    for entity in await _searched(call, shape, words, _PER_CLASS):
        yield _opened(call, shape, entity)
    for count in range(1, len(words) + 1):
        begun = " ".join(words[:count])
        if len(begun) < 2 or not any(_begins(label, begun) for label in _labels(call, shape)):
            continue
        for entity in await _searched(call, shape, words[count:], _PER_CLASS - 2):
            for handler, label in _offered(call, shape, entity):
                if _begins(label, begun):
                    yield _done(call, shape, entity, handler, label)


async def _searched(call: PageCall, shape: Shape, words: Sequence[str], limit: int) -> list[Entity]:
    query = Query(search=" ".join(words), limit=limit) if words else Query(order=shape.order, limit=limit)
    try:
        page = await permitted(call.runtime.app, shape.kind, query, actor=call.read.actor)
    except QueryError:  # too many were looked at that are not the reader's to see
        return []
    return [stored.entity for stored in page.items]


def _labels(call: PageCall, shape: Shape) -> list[str]:
    return [
        shape.event_label(name, call.words) for name in ("update", "delete", *(one.event.name for one in shape.actions))
    ]


def _offered(call: PageCall, shape: Shape, entity: Entity) -> Iterator[tuple[Handler, str]]:
    """Yield the events of *entity* that are offered to the reader, and what they are called."""
    own = {one.event.name: one for one in shape.actions}
    rest = {name: shape.handlers[name] for name in ("update", "delete") if name in shape.handlers}
    decide, actor = call.runtime.app.policy.decide, call.read.actor
    for name, handler in {**own, **rest}.items():
        if actor.trusted or decide(actor, name, shape.kind, entity.id, entity).allowed:
            yield handler, shape.event_label(name, call.words)


def _opened(call: PageCall, shape: Shape, entity: Entity) -> Found:
    href = f"{shape.path}/{entity.id}"
    return Found(
        label=shape.called(entity), note=call.words.label(shape.label), icon=shape.icon, href=href, of=href.strip("/")
    )


def _done(call: PageCall, shape: Shape, entity: Entity, handler: Handler, label: str) -> Found:
    return _action(call, shape, handler, entity.id, f"{label}: {call.words.isolated(shape.called(entity))}")


def _action(call: PageCall, shape: Shape, handler: Handler, id: str, label: str) -> Found:
    """Return what runs an event: the way to its form where it has one."""
    note, name = call.words("Action"), handler.event.name
    if name == "update":
        return Found(label=label, note=note, icon="pencil", href=f"{shape.path}/{id}/edit", is_form=True)
    if has_form(handler):
        return Found(label=label, note=note, icon="zap", href=form_path(shape, name, id), is_form=True)
    return Found(label=label, note=note, icon="zap", sends=event_path(shape, handler, id))


def _begins(label: str, begun: str) -> bool:
    return label.casefold().startswith(begun)


def _fits(label: str, words: Sequence[str]) -> bool:
    text = label.casefold()
    return all(word in text for word in words)
