"""Pages that are sent a form: read whole, within bounds, and answered by a page or by the way to one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request

from starmodel.adapters.fasthtml.replies import send_bytes
from starmodel.app.bodies import refuse_impossible
from starmodel.core.errors import InvalidError, Problem

from .call import Content
from .documents import document

if TYPE_CHECKING:
    from starlette.datastructures import UploadFile
    from starlette.types import ASGIApp, Receive, Scope, Send

    from .call import PageCall
    from .shape import Shape

__all__ = ["Sent", "Take", "posted"]

_MOST_FIELDS = 2000


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form says: its *pairs* in order, and its *files* by name, which are closed when it is answered."""

    pairs: Sequence[tuple[str, str]]
    files: Mapping[str, UploadFile]

    def first(self, name: str) -> str:
        """Return the first value of *name*, ``""`` when it was not sent."""
        return next((text for key, text in self.pairs if key == name), "")

    def all(self, name: str) -> list[str]:
        """Return every value of *name*."""
        return [text for key, text in self.pairs if key == name]


Take: TypeAlias = "Callable[[PageCall, Shape, Sent], Awaitable[Content | ASGIApp]]"
"""Makes the answer to a form."""


def posted(call: PageCall, shape: Shape, take: Take, *, files: int = 0) -> ASGIApp:
    """Return what reads the form of a request and lets *take* answer it."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            async with request.form(max_files=files, max_fields=_MOST_FIELDS) as form:
                made = await take(call, shape, _sent(form.multi_items()))
        except HTTPException as error:  # the parser of forms
            raise InvalidError([Problem((), f"the form could not be read: {error.detail}", "form")]) from error
        if isinstance(made, Content):
            call.read.forget()  # what was sent is in no address: the page must not be made again
            page = document(call, made)
            await send_bytes(send, page.status, b"text/html; charset=utf-8", page.body(scope))
        else:
            await made(scope, receive, send)

    return answer


def _sent(items: Sequence[tuple[str, Any]]) -> Sent:
    pairs = [(name, value.replace("\r\n", "\n")) for name, value in items if isinstance(value, str)]
    refuse_impossible([text for pair in pairs for text in pair])
    return Sent(pairs, {name: value for name, value in items if not isinstance(value, str)})
