"""What happened to an entity, as its page tells it: who did what, which values changed, and the way back."""

from __future__ import annotations

from html import escape
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from fastcore.xml import ft

from starmodel.adapters.fasthtml.markup import Raw
from starmodel.app import Past, Step, may_be_undone, may_ever, past_of
from starmodel.app.policies import is_private_id
from starmodel.core.actors import SYSTEM
from starmodel.core.entity import fields_of
from starmodel.core.errors import QueryError
from starmodel.core.options import READ
from starmodel.core.ui import Entry, Link
from starmodel.core.visibility import Visibility

from .buttons import command_button
from .fields import label_of
from .naming import name_ids
from .values import Painter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starmodel.core.query import Stored

    from .call import PageCall
    from .shape import Shape
    from .words import Words

__all__ = ["name_actors", "read_past", "referred", "timeline"]

_SERVICES = ("undo", "redo")
_ICONS = {"create": "plus", "update": "pencil", "delete": "trash-2", "undo": "undo-2", "redo": "redo-2"}


async def read_past(call: PageCall, shape: Shape, stored: Stored[Any] | None) -> Past[Any]:
    """Return the stretch of the past that the address asks for; QueryError for one that is none."""
    text = call.first("before")
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise QueryError(f"before={text[:40]!r} must be a version: a whole number")
    before = int(text) if text else None
    app, actor = call.runtime.app, call.read.actor
    return await past_of(app, shape.kind, call.id, actor=actor, stored=stored, before_version=before)


def referred(past: Past[Any], shape: Shape) -> list[Any]:
    """Return the values before and after each change, to find out what those that they refer to are called."""
    sides = [side for step in past.steps if step.is_open for side in (step.change.before, step.change.after)]
    nothing = dict.fromkeys(shape.fields)
    return [SimpleNamespace(**{**nothing, **side}) for side in sides if side]


async def name_actors(call: PageCall, past: Past[Any]) -> None:
    """Find out what those are called who did it, as far as the reader may know."""
    if call.site.people is not None and may_ever(call.site.people, call.read.actor, READ):
        actors = {step.commit.command.actor for step in past.steps} - {call.read.actor.id}
        await name_ids(call, call.site.people, filter(None, actors))


def timeline(call: PageCall, shape: Shape, past: Past[Any], stored: Stored[Any] | None) -> Any:
    """Return the section with what happened, newest first."""
    words, kit = call.words, call.kit
    entries = [_entry(call, shape, past, step, stored) for step in past.steps]
    ways = []
    if call.first("before"):
        ways.append(kit.link(Link(label=words("Newest"), href=f"{call.path}#timeline"), tone="default"))
    if past.older is not None:
        older = Link(label=words("Older"), href=f"{call.path}?before={past.older}#timeline")
        ways.append(kit.link(older, tone="default"))
    if not entries:
        entries_or_none = kit.empty(words("Nothing is known"), words("The log does not reach back that far."))
    else:
        entries_or_none = kit.timeline(entries)
    return kit.section(words("History"), [entries_or_none, *ways], id="timeline")


def _entry(call: PageCall, shape: Shape, past: Past[Any], step: Step[Any], stored: Stored[Any] | None) -> Entry:
    command, words = step.commit.command, call.words
    return Entry(
        title=_title(call, shape, step),
        who=_who(call, command.actor),
        when=words.ago(step.commit.at),
        moment=step.commit.at.isoformat(),
        icon=_ICONS.get(command.event, "zap"),
        details=[_values(call, shape, step)],
        actions=[*_ways_back(call, shape, past, step, stored), *_as_it_was(call, step)],
    )


def _title(call: PageCall, shape: Shape, step: Step[Any]) -> str:
    command, words = step.commit.command, call.words
    known = {
        "create": words("Created"),
        "update": words("Changed"),
        "delete": words("Deleted"),
        "undo": words("Undone"),
        "redo": words("Done again"),
    }
    if command.entity != shape.name:  # what another class did
        return f"{words.label(label_of(command.entity))}: {words.label(label_of(command.event))}"
    return known.get(command.event) or shape.event_label(command.event, words)


