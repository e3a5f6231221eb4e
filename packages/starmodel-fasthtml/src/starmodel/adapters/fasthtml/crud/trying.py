"""What would become of a wish for many entities: how many would change, why others would not, and a few of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastcore.xml import ft

from starmodel.adapters.fasthtml.markup import Raw
from starmodel.app import may_see, refusal_of
from starmodel.core.commands import Command
from starmodel.core.errors import StarModelError

from .values import Painter

if TYPE_CHECKING:
    from starmodel.core.changes import Change

    from .call import PageCall
    from .shape import Shape

__all__ = ["Tried", "outcome", "tried"]

_SAMPLES = 5
_REASONS = 20
_SECONDS = 3.0
"""So long it is tried what would happen; a longer list is tried in part."""


@dataclass(slots=True)
class Tried:
    """How many of *seen* would change and would not, how many are refused for each reason, and some changes."""

    changed: int = 0
    unchanged: int = 0
    reasons: dict[str, int] = field(default_factory=dict[str, int])
    samples: list[Change] = field(default_factory=list[Any])
    seen: int = 0


async def tried(call: PageCall, shape: Shape, event: str, ids: Sequence[str], args: dict[str, Any]) -> Tried:
    """Run an event for each of *ids* without storing anything, for as long as somebody likes to wait."""
    found, end = Tried(), time.monotonic() + _SECONDS
    for id in ids:
        command = Command(entity=shape.name, event=event, entity_id=id, args=args)
        try:
            preview = await call.runtime.app.preview(command, actor=call.read.actor, text=True)
        except StarModelError as error:
            reason = call.words.refusal(refusal_of(error, "")).detail
            found.reasons[reason] = found.reasons.get(reason, 0) + 1
        else:
            changes = [change for change in preview.changes if change.key == (shape.name, id)]
            found.changed, found.unchanged = found.changed + bool(changes), found.unchanged + (not changes)
            shown = [change for change in changes if may_see(call.runtime.app, call.read.actor, change)]
            found.samples += shown[: _SAMPLES - len(found.samples)]
        found.seen += 1
        if time.monotonic() > end:
            break
        await asyncio.sleep(0)
    return found


def outcome(call: PageCall, shape: Shape, found: Tried, count: int) -> list[Any]:
    """Return what was found out, of *count* in all."""
    words, number = call.words, call.words.number
    facts: list[tuple[str, Any]] = [(words("Would change"), number(found.changed))]
    if found.unchanged:
        facts.append((words("Would stay as they are"), number(found.unchanged)))
    reasons = sorted(found.reasons.items(), key=lambda one: -one[1])[:_REASONS]
    facts += [(words("Refused: {reason}", reason=reason), number(many)) for reason, many in reasons]
    parts: list[Any] = [call.kit.section(words("What would happen"), [call.kit.facts(facts)])]
    if found.seen < count:
        text = words(
            "{seen} of {count} were tried; the others are tried as they are done.",
            seen=number(found.seen),
            count=number(count),
        )
        parts.append(call.kit.alert(words("A long list"), text))
    if found.samples:
        parts.append(call.kit.section(words("For example"), [_samples(call, shape, found.samples)]))
    return parts


def _samples(call: PageCall, shape: Shape, changes: Sequence[Change]) -> Any:
    painter = Painter(call.kit, call.words)
    return call.kit.facts([(_name(shape, one), ft("div", *_lines(call, shape, one, painter))) for one in changes])


def _name(shape: Shape, change: Change) -> str:
    values = {**(change.after or {}), **(change.before or {})}
    entity = change.snapshot
    return str(values.get(shape.naming) or (shape.called(entity) if entity is not None else change.id[-8:]))


def _lines(call: PageCall, shape: Shape, change: Change, painter: Painter) -> list[Any]:
    before, after = change.before or {}, change.after
    if after is None:
        return [call.words("is deleted")]
    lines = []
    for one in (one for one in shape.fields.values() if one.name in after):
        old, new = (painter.html(values.get(one.name), one, short=True) for values in (before, after))
        lines.append(ft("div", f"{call.words.label(one.label)}: ", Raw(old), " → ", Raw(new)))
    return lines or [call.words("changes in what is not shown")]
