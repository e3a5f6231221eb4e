"""The outbox in Redis: what other stores have to follow with, written by the script of the commit it belongs to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starmodel.core.owed import LANDED_SECONDS, Debt, Owed

from .records import fact_of, row_of
from .scripts import script

if TYPE_CHECKING:
    from .server import Link

__all__ = ["debts", "owed_to", "parked", "sent", "settled"]


def sent(owed: Iterable[Owed]) -> list[Any]:
    """Return what the script of a commit is told of what is owed."""
    parts = [(one.id, one.store, _text(one), len(one.keys), *_flat(one.keys)) for one in owed]
    return [len(parts), *[argument for part in parts for argument in part]]


def _flat(keys: Mapping[str, int]) -> Iterable[Any]:
    return (part for pair in keys.items() for part in pair)


def _text(one: Owed) -> str:
    data = {
        "id": one.id,
        "store": one.store,
        "keys": dict(one.keys),
        "body": one.body,
        "recorded": [row_of(fact) for fact in one.recorded],
        "at": one.at.isoformat(),
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _owed(text: bytes, why: bytes) -> Owed:
    data = json.loads(text)
    recorded = tuple([fact_of(row) for row in data["recorded"]])
    at = datetime.fromisoformat(data["at"])
    return Owed(data["id"], data["store"], data["keys"], data["body"], recorded, at, why.decode())


async def owed_to(store: str, limit: int, link: Link, *, parked: bool) -> Sequence[Owed]:
    """Return what waits for *store*, or what is *parked*."""
    found = await link.run(script("owed"), store, "parked" if parked else "waiting", limit)
    return [_owed(*one) for one in found]


async def settled(landed: Mapping[str, Mapping[str, int]], link: Link) -> None:
    """Forget these, and remember for a while what has become of their entities."""
    if landed:
        told = json.dumps({id: dict(versions) for id, versions in landed.items()})
        await link.run(script("settle"), "settle", LANDED_SECONDS, told)


async def parked(id: str, why: str, link: Link) -> None:
    """Put one aside, or back in its place."""
    await link.run(script("settle"), *(("park", id, why) if why else ("resume", id)))


async def debts(link: Link) -> Mapping[str, Debt]:
    """Return how far each store is behind."""
    found = await link.run(script("debts"))
    return {store.decode(): Debt(waiting, _since(oldest), parked) for store, waiting, parked, oldest in found}


def _since(oldest: bytes) -> datetime | None:
    return _owed(oldest, b"").at if oldest else None
