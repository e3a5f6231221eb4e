"""The REST application: a FastAPI application whose own endpoints stand beside those of the entities."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route

from starmodel.app.doors import kept_elsewhere, path_of
from starmodel.app.downloads import shown_files
from starmodel.app.uploading import upload_path
from starmodel.core.errors import DefinitionError, InvalidError, Problem, StarModelError

from .answers import Json, problem, refused, refused_by_http
from .doors import CollectionDoor, EventDoor, MemberDoor
from .feed import Feeds
from .files import FileDoor, UploadDoor
from .page import documentation_routes
from .service import Identify, Service
from .specification import Amend, check_document, specification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from starmodel.app import Application, Handler
    from starmodel.core.actors import Actor
    from starmodel.core.entity import Entity

__all__ = ["Identify", "RestApp"]

logger = logging.getLogger("starmodel.rest")

_COUNTED_THERE = 2**62
_ITSELF = ("docs", "openapi.json")
"""The first parts of the addresses that are the application's own."""


class RestApp(FastAPI):
    """REST for every entity of *application* that does not say ``"api": False``, with OpenAPI and a page to try it.

    Mounted below a web application it needs no lifespan.  *identify* says who sent a request; each entity is as visible
    to them as their policies say.  ``@api.get("/report")`` adds an endpoint as FastAPI knows it.  *max_feeds* bounds
    the feeds of changes that are open at once.  *amend* returns the OpenAPI document as it is to be shown.
    """

    def __init__(
        self,
        application: Application,
        *,
        identify: Identify,
        title: str = "StarModel",
        version: str = "1",
        max_feeds: int = 1000,
        amend: Amend | None = None,
        **fastapi: Any,
    ) -> None:
        super().__init__(
            title=title,
            version=version,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            **fastapi,
        )
        self.application, self._amend = application, amend
        self.feeds = Feeds(application, max_open=max_feeds)
        self._service = Service(application, identify)
        self._offered: dict[type[Entity], list[Handler]] = {}
        self.add_exception_handler(HTTPException, _told_http)
        self.add_exception_handler(RequestValidationError, _told_invalid)
        self.add_exception_handler(StarModelError, _told)
        self.router.routes.append(Route("/openapi.json", self._specification, methods=["GET"], name="openapi"))
        self.router.routes.append(Route("/", _to_documentation, methods=["GET"], name="documentation-root"))
        self.router.routes += documentation_routes(title)
        self._include_new()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; entities that the application got since are there."""
        self._include_new()
        await super().__call__(scope, receive, send)

    def end_those(self, is_over: Callable[[Actor], bool]) -> None:
        """End the feeds of every actor of whom *is_over* is true."""
        self.feeds.end_those(is_over)

    def drain(self) -> None:
        """End every feed at once; what a server calls before it stops."""
        self.feeds.drain()

    def takes(self, scope: Scope) -> int:
        """Return how many bytes the body of a request may have; 0 for no more than usual.

        A file has the limit of its field, which is counted where it is read.
        """
        self._include_new()
        doors = (one for one in self.router.routes if isinstance(one, Route) and isinstance(one.app, UploadDoor))
        return _COUNTED_THERE if any(one.matches(scope)[0] is Match.FULL for one in doors) else 0

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document: the entities', and what was added as FastAPI knows it."""
        self._include_new()
        self.openapi_schema = None
        document = specification(super().openapi(), self.application.codec, self._offered)
        return document if self._amend is None else self._amend(document, check_document)

    def _include_new(self) -> None:
        for kind in self.application.catalog:
            if kind not in self._offered:
                self._include(kind)

    def _include(self, kind: type[Entity]) -> None:
        handlers = self.application.catalog.handlers(kind)
        if not kind.__entity_config__.get("api", True):
            self._offered[kind] = []
            self._say_where(kind)
            return
        name = kind.__entity_name__.lower()
        if name in _ITSELF:
            raise DefinitionError(
                f"the entity {kind.__entity_name__} would have the address of the documentation; give it another "
                "model_config = {'namespace': ...}, or keep it out by {'api': False}"
            )
        offered = self._offered[kind] = [one for one in handlers.values() if one.event.options.include_in_schema]
        known = {handler.event.name: handler for handler in offered}
        events = [handler for handler in offered if not _is_standard(handler)]
        self.router.routes += [_event_route(self._service, handler) for handler in events]
        self.router.routes += _file_routes(self._service, kind, offered)
        create, update, delete = (_standard(known, event) for event in ("create", "update", "delete"))
        self._add(f"/{name}", CollectionDoor(self._service, kind, create, self.feeds), GET=True, POST=create)
        self._add(
            f"/{name}/{{id}}", MemberDoor(self._service, kind, update, delete), GET=True, PATCH=update, DELETE=delete
        )

    def _say_where(self, kind: type[Entity]) -> None:
        """Tell whoever asks for what browsers keep that it is there."""
        refusal, path = kept_elsewhere(kind), f"/{kind.__entity_name__.lower()}"
        if refusal is not None:
            told = problem(refusal)
            self.router.routes += [Route(at, told, methods=None) for at in (path, f"{path}/{{rest:path}}")]

    def _add(self, path: str, door: Any, **methods: Any) -> None:
        taken = [method for method, is_there in methods.items() if is_there]
        self.router.routes.append(Route(path, door, methods=taken, name=f"rest {path}"))

    async def _specification(self, request: Request) -> Response:
        """Answer with the document, which says below which path it was asked for."""
        return Json({**self.openapi(), "servers": [{"url": request.scope.get("root_path") or "/"}]})


def _is_standard(handler: Handler) -> bool:
    """Tell whether an event is called by a method on the address of the collection or the member."""
    return handler.event.of_class == (handler.event.name == "create") and handler.event.name in (
        "create",
        "update",
        "delete",
    )


def _standard(known: dict[str, Handler], event: str) -> Handler | None:
    handler = known.get(event)
    return handler if handler is not None and _is_standard(handler) else None


def _file_routes(service: Service, kind: type[Entity], offered: Sequence[Handler]) -> Iterator[Route]:
    """Yield the routes that files are sent to, and those that they are fetched from."""
    for handler in offered:
        for field in handler.files:
            yield Route(upload_path(path_of(handler), field), UploadDoor(service, handler, field), methods=["POST"])
    for field in shown_files(kind):
        path = f"/{kind.__entity_name__.lower()}/{{id}}/files/{field}"
        yield Route(path, FileDoor(service, kind, field), methods=["GET"])


def _event_route(service: Service, handler: Handler) -> Route:
    method = handler.event.options.method.upper()
    methods = [method] if method == "GET" else sorted({method, "POST"})
    return Route(path_of(handler), EventDoor(service, handler), methods=methods, name=f"rest {handler}")


async def _to_documentation(request: Request) -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/docs", 303)


async def _told_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  (what it is registered for)
    if error.status_code in (204, 304):
        return Response(status_code=error.status_code, headers=error.headers)
    return refused_by_http(error)


async def _told_invalid(request: Request, error: Exception) -> Response:
    """Answer what FastAPI finds wrong with the arguments of an endpoint of one's own as everything else is answered."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    problems = [Problem(tuple(one["loc"]), str(one["msg"]), str(one["type"])) for one in found]
    return refused(InvalidError(problems), f"{request.method} {request.url.path!r}")


async def _told(request: Request, error: Exception) -> Response:
    return refused(error, f"{request.method} {request.url.path!r}")
