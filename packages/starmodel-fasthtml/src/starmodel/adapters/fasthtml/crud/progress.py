"""How far a batch is, live; and the ways to go on with it, or to take all of it back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fastcore.xml import ft

from starmodel.app import readable
from starmodel.core.errors import NotFoundError, RefusedError
from starmodel.core.ui import Link

from .allowing import allowed
from .batches import Batch, batch_id, undoing
from .bulk import bulk_rows
from .call import Content
from .imports import go_on_importing
from .naming import name_ids
from .panels import back_to_list, going_to, submit
from .posting import Sent, posted

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from .call import PageCall
    from .shape import Shape

__all__ = ["batch_page", "batch_wish"]

_LISTED = 100


async def batch_page(call: PageCall, shape: Shape) -> Content:
    """Return how far the batch is that the address names; its page is kept up to date while it runs."""
    batch = await call.read.load(Batch, call.id)
    if batch.of != shape.name:
        raise NotFoundError(Batch.__entity_name__, call.id)
    call.read.fields.add((Batch.__entity_name__, call.id))
    words, number = call.words, call.words.number
    title = _title(call, shape, batch)
    back = back_to_list(call, shape, batch.back or shape.path)
    facts: list[tuple[str, Any]] = [
        (words("Done"), number(batch.done)),
        (words("As they were"), number(batch.unchanged)),
        (words("Refused"), number(batch.refused)),
    ]
    parts: list[Any] = [
        call.kit.heading(title, subtitle=_state(call, batch), actions=[back]),
        call.kit.section("", [_bar(call, batch), call.kit.facts(facts), _ways(call, shape, batch)]),
    ]
    if batch.note:
        parts.insert(1, call.kit.alert(words("It was stopped"), batch.note, level="error"))
    if batch.refusals:
        parts.append(call.kit.section(words("What was refused"), [await _refusals(call, shape, batch)]))
    return Content(title=title, parts=parts)


def _title(call: PageCall, shape: Shape, batch: Batch) -> str:
    words = call.words
    event = words("Undo") if batch.undoes else shape.event_label(batch.does, words)
    things = words.within(words.label(shape.label if batch.total == 1 else shape.plural))
    return words("{event}: {count} {things}", event=event, count=words.number(batch.total), things=things)


def _state(call: PageCall, batch: Batch) -> str:
    words = call.words
    if batch.state == "done":
        return words("It is done.")
    if batch.is_idle(call.runtime.app.clock.now()):
        return words("It does not go on by itself.")
    return words("It is being done; you may leave this page.")


def _bar(call: PageCall, batch: Batch) -> Any:
    label = {"aria-label": call.words("How far it is")}
    seen = batch.total if batch.state == "done" else batch.seen
    return ft("progress", value=str(seen), max=str(max(batch.total, 1)), **label)


def _ways(call: PageCall, shape: Shape, batch: Batch) -> Any:
    words, buttons = call.words, list[Any]()
    is_idle = batch.is_idle(call.runtime.app.clock.now())
    if is_idle and batch.done and _may_be_undone(call, shape, batch):
        buttons.append(submit(call, words("Undo all of it"), "undo", tone="default", icon="undo-2"))
    if is_idle and batch.can_go_on:
        buttons.append(submit(call, words("Go on"), "go-on", tone="primary"))
    if batch.state == "running":
        buttons.append(call.kit.link(Link(label=words("Look again"), href=call.path), tone="quiet"))
    if not buttons:
        return ""
    action = f"{shape.path}/batches/{batch.id}"
    return ft("form", *buttons, method="post", action=action, klass="sm-actions")


def _may_be_undone(call: PageCall, shape: Shape, batch: Batch) -> bool:
    """Tell whether to offer to take the batch back; of each of its rows it is asked when that is done."""
    needs = {"undo", "create" if batch.does == "delete" else "undo"}
    return needs <= allowed(call, shape)


async def _refusals(call: PageCall, shape: Shape, batch: Batch) -> Any:
    if batch.does != "import":
        await name_ids(call, shape.kind, [one.name for one in batch.refusals[:_LISTED]])
    pairs: list[tuple[str, Any]] = []
    for one in batch.refusals[:_LISTED]:
        if batch.does == "import":
            pairs.append((call.words("Line {number}", number=one.name), one.why))
            continue
        where = call.kit.link(Link(label=call.words("Open"), href=f"{shape.path}/{one.name}"))
        pairs.append((call.names.get(one.name, one.name[-8:]), ft("span", one.why, " ", where)))
    table = call.kit.facts(pairs)
    rest = batch.refused - len(pairs)
    return ft("div", table, ft("p", call.words("and {count} more", count=call.words.number(rest))) if rest > 0 else "")


async def batch_wish(call: PageCall, shape: Shape) -> ASGIApp:
    """Return what goes on with a batch, or takes it back."""
    return posted(call, shape, _wished)


async def _wished(call: PageCall, shape: Shape, sent: Sent) -> ASGIApp:
    application, actor = call.runtime.app, call.read.actor
    batch = (await readable(application, Batch, call.id, actor=actor)).entity
    if batch.of != shape.name:
        raise NotFoundError(Batch.__entity_name__, call.id)
    if not batch.is_idle(application.clock.now()):
        raise RefusedError(call.words("It is still being done. Wait until it is finished."))
    if sent.first("do") == "undo" and "undo" in shape.handlers:
        return await _undone(call, shape, batch)
    if sent.first("do") == "go-on" and batch.can_go_on:
        await _gone_on(call, shape, batch)
    return going_to(f"{shape.path}/batches/{batch.id}")


async def _undone(call: PageCall, shape: Shape, batch: Batch) -> ASGIApp:
    """Take a batch back, once: the batch that does it is told from others by the one that it takes back."""
    actor = call.read.actor
    id = batch_id(actor, f"u{batch.id.rpartition('-')[2]}"[:31])
    new = Batch(id=id, of=batch.of, does="undo", back=batch.back, undoes=batch.id, total=batch.total)
    rows = undoing(call.runtime.app, shape.kind, id, batch)
    await call.site.batches.begin(new, rows, actor)
    return going_to(f"{shape.path}/batches/{id}")


async def _gone_on(call: PageCall, shape: Shape, batch: Batch) -> None:
    """Run a batch again from its first row: what was done is not done twice."""
    application, actor = call.runtime.app, call.read.actor
    if batch.does == "import":
        go_on_importing(call, shape, batch)
    elif batch.undoes:
        of = (await readable(application, Batch, batch.undoes, actor=actor)).entity
        call.site.batches.run(batch.id, undoing(application, shape.kind, batch.id, of), actor)
    elif batch.does in shape.bulk_events:
        plan = json.loads(batch.plan)
        call.site.batches.run(batch.id, bulk_rows(shape, batch.id, batch.does, plan["ids"], plan["args"]), actor)
