"""The routes of a class: one for each event it declares, and those of its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from starmodel.app.doors import path_of
from starmodel.app.downloads import shown_files
from starmodel.app.uploading import upload_path
from starmodel.core.errors import DefinitionError

from .commands import CommandDoor
from .files import FileDoor, UploadDoor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starmodel.app import Handler
    from starmodel.core.entity import Entity

    from .runtime import Runtime

__all__ = ["door_routes", "file_routes"]


def door_routes(runtime: Runtime, kind: type[Entity]) -> Iterator[Route]:
    """Yield a route for each declared event of *kind*, each followed by those that take the files of its form.

    DefinitionError when two events would have one address.
    """
    taken: dict[str, Handler] = {}
    for handler in runtime.app.catalog.handlers(kind).values():
        path = path_of(handler)
        other = taken.setdefault(path, handler)
        if other is not handler:
            raise DefinitionError(f"{other} and {handler} would both have the address {path}; change a path=")
        methods = {handler.event.options.method.upper(), "POST"}  # pages post, whatever programs do
        yield Route(path, CommandDoor(runtime, handler), methods=sorted(methods), name=f"event {handler}")
        for name in handler.files:
            taking, below = UploadDoor(runtime, handler, name), upload_path(path, name)
            yield Route(below, taking, methods=["POST"], name=f"file {handler}.{name}")


def file_routes(runtime: Runtime, kind: type[Entity]) -> Iterator[Route]:
    """Yield a route for each file that the entities of *kind* show."""
    for name in shown_files(kind):
        path, door = f"/{kind.__entity_name__.lower()}/{{id}}/files/{name}", FileDoor(runtime, kind, name)
        yield Route(path, door, methods=["GET"], name=f"file {kind.__entity_name__}.{name}")
