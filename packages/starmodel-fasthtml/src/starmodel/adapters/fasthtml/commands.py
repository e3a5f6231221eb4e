"""The web door for commands: reads a POST, makes a Command, hands it to the Dispatcher, and words the answer.

Two callers are told apart by ``StarModel-Request``: our own script in a page, which understands frames, and everybody
else: forms without JavaScript get a redirect, programs get JSON.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from starlette.datastructures import UploadFile
from starlette.requests import Request

from starmodel.app import refusal_of
from starmodel.core.answers import GoTo
from starmodel.core.commands import Command
from starmodel.core.entity import Entity
from starmodel.core.errors import InvalidError, NotFoundError, Problem, StarModelError

from .gate import BodyTooLargeError, header
from .pages import error_page
from .replies import send_bytes, send_frames, send_json, send_nothing, send_see_other
from .results import Frames, frames_of
from .wire import event_frame

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from starmodel.app import Handler, Refusal, Result
    from starmodel.core.actors import Actor

    from .runtime import Runtime

__all__ = ["CommandDoor"]

logger = logging.getLogger("starmodel.web")

MAX_DEPTH = 32
_FORM = ("application/x-www-form-urlencoded", "multipart/form-data")


class CommandDoor:
    """The ASGI endpoint of one event."""

    def __init__(self, runtime: Runtime, handler: Handler) -> None:
        self._runtime, self._handler = runtime, handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        runtime, ours = self._runtime, header(scope, b"starmodel-request") != ""
        is_form = False
        try:
            args, is_form, key = await self._arguments(scope, receive)
            actor = await runtime.actor(scope)
            command = self._command(scope, args, key, actor)
            frames = Frames(send, runtime.hub, actor, self._handler, command.entity_id)
            on_step = frames.step if ours and self._handler.event.mode.value.endswith("yield") else None
            try:
                result = await runtime.app.dispatch(command, actor=actor, text=is_form, on_step=on_step)
            except Exception as error:
                await frames.failed()
                if frames.started:
                    await frames.finish(event_frame("sm-problem", self._refusal(error, scope).to_dict()))
                    return
                raise
            await self._answer(scope, send, result, frames, ours=ours, is_form=is_form)
        except BodyTooLargeError:
            raise
        except Exception as error:  # every refusal is answered here, in the caller's own way
            await self._refuse(scope, send, self._refusal(error, scope), ours=ours, is_form=is_form)

    # -- in --------------------------------------------------------------------------------------------------------

    async def _arguments(self, scope: Scope, receive: Receive) -> tuple[dict[str, Any], bool, str]:
        """Return the arguments, whether they came as text, and the idempotency key."""
        key = header(scope, b"idempotency-key")
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        query.pop("_key", None)
        if scope["method"] in ("GET", "HEAD"):
            return query, True, ""
        media = header(scope, b"content-type").partition(";")[0].strip().lower()
        if media in _FORM:
            form = await _form(scope, receive)
            plain_key = form.pop("_key", "")
            return {**query, **form}, True, key or (_form_key(plain_key, scope, {**query, **form}) if plain_key else "")
        body = await _body(receive)
        if media == "application/json" or (not body and not media):
            return {**query, **_parsed(body)}, False, key
        raise UnsupportedMediaError(media)

    def _command(self, scope: Scope, args: dict[str, Any], key: str, actor: Actor) -> Command:
        if len(key) > 200 or not key.isprintable():  # noqa: PLR2004  (as long as a header should be)
            raise InvalidError([Problem(("Idempotency-Key",), "use 1 to 200 printable characters", "command_id")])
        id = scope["path_params"].get("id")
        return Command(
            entity=self._handler.kind.__entity_name__,
            event=self._handler.event.name,
            args=args,
            entity_id=None if id is None else unquote(id),
            id=_own_key(actor, key) if key else "",
            base_version=_version(header(scope, b"starmodel-base-version")),
        )

    # -- out -------------------------------------------------------------------------------------------------------

    async def _answer(
        self, scope: Scope, send: Send, result: Result, frames: Frames, *, ours: bool, is_form: bool
    ) -> None:
        if ours:
            last = frames_of(result, self._handler)
            if frames.started:
                await frames.finish(last)
            elif last:
                await send_frames(send, last)
            else:
                await send_nothing(send)
        elif is_form and not self._handler.reads_only and "application/json" not in header(scope, b"accept"):
            returned = result.returned
            await send_see_other(send, returned.path if isinstance(returned, GoTo) else back_to(scope))
        else:
            await send_json(send, 200, self._as_json(result))

    def _as_json(self, result: Result) -> dict[str, Any]:
        codec, entity = self._runtime.app.codec, result.entity
        change = next((c for c in result.commit.changes if c.snapshot is entity), None) if result.commit and entity else None
        returned = result.returned
        return {
            "command": result.command.id,
            "replayed": result.replayed,
            "id": entity.id if entity is not None else result.command.entity_id,
            "version": None if change is None else change.version,
            "entity": None if entity is None else codec.dump(entity, public=True),
            "returned": None if isinstance(returned, Entity) or hasattr(returned, "__ft__") else _plain(codec, returned),
        }

    def _refusal(self, error: Exception, scope: Scope) -> Refusal:
        if isinstance(error, UnsupportedMediaError):
            return error.refusal()
        refusal = refusal_of(error, secrets.token_hex(6))
        if refusal.status >= 500:  # noqa: PLR2004  (the server's own fault)
            logger.error("%s failed at %s (id %s)", self._handler, scope["path"], refusal.id, exc_info=error)
        else:
            logger.info("%s refused: %s (id %s)", self._handler, refusal.code, refusal.id)
        return refusal

    async def _refuse(self, scope: Scope, send: Send, refusal: Refusal, *, ours: bool, is_form: bool) -> None:
        if is_form and not ours and "application/json" not in header(scope, b"accept"):
            page = error_page(self._runtime.assets, refusal, scope["state"]["nonce"], back_to(scope))
            await send_bytes(send, refusal.status, b"text/html; charset=utf-8", page.encode())
        else:
            await send_json(send, refusal.status, refusal.to_dict(), problem=True)


class UnsupportedMediaError(StarModelError):
    """A body came in a form that no event takes."""

    code = "media_type"

    def __init__(self, media: str) -> None:
        self.media = media
        super().__init__(f"send the arguments as application/json or as a form, not as {media[:100] or 'nothing'!r}")

    def refusal(self) -> Refusal:
        """Return it as an answer."""
        from starmodel.app import Refusal  # noqa: PLC0415

        return Refusal(415, self.code, "Unsupported media type", str(self), "")


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return body
    chunks = [body]
    while message.get("more_body", False):
        message = await receive()
        chunks.append(message.get("body", b""))
    return b"".join(chunks)


def _parsed(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        text = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InvalidError([Problem((), f"the body is not JSON: {text}", "json")]) from None
    if not isinstance(data, dict):
        raise InvalidError([Problem((), "the body must be a JSON object with the arguments by name", "json")])
    if _is_deeper(data, MAX_DEPTH):
        raise InvalidError([Problem((), f"the body is nested more than {MAX_DEPTH} levels deep", "depth")])
    return data


def _is_deeper(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        return levels == 0 or any(_is_deeper(part, levels - 1) for part in value.values())
    if isinstance(value, list):
        return levels == 0 or any(_is_deeper(part, levels - 1) for part in value)
    return False


async def _form(scope: Scope, receive: Receive) -> dict[str, Any]:
    """Return the values of a form; a name that comes several times has a list."""
    request = Request(scope, receive)
    try:
        async with request.form(max_files=0, max_fields=1000) as form:
            values: dict[str, Any] = {}
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    raise InvalidError([Problem((name,), "files are not taken here", "file")])
                values[name] = [*_listed(values[name]), value] if name in values else value
            return values
    except (StarModelError, BodyTooLargeError):
        raise
    except Exception as error:
        raise InvalidError([Problem((), "the form could not be read", "form")]) from error


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _own_key(actor: Actor, key: str) -> str:
    """Return the command id for an actor's key: two actors may choose the same key."""
    return hashlib.blake2b(f"{actor.id}\0{key}".encode(), digest_size=16).hexdigest()


