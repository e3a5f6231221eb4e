"""An open page: what it shows, what is clicked on it, and what comes to it by its stream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from starmodel.app.ending import ended

from .acting import Acting
from .document import Document
from .errors import NeverCameError
from .following import Following
from .keeping import Keeping

if TYPE_CHECKING:
    from .client import Client
    from .commands import Outcome
    from .filling import Value
    from .frames import Frame

__all__ = ["LivePage"]

_REDIRECTS = 10


class LivePage:
    """One tab.  Buttons, links and fields are found by what they are called for those who cannot see them."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.path = ""
        self.status = 0
        self.document = Document("")
        self.toasts: list[str] = []
        """What passed by, oldest first: messages, and what was wrong with a command."""
        self.questions: list[str] = []
        """What was asked before a command."""
        self.steps: list[Any] = []
        """What the steps of events have told."""
        self.keeping = Keeping(self)
        self._following = Following(self)
        self._acting = Acting(self)
        self._changed = asyncio.Event()
        self._goes_to = ""
        self._going: asyncio.Task[None] | None = None

    # -- what it shows -------------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What somebody reads on it, pieces separated by one space."""
        return self.document.text

    @property
    def html(self) -> str:
        """All of it as it is now: what must never reach a browser must not be in here."""
        return self.document.html

    @property
    def title(self) -> str:
        """What the tab is called."""
        return self.document.title

    @property
    def is_live(self) -> bool:
        """True when the page has a stream."""
        return bool(self._following.wanted)

    @property
    def connections(self) -> int:
        """How often its stream was opened."""
        return self._following.connections

    async def until(self, what: str | Callable[[LivePage], object], *, within: float | None = None) -> None:
        """Wait until a text is on the page, or something is true of it; NeverCameError after *within* seconds."""
        seconds = self.client.patience if within is None else within
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not (what in self.text if isinstance(what, str) else what(self)):
            self._following.check()
            self._changed.clear()
            try:
                async with asyncio.timeout_at(end):
                    await self._changed.wait()
            except TimeoutError:
                self._following.check()
                named = repr(what) if isinstance(what, str) else getattr(what, "__name__", "what was waited for")
                raise NeverCameError(named, seconds, self.text, self.toasts) from None

    # -- where it leads ------------------------------------------------------------------------------------------------

    async def go(self, address: str) -> None:
        """Open another page of the application in this tab."""
        await self._following.end()
        path = self.local(address)
        for _ in range(_REDIRECTS):
            answer = await self.client.ask("GET", path, headers={"accept": "text/html", "referer": self.address})
            self.path = path
            if not 300 <= answer.status < 400:
                break
            path = self.local(answer.header("location"))
        self.document = Document(answer.text)
        self._acting.forget()
        self.status = answer.status
        await self._following.begin()
        await self.keeping.look()
        await self.settle()
        self._note()

    async def reload(self) -> None:
        """Open the same page again."""
        await self.go(self.path)

    async def refresh(self) -> None:
        """Take what is new of the page, as a tab does that was away for too long."""
        answer = await self.client.ask("GET", self.path, headers={"accept": "text/html"})
        self.document.take_over(Document(answer.text))
        self._note()

    async def close(self) -> None:
        """Close the tab."""
        if self._going is not None:
            await ended(self._going)
        await self._following.end()

    @property
    def address(self) -> str:
        """The whole address of the page."""
        return f"{self.client.scheme}://{self.client.host}{self.path or '/'}"

    def local(self, address: str) -> str:
        """Return the path and query of an address as the page means it."""
        parts = urlsplit(urljoin(self.address, address))
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    # -- what is done on it --------------------------------------------------------------------------------------------

    async def click(self, name: str, *, within: str = "", beside: str = "", agree: bool = True) -> Outcome:
        """Click the button or link called *name*, and return what became of it.

        Of several, the one *within* the element of a CSS selector, or *beside* a text in the same row, form or part.
        A question that is asked before is noted in :attr:`questions`; whoever does not *agree* sends nothing.
        """
        return await self._acting.click(self.document.clickable(name, within=within, beside=beside), agree=agree)

    async def fill(self, name: str, value: Value, *, within: str = "", beside: str = "") -> None:
        """Type *value* into the field of a label or name; a box is ticked by ``True``, an option chosen by its word."""
        await self._acting.fill(self.document.control(name, within=within, beside=beside), value)

    # -- what comes to it ----------------------------------------------------------------------------------------------

    def show(self, frame: Frame) -> None:
        """Take in a frame of the stream or of an answer."""
        match frame.type:
            case "datastar-patch-elements":
                self.document.patch(frame.arguments)
            case "datastar-patch-signals":
                self._hear(self.document.signal(frame.arguments).get("_sm") or {})
            case "sm-hello" if frame.json["fresh"]:
                self.toasts.append(frame.json.get("message", "The server restarted with empty memory."))
            case "sm-step":
                self.steps.append(frame.json["value"])
            case "sm-keep":
                self.keeping.take(frame)
        self._note()

    def _hear(self, word: dict[str, Any]) -> None:
        """Take what the server says besides: a message, or where to go."""
        if word.get("toast"):
            self.toasts.append(word["toast"]["text"])
        self._goes_to = word.get("go") or self._goes_to

    def tell(self, text: str) -> None:
        """Show a message that passes by."""
        self.toasts.append(text)
        self._note()

    def show_instead(self, html: str) -> None:
        """Show another page at the same address, as the answer to a form is."""
        self.document.take_over(Document(html), stream=False)
        self._note()

    async def settle(self) -> None:
        """Go where the page was sent, and follow the stream that it names by now."""
        if self._goes_to:
            target, self._goes_to = self._goes_to, ""
            await self.go(target)
        await self._following.changed()

    def settle_soon(self) -> None:
        """Go where the stream has sent the page, when it can be closed."""
        if self._goes_to:
            self._going = asyncio.create_task(self.settle())

    def _note(self) -> None:
        self._changed.set()
