"""Entities that the browser keeps: commands bring them, and answers say what to keep and to show."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from .errors import ConnectionLostError
from .parts import attribute

if TYPE_CHECKING:
    from .frames import Frame
    from .live_page import LivePage

__all__ = ["Keeping"]

_TRIES = 20


class Keeping:
    """What a page shows that is kept by its own browser: of the tab, or of all tabs of the client."""

    def __init__(self, page: LivePage) -> None:
        self._page = page
        self._of_tab: dict[str, Mapping[str, Any]] = {}

    @property
    def shown(self) -> list[dict[str, Any]]:
        """What the page shows of it: ``{store, entity, id, version}`` of each."""
        part = self._page.document.id("sm-kept")
        return [] if part is None else json.loads(attribute(part, "data-kept") or "[]")

    def _box(self, it: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        return self._page.client.kept if it["store"] == "client_local" else self._of_tab

    def _kept(self, it: Mapping[str, Any]) -> Mapping[str, Any] | None:
        found = self._box(it).get(_name(it))
        if found is not None and found["until"] and found["until"] < time.monotonic():
            del self._box(it)[_name(it)]
            return None
        return found

    def _version(self, it: Mapping[str, Any]) -> int:
        found = self._kept(it)
        return 0 if found is None else found["version"]

    def _carried(self) -> list[dict[str, Any]]:
        found = [(it, kept) for it in self.shown if (kept := self._kept(it)) is not None]
        return [
            {"entity": it["entity"], "id": it["id"], **{name: kept[name] for name in ("version", "schema", "data")}}
            for it, kept in found
        ]

    def bring(self, body: str, *, is_form: bool) -> str:
        """Return the body of a command with what is kept by now beside its arguments."""
        if self._page.document.id("sm-kept") is None:
            return body
        if is_form:
            return urlencode([*parse_qsl(body, keep_blank_values=True), ("_kept", json.dumps(self._carried()))])
        return json.dumps({**json.loads(body), "_kept": self._carried()})

    def take(self, frame: Frame) -> None:
        """Keep what an answer says, all of it; ConnectionLostError when another tab was faster: ask again, then."""
        changes: list[dict[str, Any]] = frame.json
        if any(self._version(it) != it["from"] for it in changes):
            raise ConnectionLostError("the race against another tab of the same browser")
        for it in changes:
            if it["data"] is None:
                self._box(it).pop(_name(it), None)
            else:
                until = time.monotonic() + it["ttl"] if it["ttl"] else 0
                self._box(it)[_name(it)] = {
                    **{name: it[name] for name in ("schema", "version", "data")},
                    "until": until,
                }

    async def look(self) -> None:
        """Ask for the page as it is with what is kept, if it shows something else."""
        if any(self._version(it) != it["version"] for it in self.shown):
            await self.ask()

    async def ask(self) -> None:
        """Ask for the page until it shows what is kept."""
        for _ in range(_TRIES):
            part = self._page.document.id("sm-kept")
            if part is None:
                return
            said = {"page": attribute(part, "data-page"), "_kept": self._carried()}
            answer = await self._page.client.ask_as_page(attribute(part, "data-url") or "", json.dumps(said))
            for frame in answer:
                self._show(frame)
            if all(self._version(it) == it["version"] for it in self.shown):
                return

    def _show(self, frame: Frame) -> None:
        if frame.type == "sm-unfit":
            for it in self.shown:
                if (it["entity"], it["id"]) == (frame.json["entity"], frame.json["id"]):
                    self._box(it).pop(_name(it), None)
            self._page.toasts.append(frame.json["detail"])
        elif frame.type == "sm-live":
            self._page.document.replace_live(frame.json["html"])
        else:
            self._page.show(frame)


def _name(it: Mapping[str, Any]) -> str:
    return f"{it['entity']}:{it['id']}"
