"""The page token: what a page depends on, carried by the page itself, signed, and read again by its stream.

The server keeps nothing about a page between two requests, so a tab can come back after a restart, or to another node.
"""

from __future__ import annotations

import base64
import json
import logging
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

from starmodel.core.errors import QueryError
from starmodel.core.query import Query

from .reading import PageRead, ViewUse
from .relevance import ANY_CHANGE

if TYPE_CHECKING:
    from starmodel.app import Application
    from starmodel.app.signing import Signer
    from starmodel.core.actors import Actor
    from starmodel.core.typing import Key

__all__ = ["ANYBODY", "PageToken"]

T = TypeVar("T")

logger = logging.getLogger("starmodel.live")

ANYBODY = "*"
"""Stands for every actor: the page of such a token shows nothing that is anyone's own."""

_encode = json.JSONEncoder(separators=(",", ":")).encode
_KIND = itemgetter(0)

_PURPOSE = "page"
_SHORT = 1024
"""Bytes up to which nothing is compressed: the usual list is shown sooner by what that takes."""

_MAX_BYTES = 256 * 1024
_MAX_URL = 60_000  # of 64 KiB that servers read of a request's head


@dataclass(frozen=True, slots=True)
class PageToken:
    """What a page depends on.

    *url* makes the page again; *positions* is where the logs stood when it was made; *nonce* is its own; *actor* is the
    id of who may use it, or :data:`ANYBODY`; *boot* names the run of the program that made it: another one may make it
    differently.
    """

    boot: str
    url: str
    actor: str
    nonce: str
    positions: tuple[str, ...]
    views: Mapping[Key, AbstractSet[ViewUse]]
    fields: AbstractSet[Key]
    queries: tuple[tuple[str, Query], ...]
    signals: Mapping[Key, AbstractSet[str]]
    has_kept: bool = False
    """Whether the page shows what its browser keeps, and so can be made again for that one alone."""

    places: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where its reader is while it is open, and what is shown of them there."""

    @classmethod
    def of(cls, page: PageRead, boot: str, url: str, actor: str, nonce: str) -> PageToken:
        """Return the token of a page that was just made, and notes nothing more."""
        queries = tuple([_for_outside(name, query, page.app) for name, query in page.queries])
        at, deps = tuple(page.positions), (page.views, page.fields, queries, page.signals)
        return cls(boot, url, actor, nonce, at, *deps, has_kept=page.has_kept, places=page.places)

    def is_for(self, actor: Actor) -> bool:
        """Tell whether *actor* may use it."""
        return self.actor in (ANYBODY, actor.id)

    @property
    def is_remade(self) -> bool:
        """True when a change may need the page to be made again, not only its views to be patched."""
        return bool(self.fields or self.queries)

    @property
    def kinds(self) -> set[str]:
        """The names of the classes the page depends on."""
        named = {key[0] for part in (self.views, self.fields, self.signals) for key in part}
        return named | {name for name, _ in self.queries}

    def signed(self, signer: Signer) -> str:
        """Return the token as text for a URL; ``""`` when it would be longer than servers read."""
        keys = sorted({*self.views, *self.fields, *self.signals})
        place = {key: number for number, key in enumerate(keys)}
        data: dict[str, Any] = {
            "b": self.boot,
            "u": self.url,
            "w": self.actor,
            "n": self.nonce,
            "p": self.positions,
            "k": {name: [id for _, id in of_kind] for name, of_kind in groupby(keys, _KIND)},
            "v": [[use.view, use.params, runs] for use, runs in _grouped(self.views, place)],
            "f": _runs(place[key] for key in self.fields),
            "q": [[name, dict(query.where), query.order] for name, query in self.queries],
            "s": [[name, runs] for name, runs in _grouped(self.signals, place)],
        }
        if self.has_kept:
            data["c"] = 1
        if self.places:
            data["h"] = dict(self.places)
        text = _encode(data).encode()
        token = signer.sign(_PURPOSE, base64.urlsafe_b64encode(_packed(text)).decode().rstrip("="))
        if len(text) > _MAX_BYTES or len(token) > _MAX_URL:
            logger.warning("the page %r shows too much to be kept up to date: %d entities", self.url, len(keys))
            return ""
        return token

    @classmethod
    def read(cls, text: str, signer: Signer) -> PageToken | None:
        """Return the token written as *text*; ``None`` when this program, or one with its secret, did not sign it."""
        packed = signer.check(_PURPOSE, text)
        if packed is None:
            return None
        try:
            return cls._from_data(json.loads(_unpacked(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))))
        except (
            AttributeError,
            LookupError,
            TypeError,
            ValueError,
            zlib.error,
        ):  # signed by us, so by another version of us
            return None

    @classmethod
    def _from_data(cls, data: dict[str, Any]) -> PageToken:
        keys = [(name, id) for name, ids in data["k"].items() for id in ids]
        uses = [(ViewUse(view, params), runs) for view, params, runs in data["v"]]
        return cls(
            data["b"],
            data["u"],
            data["w"],
            data["n"],
            tuple(data["p"]),
            _ungrouped(uses, keys),
            frozenset(keys[number] for number in _numbers(data["f"])),
            tuple((name, Query(where=where, order=tuple(order))) for name, where, order in data["q"]),
            _ungrouped(data["s"], keys),
            "c" in data,
            data.get("h", {}),
        )


def _packed(text: bytes) -> bytes:
    """Return *text*, a long one compressed in a window of 4 KiB: the usual one takes five times as long to make."""
    if len(text) <= _SHORT:
        return text
    packer = zlib.compressobj(6, zlib.DEFLATED, 12, 5)
    return packer.compress(text) + packer.flush()


def _unpacked(packed: bytes) -> bytes:
    """Return the text that was packed, which is JSON and begins with a brace."""
    return packed if packed.startswith(b"{") else zlib.decompressobj().decompress(packed, _MAX_BYTES)


def _for_outside(name: str, query: Query, app: Application) -> tuple[str, Query]:
    """Return a query as the browser may carry it.

    One that names a field that is not public, follows a reference, searches for words, or holds a value that JSON
    holds otherwise, stays here: every change of its class then concerns the page.
    """
    try:
        query.checked(app.catalog.kind(name), public_only=True)
        if query.search:
            return name, ANY_CHANGE
        same = not query.where or json.loads(json.dumps(query.where)) == query.where
    except (QueryError, TypeError, ValueError):
        return name, ANY_CHANGE
    return name, query if same else ANY_CHANGE


def _grouped(uses: Mapping[Key, Iterable[T]], place: Mapping[Key, int]) -> list[tuple[T, list[int]]]:
    """Return each use with the places of the entities it is of: a list page has many alike."""
    groups: dict[T, list[int]] = {}
    for key, used in uses.items():
        for use in used:
            groups.setdefault(use, []).append(place[key])
    return [(use, _runs(numbers)) for use, numbers in groups.items()]


def _ungrouped(groups: Iterable[tuple[T, list[int]]], keys: Sequence[Key]) -> dict[Key, frozenset[T]]:
    found: dict[Key, set[T]] = {}
    for use, runs in groups:
        for number in _numbers(runs):
            found.setdefault(keys[number], set()).add(use)
    return {key: frozenset(uses) for key, uses in found.items()}


def _runs(numbers: Iterable[int]) -> list[int]:
    """Return *numbers* as first and count of each unbroken run."""
    runs: list[int] = []
    for number in sorted(numbers):
        if runs and runs[-2] + runs[-1] == number:
            runs[-1] += 1
        else:
            runs += [number, 1]
    return runs


def _numbers(runs: Sequence[int]) -> Iterator[int]:
    for start, count in zip(runs[::2], runs[1::2], strict=True):
        yield from range(start, start + count)
