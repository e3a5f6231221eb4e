"""An open page: what it shows, what is clicked on it, and what comes to it by its stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

from .commands import FORM, Command, Outcome
from .document import Document
from .errors import ConnectionLostError, NeverCameError, NothingToDoError
from .following import Following
from .keeping import Keeping
from .parts import attribute
from .sending import Sending, fields_of, sending_of, typed_sending

if TYPE_CHECKING:
    from bs4.element import Tag

    from .client import Client
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
        self._typed: dict[str, str | bool] = {}
        self._lanes: dict[str, asyncio.Lock] = {}
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
        path = self._local(address)
        for _ in range(_REDIRECTS):
            answer = await self.client.ask("GET", path, headers={"accept": "text/html", "referer": self._address})
            self.path = path
            if not 300 <= answer.status < 400:
                break
            path = self._local(answer.header("location"))
        self.document = Document(answer.text)
        self._typed.clear()
        self.status = answer.status
        await self._following.begin()
        await self.keeping.look()
        await self._settled()
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
        await self._following.end()

    @property
    def _address(self) -> str:
        return f"{self.client.scheme}://{self.client.host}{self.path or '/'}"

    def _local(self, address: str) -> str:
        parts = urlsplit(urljoin(self._address, address))
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    # -- what is done on it --------------------------------------------------------------------------------------------

    async def click(self, name: str, *, within: str = "", beside: str = "", agree: bool = True) -> Outcome | None:
        """Click the button or link called *name*, and return what became of the command, ``None`` when none was sent.

        Of several, the one *within* the element of a CSS selector, or *beside* a text in the same row, form or part.
        A question that is asked before is noted in :attr:`questions`; whoever does not *agree* sends nothing.
        """
        element = self.document.clickable(name, within=within, beside=beside)
        sending = sending_of(self.document, element)
        if sending is not None:
            return await self._ask(sending, element, agree=agree)
        href = attribute(element, "href")
        if element.name == "a" and href is not None:
            await self.go(href)
            return None
        form = self.document.form_of(element)
        if form is None or attribute(element, "type") in ("button", "reset"):
            raise NothingToDoError(name, str(element)[:200])
        return await self._post(form, element)

    async def fill(self, name: str, value: str | bool, *, within: str = "", beside: str = "") -> None:  # noqa: FBT001
        """Type *value* into the field of a label or name; a box is ticked by ``True``, an option chosen by its word."""
        control = self.document.control(name, within=within, beside=beside)
        self._typed[attribute(control, "id") or attribute(control, "name") or ""] = value
        sending = typed_sending(control, value)
        if sending is not None:
            await self._send(sending, control)

    async def _ask(self, sending: Sending, element: Tag, *, agree: bool) -> Outcome | None:
        if sending.question:
            self.questions.append(sending.question)
            if not agree:
                return None
        return await self._send(sending, element)

    async def _send(self, sending: Sending, element: Tag) -> Outcome:
        """Send a command behind those of the same entity, take in the answer, and return what it was."""
        body, media = json.dumps(sending.arguments or {}), "application/json"
        if sending.form is not None:
            body, media = self._form_text(sending, element), FORM
        command = Command(self._local(sending.url), body, media, sending.base)
        async with self._lanes.setdefault(_lane(command.url), asyncio.Lock()):
            outcome = await self._delivered(command)
        if sending.form is not None and outcome.is_done:
            self._forget(sending.form)
        if 300 <= outcome.status < 400:
            await self.reload()  # most likely to sign in again
        await self._settled()
        return outcome

    async def _delivered(self, command: Command) -> Outcome:
        is_form = command.media == FORM
        while True:
            brought = replace(command, body=self.keeping.bring(command.body, is_form=is_form))
            outcome = await self.client.deliver(brought)
            try:
                for frame in outcome.frames:
                    self.show(frame)
            except ConnectionLostError:
                continue
            break
        if outcome.problem:
            self._tell(outcome.problem)
        await self.keeping.look()
        return outcome

    def _form_text(self, sending: Sending, element: Tag) -> str:
        assert sending.form is not None  # noqa: S101  (asked by the only caller)
        fixed = {name: value for name, value in (sending.arguments or {}).items() if value is not None}
        text = fields_of(self.document, sending.form, element, self._typed)
        return "&".join(filter(None, [text, *(_encoded(name, value) for name, value in fixed.items())]))

    async def _post(self, form: Tag, submitter: Tag) -> Outcome | None:
        """Send a form that is a page, as the page's own script does and a browser without scripts."""
        said = fields_of(self.document, form, submitter, self._typed, key=True)
        action = attribute(submitter, "formaction") or attribute(form, "action") or self.path
        way = (attribute(submitter, "formmethod") or attribute(form, "method") or "get").lower()
        if way != "post":
            await self.go(f"{self._local(action).partition('?')[0]}?{said}")
            return None
        headers = {"accept": "text/html", "content-type": FORM, "referer": self._address}
        try:
            answer = await self.client.faults.carry(lambda: self.client.ask("POST", self._local(action), said, headers))
        except ConnectionLostError:
            self.toasts.append("The server cannot be reached. What you have entered is still here.")
            return Outcome(0, problem={"status": 0, "detail": self.toasts[-1]})
        if 300 <= answer.status < 400:
            await self.go(answer.header("location"))
            return Outcome(answer.status, location=self.path)
        self.document.take_over(Document(answer.text), stream=False)
        self._note()
        return Outcome(
            answer.status, problem={"status": answer.status, "detail": self.text} if answer.status >= 400 else None
        )

    def _forget(self, form: Tag) -> None:
        for control in self.document.controls_of(form):
            self._typed.pop(attribute(control, "id") or attribute(control, "name") or "", None)

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

    def _tell(self, problem: Any) -> None:
        self.toasts.append(problem.get("detail") or problem.get("title") or str(problem))
        self._note()

    async def _settled(self) -> None:
        """Go where the page was sent, and follow the stream that it names by now."""
        if self._goes_to:
            target, self._goes_to = self._goes_to, ""
            await self.go(target)
        await self._following.changed()

    def settle_soon(self) -> None:
        """Go where the stream has sent the page, when it can be closed."""
        if self._goes_to:
            self._going = asyncio.create_task(self._settled())

    def _note(self) -> None:
        self._changed.set()


def _lane(url: str) -> str:
    """``/todo/7/toggle`` belongs to ``todo/7``, the class-level ``/todo/create`` to ``todo``."""
    parts = [part for part in url.partition("?")[0].split("/") if part]
    return "/".join(parts[: 2 if len(parts) > 2 else 1])


def _encoded(name: str, value: Any) -> str:
    return urlencode({name: value if isinstance(value, str) else json.dumps(value)})
