"""Look at a project, once and without changing it, for all that the rules judge."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from starmodel.cli.addresses import addresses_of
from starmodel.cli.environment import read_env
from starmodel.cli.migrations import migrations_of
from starmodel.cli.packages import starmodel_packages
from starmodel.cli.project import Project, open_project
from starmodel.cli.target import find_target
from starmodel.core.errors import StarModelError
from starmodel.plugins import PluginChoice, PluginHost, PluginRecord

from .facts import Database, Facts, Schema, Web

__all__ = ["databases_of", "facts_about", "host_of", "plugins_of", "schema_of"]

MOUNTS = Path("/proc/mounts")


def facts_about(app: str | None, *, deploy: bool) -> Facts:
    """Return what there is to know about the project that *app* names; with *deploy* as production would see it."""
    target = find_target(app, Path.cwd())
    environ = {**read_env(target.folder / ".env"), **os.environ}
    project = open_project(app, production=True if deploy else None)
    general = Facts(
        folder=project.folder,
        environ=environ,
        today=datetime.now(UTC).date(),
        python=sys.version_info[:2],
        packages=starmodel_packages(),
        tracked=_tracked(project.folder),
        is_env_ignored=_git(project.folder, "check-ignore", "-q", ".env") is not None,
        mounts=_mounts(),
        deploy=deploy,
        is_root=getattr(os, "geteuid", lambda: 1)() == 0,
    )
    return _with_application(general, project)


def _with_application(facts: Facts, project: Project) -> Facts:
    try:
        application = project.application
    except StarModelError as error:
        return _changed(facts, failure=str(error), plugins=plugins_of(None))
    databases = databases_of(project)
    return _changed(
        facts,
        application=application,
        web=_web(project.found),
        addresses=tuple(addresses_of(project.found)),
        databases=databases,
        schema=schema_of(project, databases),
        plugins=plugins_of(project.found),
        log_levels={name: logging.getLogger(name).level for name in ("", "starmodel", "sqlalchemy.engine")},
    )


def _changed(facts: Facts, **changes: object) -> Facts:
    return Facts(**{**facts.__dict__, **changes})


def databases_of(project: Project) -> tuple[Database, ...]:
    """Return where the stores of *project* that have an address keep their data."""
    found = []
    for name, store in project.application.persistence.stores.items():
        url = getattr(getattr(store, "url", None), "url", None)
        if url is not None:
            found.append(_database(name, url))
    return tuple(found)


def _database(name: str, url: object) -> Database:
    """Return what an address says; *url* is one as SQLAlchemy reads it."""
    if str(getattr(url, "drivername", "")).startswith("sqlite"):
        text = str(getattr(url, "database", None) or "")
        if text in ("", ":memory:"):
            return Database(store=name)
        return Database(store=name, file=Path(text).resolve(), is_relative=not Path(text).is_absolute())
    return Database(
        store=name,
        host=str(getattr(url, "host", None) or ""),
        user=str(getattr(url, "username", None) or ""),
        password=str(getattr(url, "password", None) or ""),
        options={str(key): str(value) for key, value in dict(getattr(url, "query", {})).items()},
    )


def schema_of(project: Project, databases: tuple[Database, ...]) -> Schema | None:
    """Return how code, revisions and database fit; ``None`` without a database, or when its file is not there yet.

    It only looks: a SQLite file that does not exist is not made.
    """
    if not databases or any(one.file is not None and not one.file.exists() for one in databases):
        return None
    seen = [_schema(project, one.store) for one in databases]
    return Schema(
        pending=tuple(line for one in seen for line in one.pending),
        drift=tuple(line for one in seen for line in one.drift),
        failure="; ".join(one.failure for one in seen if one.failure),
    )


def _schema(project: Project, store: str) -> Schema:
    try:
        document = migrations_of(project, store=store).check().document
    except StarModelError as error:
        return Schema(failure=str(error))
    pending = tuple(f"{one['revision']} {one['message']}".strip() for one in document["pending"])
    drift = tuple(line for line in document["problems"] if not any(line.startswith(one) for one in pending))
    return Schema(pending=pending, drift=drift)


def _web(found: object) -> Web | None:
    """Return what the web adapter says of itself; ``None`` for an application without a web."""
    while found is not None:
        gate, runtime = getattr(found, "gate", None), getattr(found, "runtime", None)
        if gate is not None and runtime is not None:
            return Web(
                hosts=tuple(gate.hosts), has_auth=bool(runtime.has_auth), foreign_assets=tuple(runtime.assets.foreign)
            )
        found = getattr(found, "app", None)
    return None


def plugins_of(found: object) -> tuple[PluginRecord, ...]:
    """Return the plugins as the application has them, else as the project here has chosen them."""
    return host_of(found).records


def host_of(found: object) -> PluginHost:
    """Return the host of the plugins of an application, else one of what the project here has chosen."""
    host = getattr(getattr(getattr(found, "state", None), "starmodel", None), "plugins", None)
    if isinstance(host, PluginHost):
        return host
    choice = PluginChoice.of(Path.cwd(), os.environ)
    return replace(choice, required=()).host()  # to be looked at, not to be run


def _tracked(folder: Path) -> frozenset[str] | None:
    listed = _git(folder, "ls-files", "-z")
    return None if listed is None else frozenset(name for name in listed.split("\0") if name)


def _git(folder: Path, *arguments: str) -> str | None:
    """Return what git says; ``None`` when it is not there, or says no."""
    try:
        done = subprocess.run(  # noqa: S603  (no shell, and nothing from outside among the words)
            ["git", "-C", str(folder), *arguments],  # noqa: S607  (whichever git the person uses)
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def _mounts() -> Mapping[str, str]:
    try:
        lines = [line.split() for line in MOUNTS.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):
        return {}
    return {words[1].replace("\\040", " "): words[2] for words in lines if len(words) > 2}
