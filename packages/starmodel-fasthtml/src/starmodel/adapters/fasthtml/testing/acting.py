"""What somebody does on an open page: clicks, fills in, sends; each goes out as the page's own script sends it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from .commands import FORM, Command, Outcome
from .errors import ConnectionLostError, NothingToDoError
from .filling import Filled, Value
from .parts import attribute
from .sending import Sending, sending_of, typed_sending

if TYPE_CHECKING:
    from bs4.element import Tag

    from .live_page import LivePage

__all__ = ["Acting"]

_LOST = "The server cannot be reached. What you have entered is still here."


class Acting:
    """Whoever sits before one page; knows what was typed into it."""

    def __init__(self, page: LivePage) -> None:
        self._page = page
        self._filled = Filled()
        self._lanes: dict[str, asyncio.Lock] = {}

    async def click(self, element: Tag, *, agree: bool) -> Outcome:
        """Click an element; NothingToDoError for one that neither sends anything nor leads anywhere."""
        page = self._page
        if attribute(element, "disabled") is not None:
            raise NothingToDoError(page.document.name_of(element), str(element)[:200])
        sending = sending_of(page.document, element)
        if sending is not None:
            return await self._ask(sending, element, agree=agree)
        href = attribute(element, "href")
        if element.name == "a" and href is not None:
            return await self._went(href)
        form = page.document.form_of(element)
        if form is None or attribute(element, "type") in ("button", "reset"):
            raise NothingToDoError(page.document.name_of(element), str(element)[:200])
        return await self._post(form, element)

    async def fill(self, control: Tag, value: Value) -> None:
        """Type into a field, and send what it sends by itself."""
        self._filled.fill(control, value)
        sending = typed_sending(control, value)
        if sending is not None:
            await self._send(sending, control)

    def forget(self, form: Tag | None = None) -> None:
        """Empty the fields of a form, or all of them."""
        self._filled.forget(None if form is None else self._page.document.controls_of(form))

    async def _ask(self, sending: Sending, element: Tag, *, agree: bool) -> Outcome:
        if sending.question:
            self._page.questions.append(sending.question)
            if not agree:
                return Outcome(0, 0, problem={"status": 0, "detail": "Nothing was sent: it was not agreed to."})
        return await self._send(sending, element)

    async def _went(self, address: str) -> Outcome:
        await self._page.go(address)
        return Outcome(self._page.status, location=self._page.path)

    # -- commands ------------------------------------------------------------------------------------------------------

    async def _send(self, sending: Sending, element: Tag) -> Outcome:
        """Send a command behind those of the same entity, take in the answer, and return what it was."""
        command = self._command(sending, element)
        async with self._lanes.setdefault(_lane(command.url), asyncio.Lock()):
            outcome = await self._delivered(command)
        if sending.form is not None and outcome.is_done:
            self.forget(sending.form)
        if 300 <= outcome.status < 400:
            await self._page.reload()  # most likely to sign in again
        await self._page.settle()
        return outcome

    def _command(self, sending: Sending, element: Tag) -> Command:
        url = self._page.local(sending.url)
        if sending.form is None:
            return Command(url, json.dumps(sending.arguments or {}), base=sending.base)
        fixed = {name: _word(value) for name, value in (sending.arguments or {}).items() if value is not None}
        parts = [self._filled.encoded(self._page.document, sending.form, element), urlencode(fixed)]
        return Command(url, "&".join(filter(None, parts)), FORM, sending.base)

    async def _delivered(self, command: Command) -> Outcome:
        page = self._page
        while True:
            brought = replace(command, body=page.keeping.bring(command.body, is_form=command.media == FORM))
            outcome = await page.client.deliver(brought)
            try:
                for frame in outcome.frames:
                    page.show(frame)
            except ConnectionLostError:
                continue  # another tab was faster with what this browser keeps
            break
        if outcome.problem:
            page.tell(outcome.problem.get("detail") or outcome.problem.get("title") or str(outcome.problem))
        await page.keeping.look()
        return outcome

    # -- forms that are a page -----------------------------------------------------------------------------------------

    async def _post(self, form: Tag, submitter: Tag) -> Outcome:
        """Send a form that is a page, as the page's own script does and a browser without scripts."""
        page = self._page
        said = self._filled.encoded(page.document, form, submitter, key=True)
        action = page.local(attribute(submitter, "formaction") or attribute(form, "action") or page.path)
        way = (attribute(submitter, "formmethod") or attribute(form, "method") or "get").lower()
        if way != "post":
            return await self._went(f"{action.partition('?')[0]}?{said}")
        headers = {"accept": "text/html", "content-type": FORM, "referer": page.address}
        try:
            answer = await page.client.faults.carry(lambda: page.client.ask("POST", action, said, headers))
        except ConnectionLostError:
            page.tell(_LOST)
            return Outcome(0, problem={"status": 0, "detail": _LOST})
        if 300 <= answer.status < 400:
            return await self._went(answer.header("location"))
        page.show_instead(answer.text)
        problem = {"status": answer.status, "detail": page.text} if answer.status >= 400 else None
        return Outcome(answer.status, problem=problem)


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _lane(url: str) -> str:
    """``/todo/7/toggle`` belongs to ``todo/7``, the class-level ``/todo/create`` to ``todo``."""
    parts = [part for part in url.partition("?")[0].split("/") if part]
    return "/".join(parts[: 2 if len(parts) > 2 else 1])
