"""One event for many entities: chosen by their boxes or by what the list asks, tried first, then done as a batch."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastcore.xml import ft

from starmodel.adapters.fasthtml.arguments import Arguments, Wanted
from starmodel.adapters.fasthtml.nesting import read_names
from starmodel.app import refusal_of, walk
from starmodel.app.bodies import by_name
from starmodel.core.commands import Command
from starmodel.core.entity import valid_id
from starmodel.core.errors import InvalidError, RefusedError
from starmodel.core.ui import Field

from .asking import ListCall
from .batches import Batch, Row, batch_id, is_key, new_key, row_id
from .call import Content
from .controls import Controls
from .describing import named_ids
from .panels import back_to_list, going_to, hidden, submit, with_pairs
from .posting import Sent, posted
from .spots import Spot
from .trying import outcome, tried

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from starmodel.adapters.fasthtml.nesting import FormValues
    from starmodel.app import Handler
    from starmodel.core.ui import Tone

    from .call import PageCall
    from .shape import Shape
    from .trying import Tried

__all__ = ["MOST_ROWS", "bulk_bar", "bulk_page", "bulk_rows", "to_list"]

MOST_ROWS = 10_000
"""So many entities are changed by one wish; whoever wants more asks again."""


def bulk_bar(call: PageCall, shape: Shape, can: frozenset[str]) -> Any:
    """Return what stands below a list for what is done to several of its rows; ``""`` where nothing can be done."""
    events = [name for name in shape.bulk_events if name in can]
    if not events:
        return ""
    words, kit = call.words, call.kit
    pairs = [pair for pair in call.pairs if pair[0] not in ("after", "before", "limit", "columns", "view")]
    page = Field(id="sm-bulk-page", name="_page", label=words("This page"), widget="checkbox")
    everything = Field(
        id="sm-bulk-all", name="all", label=words("All that match"), widget="checkbox", attributes={"value": "1"}
    )
    buttons = [submit(call, shape.event_label(name, words), name, tone=_tone(name)) for name in events]
    count = ft("output", words("For the rows that are chosen:"), klass="muted")
    count.attrs["data-sm-count"] = words("{count} chosen", count="{count}")
    chosen = ft("span", kit.field(page))
    chosen.attrs["data-sm-page"] = True
    bar = kit.toolbar([count, chosen, kit.field(everything), *buttons])
    return ft("form", bar, id="sm-bulk", method="post", action=with_pairs(f"{shape.path}/bulk", pairs))


def _tone(name: str) -> Tone:
    return "danger" if name == "delete" else "default"


async def to_list(call: PageCall, shape: Shape) -> ASGIApp:
    """Go to the list: what is sent here is answered to a form alone."""
    return going_to(with_pairs(shape.path, call.pairs))


async def bulk_page(call: PageCall, shape: Shape) -> ASGIApp:
    """Return what a wish for many entities is answered: what would happen, or the way to what happens."""
    return posted(call, shape, _taken)


@dataclass(slots=True)
class _Wish:
    """What is wanted of whom: an event, and ids; *capped* when there are more that match.

    *form* is what was filled in, ``None`` before anything was; *args* is what that says, *refusal* what is wrong
    with it.
    """

    handler: Handler
    ids: list[str]
    everything: bool
    capped: bool = False
    form: FormValues | None = None
    args: dict[str, Any] = field(default_factory=dict[str, Any])
    refusal: InvalidError | None = None

    @property
    def name(self) -> str:
        return self.handler.event.name


async def _taken(call: PageCall, shape: Shape, sent: Sent) -> Content | ASGIApp:
    wish = await _wish(call, shape, sent)
    if not wish.ids:
        raise RefusedError(call.words("Choose at least one row first."))
    await _read(call, wish, sent)
    if sent.first("_step") == "run" and wish.refusal is None:
        return await _begun(call, shape, wish, sent.first("_batch"))
    return await _preview_page(call, shape, wish)


async def _wish(call: PageCall, shape: Shape, sent: Sent) -> _Wish:
    is_first = not sent.first("_do")
    events, name = shape.bulk_events, sent.first("do") if is_first else sent.first("_do")
    if name not in events:
        raise RefusedError(call.words("Choose what to do with the rows that are chosen."))
    if sent.first("all" if is_first else "_all"):
        ids, capped = await _matching(call, shape)
        return _Wish(events[name], ids, everything=True, capped=capped)
    ids = sent.all("id" if is_first else "_id")
    return _Wish(events[name], list(dict.fromkeys(filter(valid_id, ids)))[:MOST_ROWS], everything=False)


async def _matching(call: PageCall, shape: Shape) -> tuple[list[str], bool]:
    """Return the ids of what the address asks for, and whether there are more of them than are taken."""
    asked, ids = ListCall.of(call, shape), list[str]()
    async for stretch in walk(call.runtime.app, shape.kind, asked.query, actor=call.read.actor):
        ids += [stored.entity.id for stored in stretch]
        if len(ids) > MOST_ROWS:
            return ids[:MOST_ROWS], True
    return ids, False


async def _read(call: PageCall, wish: _Wish, sent: Sent) -> None:
    """Read the arguments that the form has, as the form of one entity would be read."""
    if not sent.first("_do"):
        return
    wanted = Wanted.of(wish.handler.parameters)
    wish.form = read_names(by_name([pair for pair in sent.pairs if not pair[0].startswith("_")]), wanted.lists)
    try:
        arguments = Arguments(wish.form.nested(wanted.parts), is_text=True, key="", form=wish.form)
        forms = call.runtime.forms
        if forms is not None:
            arguments = await forms.completed(wish.handler, call.scope, arguments, call.read.actor)
        wish.handler.bind(arguments.values, text=True)
    except InvalidError as error:
        wish.refusal = error
    else:
        wish.args = arguments.values


# -- what would happen -------------------------------------------------------------------------------------------------


async def _preview_page(call: PageCall, shape: Shape, wish: _Wish) -> Content:
    words = call.words
    things = words.within(words.label(shape.label if len(wish.ids) == 1 else shape.plural))
    does = shape.event_label(wish.name, words)
    title = words("{event}: {count} {things}", event=does, count=words.number(len(wish.ids)), things=things)
    parts = [call.kit.heading(title, actions=[back_to_list(call, shape, with_pairs(shape.path, call.pairs))])]
    if wish.capped:
        text = words("More than {count} match. The first {count} are taken.", count=words.number(MOST_ROWS))
        parts.append(call.kit.alert(words("Not all of them at once"), text, level="warning"))
    if wish.refusal is not None:
        told = words.refusal(refusal_of(wish.refusal, "")).detail
        parts.append(call.kit.alert(words("Some values do not fit"), told, level="error"))
    if question := wish.handler.event.options.confirm:
        parts.append(call.kit.alert(words(question), words("It is done to all of them."), level="warning"))
    found = None
    if wish.refusal is None and (wish.form is not None or not wish.handler.parameters):
        found = await tried(call, shape, wish.name, wish.ids, wish.args)
        parts += outcome(call, shape, found, len(wish.ids))
    parts.append(await _form(call, shape, wish, found))
    return Content(title=title, parts=parts, status=422 if wish.refusal else 200)


async def _form(call: PageCall, shape: Shape, wish: _Wish, found: Tried | None) -> Any:
    words = call.words
    sent = [("_do", wish.name), ("_batch", new_key())]
    sent += [("_all", "1")] if wish.everything else [("_id", id) for id in wish.ids]
    fields = [shape.own.drawn(call.kit, one) for one in await _controls(call, shape, wish)]
    buttons = [submit(call, words("Try it"), "try", name="_step")] if fields else []
    if found is not None and (found.changed or found.seen < len(wish.ids)):
        label = words("{event} them", event=shape.event_label(wish.name, words))
        buttons.append(submit(call, label, "run", name="_step", tone="danger" if wish.name == "delete" else "primary"))
    address = with_pairs(f"{shape.path}/bulk", call.pairs)
    return call.kit.form([*hidden(sent), *fields], buttons, attributes={"method": "post", "action": address})


async def _controls(call: PageCall, shape: Shape, wish: _Wish) -> list[Field]:
    """Return the controls of the event's arguments: none of its fields has a value that all of the rows share."""
    asked = shape.parameters(wish.name)
    spots = [Spot(one.name, None if one.default is None else one.default(), one.name) for one in asked]
    await named_ids(call, asked, {spot.name: spot.value for spot in spots}, wish.form)
    wrong: dict[str, list[str]] = {}
    for problem in wish.refusal.problems if wish.refusal is not None else ():
        wrong.setdefault(".".join(map(str, problem.loc)), []).append(call.words.problem(problem))
    places = {one.kind: f"{one.path}/choices" for one in call.site.shapes}
    controls = Controls(call.words, call.runtime.app.codec, "sm-arg", call.names, wish.form, wrong, places)
    return [made for one, spot in zip(asked, spots, strict=True) for made in controls.fields(one, spot)]


# -- what happens -----------------------------------------------------------------------------------------------------


async def _begun(call: PageCall, shape: Shape, wish: _Wish, key: str) -> ASGIApp:
    if not is_key(key):
        raise RefusedError(call.words("This page is too old. Go back to the list and begin again."))
    actor = call.read.actor
    id = batch_id(actor, key)
    plan = {"ids": wish.ids, "args": wish.args} if not wish.handler.secrets else {}
    batch = Batch(
        id=id,
        of=shape.name,
        does=wish.name,
        back=with_pairs(shape.path, call.pairs),
        plan=json.dumps(plan),
        total=len(wish.ids),
    )
    await call.site.batches.begin(batch, bulk_rows(shape, id, wish.name, wish.ids, wish.args), actor)
    return going_to(f"{shape.path}/batches/{id}")


async def bulk_rows(
    shape: Shape, batch: str, event: str, ids: Sequence[str], args: dict[str, Any]
) -> AsyncIterator[Row]:
    """Yield the command of every row."""
    for number, id in enumerate(ids):
        command = Command(entity=shape.name, event=event, entity_id=id, args=args, id=row_id(batch, number))
        yield Row(number, id, command, is_text=True)