def _who(call: PageCall, actor: str | None) -> str:
    """Return who did it, by name where that may be known; the id of a visitor is nobody else's business."""
    words = call.words
    if not actor:
        return ""
    if actor == call.read.actor.id:
        return words("You")
    if actor == SYSTEM.id:
        return words("The system")
    if is_private_id(actor):
        return words("A visitor")
    people = call.site.people
    if people is not None and not may_ever(people, call.read.actor, READ):
        return words("Somebody")
    return call.names.get(actor, actor)


def _values(call: PageCall, shape: Shape, step: Step[Any]) -> Any:
    """Return what changed: before and after, of public fields; a secret only by its name."""
    change, words = step.change, call.words
    if change.before is None or change.after is None:
        return ""
    if not step.is_open:
        return ft("p", words("What changed is not for you to see."), cls="muted")
    painter = Painter(call.kit, words)
    lines = [
        _changed(
            words, field.label, *(_shown(call, painter, shape, name, side) for side in (change.before, change.after))
        )
        for name, field in shape.fields.items()
        if name in change.after and not field.secret
    ]
    lines += [f"{_name(words, label)} {escape(words('hidden'))}" for label in _hidden(shape, change.hidden)]
    return ft("ul", *[ft("li", Raw(line)) for line in lines], klass="sm-changes") if lines else ""


def _name(words: Words, label: str) -> str:
    return f"<bdi>{escape(words.label(label))}</bdi>:"


def _changed(words: Words, label: str, before: str, after: str) -> str:
    """Return one change in the direction of the language, whatever direction its values have."""
    arrow = "→" if words.direction == "ltr" else "←"
    return f"{_name(words, label)} <del><bdi>{before}</bdi></del> {arrow} <ins><bdi>{after}</bdi></ins>"


def _shown(call: PageCall, painter: Painter, shape: Shape, name: str, side: Mapping[str, Any]) -> str:
    return painter.fact(side.get(name), shape.fields[name], call.names, short=True)


def _hidden(shape: Shape, names: tuple[str, ...]) -> Iterator[str]:
    infos = fields_of(shape.kind)
    for name in names:
        if name in infos and infos[name].visibility is not Visibility.PRIVATE:
            yield shape.fields[name].label if name in shape.fields else label_of(name)


def _ways_back(
    call: PageCall, shape: Shape, past: Past[Any], step: Step[Any], stored: Stored[Any] | None
) -> Iterator[Any]:
    """Yield the button that takes the step back, or the one that does it again where that was done."""
    command = step.commit.command
    last = _last_service(past, command.id)
    if last is not None and last.commit.command.event == "undo":
        yield call.kit.badge(call.words("Undone"))
        yield from _button(call, shape, "redo", command.id, last, stored)
    elif command.event not in _SERVICES:
        yield from _button(call, shape, "undo", command.id, step, stored)
    elif command.event == "undo" and not _is_shown(past, str(command.args.get("command"))):
        yield from _button(call, shape, "redo", str(command.args.get("command")), step, stored)


def _last_service(past: Past[Any], command: str) -> Step[Any] | None:
    """Return the newest step that undid *command*, or did it again."""
    for step in past.steps:
        sent = step.commit.command
        if sent.event in _SERVICES and sent.args.get("command") == command:
            return step
    return None


def _is_shown(past: Past[Any], command: str) -> bool:
    return any(step.commit.command.id == command for step in past.steps)


def _button(
    call: PageCall, shape: Shape, event: str, command: str, step: Step[Any], stored: Stored[Any] | None
) -> Iterator[Any]:
    app = call.runtime.app
    if event in shape.handlers and may_be_undone(
        app, shape.kind, step, actor=call.read.actor, stored=stored, event=event
    ):
        label = call.words("Undo") if event == "undo" else call.words("Redo")
        handler = shape.handlers[event]
        yield command_button(call.kit, shape, handler, label, ("command", command), icon=_ICONS[event])


def _as_it_was(call: PageCall, step: Step[Any]) -> Iterator[Any]:
    if step.is_open and step.after is not None:
        href = f"{call.path}?at={step.change.version}"
        yield call.kit.link(Link(label=call.words("As it was then"), href=href), tone="quiet")
