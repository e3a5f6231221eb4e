"""The tabs that are sent the same bytes: what a change means to their pages is encoded for one and serves all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from .patches import entity_frames

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from starmodel.core.query import Stored
    from starmodel.core.typing import Key

    from .live import Hub
    from .reading import PageRead, ViewUse
    from .tokens import PageToken

__all__ = ["Audience", "Audiences", "joined"]


class Audience:
    """Tabs whose pages show the same, to readers with the same rights.

    It keeps what it found out last: a change is told to all of them before the next one comes.
    """

    __slots__ = ("__weakref__", "_about", "_asked", "_id_line", "_message", "_remade", "rights", "signals", "views")

    def __init__(
        self, views: Mapping[Key, frozenset[ViewUse]], signals: Mapping[Key, frozenset[str]], rights: Hashable
    ) -> None:
        self.views, self.signals, self.rights = views, signals, rights
        self._about: Stored[Any] | None = None
        self._asked: Stored[Any] | None = None
        self._id_line = self._message = b""
        self._remade = False

    def is_remade(self, hub: Hub, key: Key, stored: Stored[Any]) -> bool:
        """Tell whether these pages can show *stored* only by being made again."""
        if self._asked is not stored:
            self._asked = stored
            self._remade = any(hub.needs_page(use, stored) for use in self.views.get(key, ()))
        return self._remade

    def message(self, hub: Hub, stored: Stored[Any], id_line: bytes) -> bytes:
        """Return what brings an entity up to date in these pages, with *id_line* in its last frame."""
        if self._about is not stored or self._id_line != id_line:
            self._about, self._id_line = stored, id_line
            self._message = joined(entity_frames(hub, self, stored), id_line)
        return self._message


class Audiences:
    """The audiences of all open tabs; one ends with its last tab."""

    def __init__(self) -> None:
        self._open: WeakValueDictionary[Hashable, Audience] = WeakValueDictionary()

    def of(self, deps: PageToken | PageRead, rights: Hashable) -> Audience:
        """Return the audience of a page."""
        views = {key: frozenset(uses) for key, uses in deps.views.items()}
        signals = {key: frozenset(names) for key, names in deps.signals.items()}
        key = frozenset(views.items()), frozenset(signals.items()), rights
        found = self._open.get(key)
        if found is None:
            found = self._open[key] = Audience(views, signals, rights)
        return found


def joined(frames: list[bytes], id_line: bytes) -> bytes:
    """Return *frames* as one message; a reader that is cut off on the way has not seen its id, and asks for all."""
    return b"".join([*frames[:-1], id_line, *frames[-1:]]) if frames else b""
