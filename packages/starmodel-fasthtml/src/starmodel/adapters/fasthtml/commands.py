"""The web door for commands: reads a POST, makes a Command, hands it to the Dispatcher, and words the answer.

Two callers are told apart by ``StarModel-Request``: our own script in a page, which understands frames, and everybody
else: forms without JavaScript get a redirect, programs get JSON.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlsplit

from starlette.requests import ClientDisconnect

from starmodel.app import Refusal, Upload, may_read, may_take_back, refusal_of, take_file
from starmodel.app.bodies import BodyTooLargeError
from starmodel.app.doors import command_id, outcome_of, shown, version_in
from starmodel.app.history import SERVICES
from starmodel.core.answers import GoTo
from starmodel.core.commands import Command
from starmodel.core.events import Mode

from .arguments import Arguments, Wanted, media_of, read_arguments
from .browser.carrying import NotCarriedError, carried, is_kept_by_browsers, read_kept
from .browser.marking import kept_frame
from .gate import header
from .replies import send_bytes, send_frames, send_json, send_nothing, send_see_other
from .results import Frames, frames_of, public_value
from .wanting import is_ours, wants_json, wants_page
from .wire import event_frame

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.datastructures import UploadFile
    from starlette.types import Receive, Scope, Send

    from starmodel.app import Handler, Result
    from starmodel.core.actors import Actor
    from starmodel.core.entity import Entity

    from .browser import Carried
    from .runtime import Runtime

__all__ = ["CommandDoor", "Forms", "back_to", "own_path"]

logger = logging.getLogger("starmodel.web")

FORM_ROOM = 1024 * 1024
"""How much a form may say besides its files, in bytes."""
_CHUNK = 64 * 1024
_NOT_SHOWN = "It was done, but the answer to it could not be made. Reload the page to see how things are now."


class Forms(Protocol):
    """Whoever draws the forms of events: it knows what they may leave open, and how to show what is wrong."""

    async def completed(self, handler: Handler, scope: Scope, arguments: Arguments, actor: Actor, /) -> Arguments:
        """Return the arguments of a form with everything that was left open in it; InvalidError for what is wrong."""

    async def drawn_again(
        self, scope: Scope, handler: Handler, arguments: Arguments, refusal: Refusal, /
    ) -> bytes | None:
        """Return the form as it was sent, with what was wrong in it; ``None`` where it cannot be drawn."""

    def in_words(self, scope: Scope, refusal: Refusal, /) -> Refusal:
        """Return a refusal in the words of whoever reads the page that a request came from."""


class CommandDoor:
    """The ASGI endpoint of one event."""

    def __init__(self, runtime: Runtime, handler: Handler) -> None:
        self._runtime, self._handler = runtime, handler
        self._has_steps = handler.event.mode in (Mode.STEPS, Mode.ASYNC_STEPS)
        self._wanted = Wanted.of(handler.parameters)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the event as the request says, and answer."""
        runtime, frames, arguments, brought = self._runtime, None, None, None
        try:
            actor = await runtime.actor(scope)
            arguments = await self._read(scope, receive, actor)
            if arguments.form is not None and runtime.forms is not None:
                arguments = await runtime.forms.completed(self._handler, scope, arguments, actor)
            brought = self._brought(arguments, actor)
            command = self._command(scope, arguments, actor)
            if self._has_steps and is_ours(scope):
                frames = Frames(send, runtime.hub, actor, self._handler, command.entity_id)
                result = await self._step_by_step(command, actor, arguments, frames)
            else:
                result = await runtime.app.dispatcher.dispatch(command, actor=actor, text=arguments.is_text)
        except (BodyTooLargeError, ClientDisconnect):
            raise
        except Exception as error:  # noqa: BLE001  # every refusal is answered here, in the caller's own way
            refusal = self._refusal(error, scope)
            if frames is not None and frames.started:
                await frames.finish(event_frame("sm-problem", self._told(scope, refusal)))
            else:
                await self._refuse(scope, send, refusal, arguments)
        else:
            await self._answer(scope, send, result, frames, actor, arguments, kept_frame(brought))

    def _brought(self, arguments: Arguments, actor: Actor) -> Carried | None:
        """Let the event read what the browser has brought; NotCarriedError when it is about just that, and missing."""
        if arguments.kept is None:
            if is_kept_by_browsers(self._handler.kind):
                raise NotCarriedError(self._handler.kind.__entity_name__)
            return None
        brought = read_kept(self._runtime.app, actor, arguments.kept)
        carried.set(brought)
        return brought

    def takes(self, scope: Scope) -> int:
        """Return how large the body may be, in bytes, 0 for no more than usual: a form may bring the files itself."""
        files = self._handler.files
        if not files or media_of(scope) != "multipart/form-data":
            return 0
        return sum(accept.max_bytes for accept in files.values()) + FORM_ROOM

    async def _read(self, scope: Scope, receive: Receive, actor: Actor) -> Arguments:
        if not self._handler.files:
            return await read_arguments(scope, receive, self._wanted)
        if media_of(scope) == "multipart/form-data":
            await self._runtime.app.dispatcher.allow(self._handler, scope["path_params"].get("id"), actor)
        return await read_arguments(scope, receive, self._wanted, partial(self._keep, scope, actor))

    async def _keep(self, scope: Scope, actor: Actor, field: str, file: UploadFile) -> str:
        upload = Upload(_chunks(file), name=file.filename or "", media=file.content_type or "", length=file.size)
        id = scope["path_params"].get("id")
        told = await take_file(self._runtime.app, self._handler, field, upload, actor=actor, id=id)
        return str(told["reference"])

    async def _step_by_step(self, command: Command, actor: Actor, arguments: Arguments, frames: Frames) -> Result:
        """Run an event that shows its steps; no step stays to be seen of what was not stored."""
        try:
            result = await self._runtime.app.dispatch(command, actor=actor, text=arguments.is_text, on_step=frames.step)
        except BaseException:  # also when it was cancelled
            frames.failed()
            raise
        frames.done(result)
        return result

    def _command(self, scope: Scope, arguments: Arguments, actor: Actor) -> Command:
        return Command(
            entity=self._handler.kind.__entity_name__,
            event=self._handler.event.name,
            args=arguments.values,
            entity_id=scope["path_params"].get("id"),
            id=command_id(actor, arguments.key),
            base_version=version_in(arguments.base, "StarModel-Base-Version"),
        )

    # -- out -------------------------------------------------------------------------------------------------------

    async def _answer(
        self,
        scope: Scope,
        send: Send,
        result: Result,
        frames: Frames | None,
        actor: Actor,
        arguments: Arguments,
        kept: bytes,
    ) -> None:
        """Answer a command that was done; if that fails, say that it was done all the same."""
        try:
            if is_ours(scope):
                last = kept + frames_of(result, self._handler)
            elif arguments.is_text and not self._handler.reads_only and not wants_json(scope):
                await send_see_other(send, self._next_page(scope, result, arguments))
                return
            else:
                await send_json(send, 200, self._as_json(result, actor))
                return
        except Exception as error:  # the event's own piece of page, or a value that has no place in JSON
            id = secrets.token_hex(6)
            logger.exception("%s was done, but its answer could not be made (id %s)", self._handler, id, exc_info=error)
            refusal = Refusal(500, "answer", "Done, but not shown", _NOT_SHOWN, id)
            if frames is None or not frames.started:
                await self._refuse(scope, send, refusal)
                return
            last = kept + event_frame("sm-problem", self._told(scope, refusal))
        if frames is not None and frames.started:
            await frames.finish(last)
            return
        ways = [*self._way_back(result, actor), *self._way_there(result, actor)]
        if last:
            await send_frames(send, last, ways)
        else:
            await send_nothing(send, ways)

    def _way_there(self, result: Result, actor: Actor) -> list[tuple[bytes, bytes]]:
        """Return what tells the page of a command where to find what it made; nothing where that has no page."""
        made, kind, app = result.entity, self._handler.kind, self._runtime.app
        if not self._handler.event.of_class or not isinstance(made, kind) or self._runtime.forms is None:
            return []
        if not kind.__entity_config__.get("pages", True) or not may_read(app, actor, made):
            return []
        return [(b"starmodel-made", quote(_page_of(made)).encode())]

    def _way_back(self, result: Result, actor: Actor) -> list[tuple[bytes, bytes]]:
        """Return what tells the page of a command how to take it back; nothing for one that cannot be taken back.

        Whoever may not go that way is told that it was done.
        """
        if result.commit is None or result.replayed or self._handler.event.name in SERVICES:
            return []
        changes, kind = result.commit.changes, self._handler.kind
        if kind.__entity_name__ not in [change.entity for change in changes] or [one for one in changes if one.hidden]:
            return []
        app = self._runtime.app
        if "undo" not in app.catalog.handlers(kind) or not may_take_back(app, kind, result.commit, actor=actor):
            return [(b"starmodel-done", b"1")]
        return [(b"starmodel-command", result.command.id.encode("latin-1", "replace"))]

    def _next_page(self, scope: Scope, result: Result, arguments: Arguments) -> str:
        """Return where a form without scripts leads to."""
        if isinstance(result.returned, GoTo):
            return result.returned.path
        made = result.entity if self._handler.event.of_class else None
        if arguments.back is None:
            return back_to(scope)
        if isinstance(made, self._handler.kind) and self._handler.event.name == "create":
            return _page_of(made)
        return own_path(arguments.back)

    def _as_json(self, result: Result, actor: Actor) -> dict[str, Any]:
        app = self._runtime.app
        return outcome_of(app, result, actor, public_value(result.returned, app.codec))

    def _refusal(self, error: Exception, scope: Scope) -> Refusal:
        refusal = refusal_of(error, secrets.token_hex(6))
        if refusal.status >= 500:  # the server's own fault
            logger.error("%s failed at %r (id %s)", self._handler, scope["path"], refusal.id, exc_info=error)
        else:
            logger.info("%s refused: %s (id %s)", self._handler, refusal.code, refusal.id)
        # Whatever is not there looks the same, byte for byte.
        return replace(refusal, id="") if refusal.status == 404 else refusal

    def _told(self, scope: Scope, refusal: Refusal) -> dict[str, Any]:
        """Return what a program is told, or our own script, which shows it to the reader of its page."""
        if self._runtime.forms is not None and is_ours(scope):
            refusal = self._runtime.forms.in_words(scope, refusal)
        return refusal.to_dict(partial(shown, codec=self._runtime.app.codec))

    async def _refuse(self, scope: Scope, send: Send, refusal: Refusal, arguments: Arguments | None = None) -> None:
        forms = self._runtime.forms
        extra = [(name.encode(), value.encode()) for name, value in refusal.headers.items()]
        if forms is not None and arguments is not None and arguments.back is not None and not wants_json(scope):
            page = await forms.drawn_again(scope, self._handler, arguments, refusal)
            if page is not None:
                await send_bytes(send, refusal.status, b"text/html; charset=utf-8", page, extra)
                return
        if wants_page(scope):
            text = self._runtime.refusal_page(scope, refusal, back_to(scope))
            await send_bytes(send, refusal.status, b"text/html; charset=utf-8", text.encode(), extra)
        else:
            await send_json(send, refusal.status, self._told(scope, refusal), problem=True, extra=extra)


def _page_of(entity: Entity) -> str:
    return f"/{entity.__entity_name__.lower()}/{entity.id}"


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK):
        yield chunk


def own_path(address: str) -> str:
    """Return *address* if it is a page of ours, else the first page."""
    is_own = address.startswith("/") and address[1:2] not in ("/", "\\") and address.isprintable()
    return address if is_own else "/"


def back_to(scope: Scope) -> str:
    """Return the page of ours a form was sent from, else the first page."""
    try:
        parts = urlsplit(header(scope, b"referer"))
    except ValueError:  # no address at all
        return "/"
    if parts.netloc and parts.netloc != header(scope, b"host"):
        return "/"
    path = "/" + parts.path.lstrip("/\\")
    return path + (f"?{parts.query}" if parts.query else "")
