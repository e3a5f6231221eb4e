"""``starmodel run``: find the application, give it what it needs, and serve it."""

from __future__ import annotations

import ipaddress
import os
from functools import partial
from pathlib import Path
from typing import Annotated, Protocol

import typer

from starmodel.app import Registry
from starmodel.cli.announcement import announce
from starmodel.cli.environment import is_production, settings
from starmodel.cli.errors import ExposedReloadError, ServerMissingError
from starmodel.cli.target import find_target
from starmodel.cli.terminal import warn
from starmodel.core.errors import AdapterNotFoundError

__all__ = ["Serve", "run"]

SERVER = "uvicorn"


class Serve(Protocol):
    """What a package offers under the entry point group ``starmodel.server``."""

    def __call__(
        self,
        target: str,
        /,
        *,
        host: str,
        port: int,
        reload: bool,
        workers: int,
        app_dir: Path,
        on_ready: partial[None],
    ) -> None:
        """Serve until a signal comes; call *on_ready* with the address and the application."""


def run(
    target: Annotated[
        str | None,
        typer.Argument(help="A file (todo.py, todo.py:app) or a module (shop.main); otherwise the project here."),
    ] = None,
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on; 0 means any free one.", min=0, max=65535)] = 8000,
    reload: Annotated[
        bool | None, typer.Option("--reload/--no-reload", help="Restart when code changes; on in development.")
    ] = None,
    workers: Annotated[int, typer.Option(help="How many processes to serve with.", min=1)] = 1,
    production: Annotated[bool, typer.Option("--production", help="Serve as it should be served to others.")] = False,
) -> None:
    """Serve an application and restart it when its code changes."""
    found = find_target(target, Path.cwd())
    production = production or is_production(os.environ, found.folder)
    reloads = _reloads(reload, workers=workers, production=production)
    _guard(host, reloads=reloads, production=production)
    serve = _server()
    os.environ.update(settings(os.environ, found.folder, production=production))
    os.environ["STARMODEL_WORKERS"] = str(workers)
    mode = "auto-reload" if reloads else "production" if production else "development"
    note = mode if workers == 1 else f"{mode}, {workers} workers"
    serve(
        found.reference,
        host=host,
        port=port,
        reload=reloads,
        workers=workers,
        app_dir=found.folder,
        on_ready=partial(announce, note=note),
    )


def _reloads(wanted: bool | None, *, workers: int, production: bool) -> bool:  # noqa: FBT001 - the option as it came
    if wanted and production:
        raise typer.BadParameter("--reload is for development; leave it out with --production")
    if wanted and workers > 1:
        raise typer.BadParameter("--reload serves with one process; leave out --workers")
    return not production and workers == 1 if wanted is None else wanted


def _guard(host: str, *, reloads: bool, production: bool) -> None:
    if production or _is_loopback(host):
        return
    if reloads:
        raise ExposedReloadError(host)
    warn(f"development mode, which shows errors to visitors, is open to whoever can reach {host}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _server() -> Serve:
    servers: Registry[Serve] = Registry("starmodel.server")
    try:
        return servers.get(SERVER)
    except AdapterNotFoundError as error:
        raise ServerMissingError from error
