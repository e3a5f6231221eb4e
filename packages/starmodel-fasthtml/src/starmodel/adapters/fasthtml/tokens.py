"""The page token: what a page depends on, carried by the page itself, signed, and read again by its stream.

The server keeps nothing about a page between two requests, so a tab can come back after a restart, or to another node.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starmodel.core.errors import QueryError
from starmodel.core.query import Query

from .reading import PageRead, ViewUse
from .relevance import ANY_CHANGE

if TYPE_CHECKING:
    from starmodel.app import Application
    from starmodel.core.typing import Key

    from .signing import Signer

__all__ = ["PageToken"]

_PURPOSE = "page"
_MAX_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class PageToken:
    """What a page depends on.

    *url* makes the page again; *positions* is where the logs stood when it was made; *nonce* is its own; *visitor* is who
    may use it; *boot* names the run of the program that made it: another one may make it differently.
    """

    boot: str
    url: str
    visitor: str
    nonce: str
    positions: tuple[str, ...]
    views: Mapping[Key, frozenset[ViewUse]]
    fields: frozenset[Key]
    queries: tuple[tuple[str, Query], ...]
    signals: Mapping[Key, frozenset[str]]

    @classmethod
    def of(cls, page: PageRead, boot: str, url: str, visitor: str, nonce: str) -> PageToken:
        """Return the token of a page that was just made."""
        return cls(
            boot,
            url,
            visitor,
            nonce,
            tuple(page.positions),
            {key: frozenset(uses) for key, uses in page.views.items()},
            frozenset(page.fields),
            tuple(_for_outside(name, query, page.app) for name, query in page.queries),
            {key: frozenset(names) for key, names in page.signals.items()},
        )

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
        """Return the token as text for a URL."""
        data = {
            "b": self.boot,
            "u": self.url,
            "w": self.visitor,
            "n": self.nonce,
            "p": self.positions,
            "v": _grouped(self.views),
            "f": sorted(self.fields),
            "q": [[name, dict(query.where), query.order] for name, query in self.queries],
            "s": [[*key, sorted(names)] for key, names in sorted(self.signals.items())],
        }
        packed = zlib.compress(json.dumps(data, separators=(",", ":")).encode(), 6)
        return signer.sign(_PURPOSE, base64.urlsafe_b64encode(packed).decode().rstrip("="))

    @classmethod
    def read(cls, text: str, signer: Signer) -> PageToken | None:
        """Return the token written as *text*, or ``None`` when this program, or one with its secret, did not sign it."""
        packed = signer.check(_PURPOSE, text)
        if packed is None:
            return None
        raw = zlib.decompressobj().decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), _MAX_BYTES)
        try:
            return cls._from_data(json.loads(raw))
        except (KeyError, TypeError, ValueError):  # signed by us, so by another version of us
            return None

    @classmethod
    def _from_data(cls, data: dict[str, Any]) -> PageToken:
        return cls(
            data["b"],
            data["u"],
            data["w"],
            data["n"],
            tuple(data["p"]),
            _ungrouped(data["v"]),
            frozenset((name, id) for name, id in data["f"]),
            tuple((name, Query(where=where, order=tuple(order))) for name, where, order in data["q"]),
            {(name, id): frozenset(names) for name, id, names in data["s"]},
        )


def _for_outside(name: str, query: Query, app: Application) -> tuple[str, Query]:
    """Return a query as the browser may carry it.

    One that names a field that is not public, or a value that JSON cannot hold, stays here: every change of its class
    then concerns the page.
    """
    try:
        query.checked(app.catalog.kind(name), public_only=True)
        json.dumps(query.where)
    except (QueryError, TypeError):
        return name, ANY_CHANGE
    return name, query


def _grouped(views: Mapping[Key, frozenset[ViewUse]]) -> list[list[Any]]:
    """Return the uses of views with the ids of one class and view together: a list page has many alike."""
    groups: dict[tuple[str, ViewUse], list[str]] = {}
    for (name, id), uses in views.items():
        for use in uses:
            groups.setdefault((name, use), []).append(id)
    return [[name, use.view, use.params, sorted(ids)] for (name, use), ids in groups.items()]


def _ungrouped(groups: list[list[Any]]) -> dict[Key, frozenset[ViewUse]]:
    found: dict[Key, set[ViewUse]] = {}
    for name, view, params, ids in groups:
        use = ViewUse(view, params)
        for id in ids:
            found.setdefault((name, id), set()).add(use)
    return {key: frozenset(uses) for key, uses in found.items()}
