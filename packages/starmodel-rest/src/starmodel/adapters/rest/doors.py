"""The doors of one entity class: its collection, its members, its events.  Each makes a Command and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from starmodel.app import pairs_of, permitted, query_from, readable, refuse_unlisted, tally
from starmodel.app.doors import command_id, outcome_of, shown
from starmodel.core.commands import Command
from starmodel.core.errors import FieldConflictError, InvalidError, NotFoundError, Problem

from .answers import Json, etag, refused, represented
from .asking import Asked, arguments_in, version_matched
from .previews import preview_of
from .questions import RESERVED

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from starmodel.app import Handler, Result
    from starmodel.core.actors import Actor
    from starmodel.core.entity import Entity

    from .feed import Feeds
    from .service import Service

__all__ = ["CollectionDoor", "Door", "EventDoor", "MemberDoor"]

COUNT_CAP = 1000
"""How far a list counts."""


class Door:
    """An ASGI endpoint that answers every refusal as a problem document."""

    def __init__(self, service: Service, kind: type[Entity]) -> None:
        self._service, self._kind = service, kind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            answer = await self.answer(request)
        except ClientDisconnect:
            return  # nobody is there to be answered
        except Exception as error:  # noqa: BLE001  (every refusal is answered here)
            conflict = isinstance(error, FieldConflictError) and "if-match" in request.headers
            what, codec = f"{scope['method']} {scope['path']!r}", self._service.application.codec
            answer = refused(error, what, status=412 if conflict else None, codec=codec)
        await answer(scope, receive, send)

    async def answer(self, request: Request) -> ASGIApp:
        """Return the answer to *request*, or raise what it is refused for."""
        raise NotImplementedError

    async def run(self, handler: Handler, request: Request, id: str | None) -> tuple[Actor, Result] | Json:
        """Run an event as *request* says; a preview is answered at once."""
        asked, app = Asked(request.scope), self._service.application
        actor = await self._service.identify(request.scope)
        reads = request.method in ("GET", "HEAD")
        if reads:
            args = asked.arguments(handler)
        else:
            asked.only("dry_run")
            args = await arguments_in(request)
        version = version_matched(request.headers.get("if-match"))
        if version is not None and handler.event.of_class:
            raise InvalidError([Problem(("If-Match",), "is for one entity, and this is not", "etag")])
        merges = handler.event.takes_fields
        command = Command(
            entity=self._kind.__entity_name__,
            event=handler.event.name,
            args=args,
            entity_id=id,
            id=command_id(actor, request.headers.get("idempotency-key", "")) if not reads else "",
            base_version=version if merges else None,
        )
        only_at = None if merges else version
        if not reads and asked.flag("dry_run"):
            preview = await app.preview(command, actor=actor, only_at=only_at)
            return Json(preview_of(app, preview, actor))
        return actor, await app.dispatch(command, actor=actor, text=reads, only_at=only_at)


class CollectionDoor(Door):
    """``/todo``: GET lists, or follows what changes; POST creates."""

    def __init__(self, service: Service, kind: type[Entity], create: Handler | None, feeds: Feeds) -> None:
        super().__init__(service, kind)
        self._create, self._feeds = create, feeds

    async def answer(self, request: Request) -> ASGIApp:
        """List, follow or create."""
        if request.method == "POST" and self._create is not None:
            return await self._made(self._create, request)
        asked, app = Asked(request.scope), self._service.application
        query = query_from(self._kind, asked.pairs, app.codec, reserved=RESERVED)
        fields, counts = asked.fields(self._kind), asked.flag("count")
        actor = await self._service.identify(request.scope)
        refuse_unlisted(app, self._kind, actor)
        if "text/event-stream" in request.headers.get("accept", ""):
            return self._feeds.feed(self._kind, query, actor, fields, request)
        page = await permitted(app, self._kind, query, actor=actor)
        items = [represented(stored.entity, app.codec, fields) for stored in page.items]
        data: dict[str, Any] = {"items": items, "next": page.next}
        if counts:
            count = await tally(app, self._kind, query, actor=actor, cap=COUNT_CAP)
            data |= {"count": count, "count_is_capped": count >= COUNT_CAP}
        headers = {"vary": "Accept"}
        if page.next is not None:
            own = [(name, text) for name, text in asked.pairs if name in RESERVED]
            pairs = [*pairs_of(self._kind, replace(query, after=page.next), app.codec, reserved=RESERVED), *own]
            headers["link"] = f'<{_own_path(request)}?{urlencode(pairs)}>; rel="next"'
        return Json(data, headers=headers)

    async def _made(self, create: Handler, request: Request) -> ASGIApp:
        done = await self.run(create, request, None)
        if isinstance(done, Json):
            return done
        actor, result = done
        outcome = outcome_of(self._service.application, result, actor, None)
        if outcome["id"] is None:  # an event of one's own that made nothing
            outcome["returned"] = shown(result.returned, self._service.application.codec)
            return Json(outcome)
        headers = {"location": f"{_own_path(request)}/{outcome['id']}", "etag": etag(outcome["version"])}
        entity = outcome["entity"]
        if entity is None and result.replayed:
            entity = await self._now(outcome["id"], actor)
        return Json(entity or {"id": outcome["id"]}, 201, headers)

    async def _now(self, id: str, actor: Actor) -> dict[str, Any] | None:
        """Return what was made as it is now: the first answer to a repeated command is not kept whole."""
        try:
            stored = await readable(self._service.application, self._kind, id, actor=actor)
        except NotFoundError:
            return None
        return represented(stored.entity, self._service.application.codec)


class MemberDoor(Door):
    """``/todo/{id}``: GET shows, PATCH updates, DELETE deletes."""

    def __init__(self, service: Service, kind: type[Entity], update: Handler | None, delete: Handler | None) -> None:
        super().__init__(service, kind)
        self._update, self._delete = update, delete

    async def answer(self, request: Request) -> ASGIApp:
        """Show, update or delete."""
        id = request.path_params["id"]
        if request.method == "PATCH" and self._update is not None:
            done = await self.run(self._update, request, id)
            return done if isinstance(done, Json) else await self._updated(id, done[0])
        if request.method == "DELETE" and self._delete is not None:
            done = await self.run(self._delete, request, id)
            return done if isinstance(done, Json) else _nothing()
        asked = Asked(request.scope)
        asked.only("fields")
        actor = await self._service.identify(request.scope)
        return await self._shown(id, actor, asked.fields(self._kind), request.headers.get("if-none-match", ""))

    async def _updated(self, id: str, actor: Actor) -> ASGIApp:
        try:
            return await self._shown(id, actor, None)
        except NotFoundError:  # who may change it need not see it
            return _nothing()

    async def _shown(self, id: str, actor: Actor, fields: tuple[str, ...] | None, known: str = "") -> ASGIApp:
        app = self._service.application
        stored = await readable(app, self._kind, id, actor=actor)
        headers = {"etag": etag(stored.version), "cache-control": "no-cache, private"}
        if _is_known(stored.version, known):
            return Response(status_code=304, headers=headers)
        return Json(represented(stored.entity, app.codec, fields), headers=headers)


class EventDoor(Door):
    """``/todo/{id}/toggle``, or ``/todo/archive`` for an event of the class."""

    def __init__(self, service: Service, handler: Handler) -> None:
        super().__init__(service, handler.kind)
        self._handler = handler

    async def answer(self, request: Request) -> ASGIApp:
        """Run the event, and tell what became of it."""
        done = await self.run(self._handler, request, request.path_params.get("id"))
        if isinstance(done, Json):
            return done
        actor, result = done
        app = self._service.application
        outcome = outcome_of(app, result, actor, shown(result.returned, app.codec))
        headers = {} if outcome["version"] is None else {"etag": etag(outcome["version"])}
        return Json(outcome, headers=headers)


def _nothing() -> Response:
    return Response(status_code=204, headers={"cache-control": "no-store"})


def _own_path(request: Request) -> str:
    return quote(request.scope["path"])


def _is_known(version: int, known: str) -> bool:
    tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    return "*" in tags or etag(version) in tags