def _form_key(page_key: str, scope: Scope, args: dict[str, Any]) -> str:
    """Return the key of a command sent by a page's one form: the same only for the same button with the same values."""
    text = json.dumps([page_key, scope["path"], args], sort_keys=True)
    return "form-" + hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _version(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:  # noqa: PLR2004  (what a 64 bit number holds)
        raise InvalidError([Problem(("StarModel-Base-Version",), "must be a whole number", "type")])
    return int(text)


def back_to(scope: Scope) -> str:
    """Return the page of ours a form was sent from, else the first page."""
    parts = urlsplit(header(scope, b"referer"))
    if parts.netloc and parts.netloc != header(scope, b"host"):
        return "/"
    path = "/" + parts.path.lstrip("/\\")
    return path + (f"?{parts.query}" if parts.query else "")


def _plain(codec: Any, value: Any) -> Any:
    try:
        return codec.plain(value)
    except (TypeError, ValueError):
        return None


def path_of(handler: Handler) -> str:
    """Return the route of an event: ``/todo/{id}/toggle``, or ``/todo/create`` for one of the class."""
    name = handler.event.options.path or handler.event.name
    kind = handler.kind.__entity_name__.lower()
    tail = name.strip("/")
    if not tail or "{" in tail:
        raise NotFoundError("path of an event", name)
    return f"/{kind}/{tail}" if handler.event.of_class else f"/{kind}/{{id}}/{tail}"
