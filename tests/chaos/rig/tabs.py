"""Tabs that are no browsers: each opens a page, follows its stream through any node, and comes back when it is cut."""

from __future__ import annotations

import asyncio
import random
import re
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from html import unescape
from itertools import pairwise
from typing import Self

__all__ = ["LATE", "Tab", "Tabs", "Watched", "watched"]

LATE = 2.0
"""Seconds after which a tab has to show what was stored."""
_PAUSE = (0.05, 0.3)
"""Seconds until a tab that was cut comes back."""
_SHOWN = re.compile(rb"count (\d+)<")
_LOST = (OSError, EOFError, asyncio.IncompleteReadError, ValueError)


@dataclass
class Tab:
    """One open page: *seen* is when it showed which count, *away* how long it was without a stream each time."""

    port: int
    path: str
    seen: list[tuple[float, int]] = field(default_factory=list)
    away: list[float] = field(default_factory=list)
    opened: int = 0
    last: str = ""
    _url: str = ""
    _cookie: str = ""

    async def live(self) -> None:
        """Stay open for ever."""
        lost, chance = time.monotonic(), random.Random(self.path)
        while True:
            with suppress(*_LOST):
                if not self._url:
                    await self.load()
                before = self.opened
                try:
                    await self._follow(lost)
                finally:
                    if self.opened != before:
                        lost = time.monotonic()
            await asyncio.sleep(chance.uniform(*_PAUSE))

    async def load(self) -> None:
        """Ask for the page."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            head = await self._ask(reader, writer, self.path)
            page = (await _body(reader, head)).decode()
        finally:
            writer.close()
        self._url = unescape(re.findall(r'data-url="([^"]*)"', page)[0])
        self.last = unescape(re.findall(r'data-after="([^"]*)"', page)[0])
        self._cookie = re.findall(r"(?i)set-cookie: ([^;]*)", head)[0]
        self._show(page.encode())

    async def _follow(self, lost: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            await self._ask(reader, writer, f"{self._url}&after={self.last}")
            text = b""
            while data := await _chunk(reader):
                *messages, text = (text + data).split(b"\n\n")
                for message in messages:
                    self._take(message, lost)
        finally:
            writer.close()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> str:
        cookie = f"Cookie: {self._cookie}\r\n" if self._cookie else ""
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n{cookie}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if not head.startswith("HTTP/1.1 200"):
            raise EOFError(head[:40])
        return head

    def _take(self, message: bytes, lost: float) -> None:
        if b"event: sm-hello" in message:
            self.opened += 1
            if self.opened > 1:
                self.away.append(time.monotonic() - lost)
        elif b"event: sm-stale" in message:
            self._url = ""
        found = re.search(rb"^id: (.*)$", message, re.MULTILINE)
        self._show(message)
        if found:
            self.last = found[1].decode()

    def _show(self, text: bytes) -> None:
        shown = _SHOWN.search(text)
        if shown:
            self.seen.append((time.monotonic(), int(shown[1])))


async def _body(reader: asyncio.StreamReader, head: str) -> bytes:
    length = re.search(r"(?i)content-length: (\d+)", head)
    if length:
        return await reader.readexactly(int(length[1]))
    parts = []
    while part := await _chunk(reader):
        parts.append(part)
    return b"".join(parts)


async def _chunk(reader: asyncio.StreamReader) -> bytes:
    """Return the next part of an answer without a length; nothing at its end."""
    size = int(await reader.readuntil(b"\r\n"), 16)
    return (await reader.readexactly(size + 2))[:size]


class Tabs:
    """One tab for each of *paths* at *port*, live while the block lasts, in a thread of their own."""

    def __init__(self, port: int, paths: Sequence[str]) -> None:
        self.all = [Tab(port, path) for path in paths]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="rig: tabs", daemon=True)

    def _run(self) -> None:
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._live())
        self._loop.close()

    async def _live(self) -> None:
        self._task = asyncio.current_task()
        async with asyncio.TaskGroup() as group:
            for tab in self.all:
                group.create_task(tab.live())

    def __enter__(self) -> Self:
        self._thread.start()
        end = time.monotonic() + 20
        while not all(tab.opened for tab in self.all):
            assert time.monotonic() < end, "not every tab has a stream"
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._task is not None
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(10)

    def wait_until_shown(self, counts: Mapping[str, int], seconds: float = 20) -> None:
        """Return when each tab shows the count of its path, or time is up."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and any(tab.seen[-1][1] != counts[tab.path] for tab in self.all):
            time.sleep(0.02)


@dataclass(frozen=True)
class Watched:
    """What became of tabs: *stale* is how long one lagged behind at most, in seconds."""

    tabs: int
    shown: int
    reopened: int
    backwards: int
    behind: int
    """How many do not show the last count in the end."""
    stale: float
    away: float
    """How long one was without a stream at most."""

    @property
    def is_right(self) -> bool:
        return self.backwards == 0 and self.behind == 0 and self.stale <= LATE


def watched(tabs: Sequence[Tab], stored: Mapping[str, Sequence[float]]) -> Watched:
    """Compare what *tabs* showed with when each count of a path was *stored*: the first time is that of count 1."""
    return Watched(
        tabs=len(tabs),
        shown=sum(len(tab.seen) for tab in tabs),
        reopened=sum(max(0, tab.opened - 1) for tab in tabs),
        backwards=sum(_backwards(tab.seen) for tab in tabs),
        behind=sum(tab.seen[-1][1] != len(stored[tab.path]) for tab in tabs),
        stale=max((_stale(tab.seen, stored[tab.path]) for tab in tabs), default=0.0),
        away=max((one for tab in tabs for one in tab.away), default=0.0),
    )


def _backwards(seen: Sequence[tuple[float, int]]) -> int:
    return sum(later < earlier for (_, earlier), (_, later) in pairwise(seen))


def _stale(seen: Sequence[tuple[float, int]], stored: Sequence[float]) -> float:
    """Return for how long at most something was stored that was not shown yet."""
    longest, shown = 0.0, seen[0][1]
    for at, count in seen:
        if count > shown:
            longest = max(longest, at - stored[shown])  # the first that was missing
            shown = count
    return longest
