"""``starmodel doctor``: what is here, and what of it works."""

from __future__ import annotations

import asyncio
import platform
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Literal

import typer

from starmodel.cli.addresses import addresses_of
from starmodel.cli.checks import databases_of, host_of, schema_of
from starmodel.cli.findings import tell
from starmodel.cli.loading import reason_of
from starmodel.cli.options import App, Json
from starmodel.cli.packages import starmodel_packages
from starmodel.cli.project import Project, open_project
from starmodel.cli.terminal import working
from starmodel.core.contributions import Finding
from starmodel.core.errors import StarModelError
from starmodel.plugins import PluginRecord, findings_of

__all__ = ["doctor"]

LOWEST = (3, 11)
FAMILY = "starmodel."
APART = frozenset({"starmodel.cli_commands", "starmodel.plugins"})
"""Entry points that are no adapters: commands are looked at when they run, plugins have records of their own."""


def doctor(
    *,
    port: Annotated[int, typer.Option(help="Also see whether this port is free.", min=1, max=65535)] = 8000,
    start: Annotated[bool, typer.Option("--start", help="Also start the application once, and stop it.")] = False,
    app: App = None,
    json: Json = False,
) -> None:
    """See what is installed here, and what of it works."""
    with working("Looking at everything"):
        found = [*_installed(), *_project(app, start=start), _port(port)]
    tell(found, json=json)


def _installed() -> Iterator[Finding]:
    is_new = sys.version_info[:2] >= LOWEST
    yield Finding("Python", "ok" if is_new else "failed", f"{platform.python_version()} at {sys.executable}")
    packages = starmodel_packages()
    versions = sorted(set(packages.values()))
    names = ", ".join(packages)
    if len(versions) > 1:
        mixed = ", ".join(f"{name} {number}" for name, number in packages.items())
        yield Finding("packages", "failed", f"{mixed}; install them in one version")
    else:
        yield Finding("packages", "ok", f"{names}, all {versions[0] if versions else 'missing'}")
    for group in sorted(one for one in entry_points().groups if one.startswith(FAMILY) and one not in APART):
        for point in sorted(entry_points(group=group), key=lambda one: one.name):
            yield _adapter(group, point)


def _adapter(group: str, point: EntryPoint) -> Finding:
    what = f"{group.removeprefix(FAMILY)} {point.name}"
    owner = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
    try:
        point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001  (whatever a package does when it is imported)
        return Finding(what, "failed", f"{owner}: {reason_of(error)}")
    return Finding(what, "ok", owner)


def _plugins(found: object) -> Iterator[Finding]:
    """Yield how each plugin is, after the application was built with them: what they did wrong by then is known."""
    try:
        host = host_of(found)
    except StarModelError as error:
        yield Finding("plugins", "failed", str(error))
        return
    said = asyncio.run(findings_of(host))  # before the records are looked at: who fails in that as well is told
    for plugin in host.records:
        yield Finding(f"plugin {plugin.name}", _state(plugin), _about(plugin))
    yield from said


def _started(found: object) -> Finding:
    """Start an application and stop it again, as a server does: what plugins do wrong there is on record then."""
    router = getattr(found, "router", None)
    if router is None:
        return Finding("start", "warning", f"a {type(found).__name__} has no beginning and no end of its own")

    async def once() -> None:
        async with router.lifespan_context(found):
            pass

    try:
        asyncio.run(once())
    except (Exception, SystemExit) as error:  # noqa: BLE001  (whatever an application does when it starts)
        return Finding("start", "failed", reason_of(error))
    return Finding("start", "ok", "it starts and stops")


def _state(plugin: PluginRecord) -> Literal["ok", "warning", "failed"]:
    if plugin.status == "failed" or plugin.failures:
        return "failed"
    return "warning" if plugin.status in {"missing", "shadowed"} else "ok"


def _about(plugin: PluginRecord) -> str:
    if plugin.error:
        return plugin.error
    owner = f"{plugin.distribution} {plugin.version}" if plugin.distribution else plugin.origin
    return owner if plugin.status == "ok" else f"{owner}, {plugin.status}"


def _project(app: str | None, *, start: bool) -> Iterator[Finding]:
    try:
        project = open_project(app)
    except StarModelError as error:
        yield from _plugins(None)
        yield Finding("project", "failed" if app else "warning", str(error))
        return
    yield Finding("project", "ok", f"{project.target.reference} in {project.folder}")
    env = project.env_file
    yield Finding("settings", "ok", str(env) if env.is_file() else "from the environment; there is no .env")
    try:
        application = project.application
    except StarModelError as error:
        yield from _plugins(None)
        yield Finding("application", "failed", str(error))
        return
    if start:
        yield _started(project.found)
    yield from _plugins(project.found)
    kinds = sorted(kind.__entity_name__ for kind in application.catalog)
    count = len(addresses_of(project.found))
    yield Finding("application", "ok", f"{', '.join(kinds) or 'no entity'}; {count} addresses")
    for name, durability in application.summary().items():
        yield Finding(f"store {name}", "warning" if durability == "ephemeral" else "ok", durability)
    if application.tasks.queue is not None:
        durability = application.tasks.durability.value
        yield Finding("tasks", "warning" if durability == "ephemeral" else "ok", durability)
    yield from _databases(project)


def _databases(project: Project) -> Iterator[Finding]:
    databases = databases_of(project)
    for one in databases:
        what = f"database of {one.store}"
        if one.file is not None and not one.file.exists():
            yield Finding(what, "warning", f"{one.file} is not there yet; starmodel run makes it")
        elif one.file is not None:
            yield Finding(what, "ok", str(one.file))
    schema = schema_of(project, databases)
    if schema is None:
        return
    if schema.failure:
        yield Finding("database", "failed", schema.failure)
        return
    yield Finding("database", "ok", "it answers")
    behind = [*(f"{line} is to be applied" for line in schema.pending), *schema.drift]
    revisions = len(list(project.migrations.glob("*.py"))) if project.migrations.is_dir() else 0
    counted = f"{revisions} revision{'' if revisions == 1 else 's'}"
    detail = "; ".join(behind) or f"code, {counted} and database fit together"
    yield Finding("migrations", "warning" if behind else "ok", detail)


def _port(port: int) -> Finding:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return Finding(f"port {port}", "warning", f"{error.strerror}; starmodel run --port chooses another")
    return Finding(f"port {port}", "ok", "free")
