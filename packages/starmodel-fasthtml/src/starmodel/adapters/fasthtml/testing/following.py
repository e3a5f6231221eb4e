"""The live stream of an open page: resumed where it ended, as the page's own script does."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING
from urllib.parse import quote

from starmodel.app.ending import ended

from .errors import NeverCameError
from .parts import attribute

if TYPE_CHECKING:
    from .frames import Frame
    from .live_page import LivePage

__all__ = ["Following"]


class Following:
    """Keeps one page up to date as long as it is open."""

    def __init__(self, page: LivePage) -> None:
        self._page = page
        self._url = self._last = ""
        self._task: asyncio.Task[None] | None = None
        self.connections = 0
        self.open = asyncio.Event()

    @property
    def wanted(self) -> str:
        """The address of the stream that the page names, ``""`` for one that never changes."""
        live = self._page.document.id("sm-live")
        return "" if live is None else attribute(live, "data-url") or ""

    async def begin(self) -> None:
        """Open the stream of the page as it is now, and wait until it is open."""
        await self.end()
        self._url = ""
        if self.wanted:
            self._task = asyncio.create_task(self._follow(), name="a page of a test follows its stream")
            waiting = asyncio.create_task(self.open.wait())
            await asyncio.wait({waiting, self._task}, timeout=self._page.client.patience, return_when="FIRST_COMPLETED")
            waiting.cancel()
            self.check()
            if not self.open.is_set():
                raise NeverCameError("its live stream", self._page.client.patience, self._page.text, self._page.toasts)

    async def end(self) -> None:
        """Close the stream."""
        task, self._task = self._task, None
        self.open.clear()
        if task is not None:
            await ended(task)
            if not task.cancelled():
                task.result()

    def check(self) -> None:
        """Raise what made the following fail, if anything did."""
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()

    async def changed(self) -> None:
        """Open another stream if a patch has named one."""
        if self.wanted != self._url and asyncio.current_task() is not self._task:
            await self.begin()

    async def _follow(self) -> None:
        while self.wanted:
            await self._connect()
            self.open.clear()
            await asyncio.sleep(self._page.client.pause)

    async def _connect(self) -> None:
        """Follow until the connection ends, or the page names another stream."""
        url = self.wanted
        if url != self._url:
            live = self._page.document.id("sm-live")
            self._url, self._last = url, "" if live is None else attribute(live, "data-after") or ""
        self.connections += 1
        address = f"{url}&after={quote(self._last, safe='')}" if self._last else url
        async with aclosing(self._page.client.follow(address)) as frames:
            async for frame in frames:
                if not await self._take(frame) or self.wanted != url:
                    return

    async def _take(self, frame: Frame) -> bool:
        """Take one frame; false when the connection is to be given up at it."""
        if frame.type == "sm-stale":
            await self._page.refresh()
            return False
        if frame.type == "sm-ask":
            await self._page.keeping.ask()
            return True
        if frame.type == "sm-hello":
            self._page.show(frame)
            self.open.set()
            return True
        is_kept = await self._page.client.faults.tell(lambda: self._page.show(frame))
        if is_kept and frame.id:
            self._last = frame.id
        self._page.settle_soon()
        return is_kept
