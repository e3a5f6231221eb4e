"""The settings of an application: read from the environment here, and nowhere below."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from starmodel.core.errors import ConfigurationError

__all__ = ["Settings", "folder_of_files"]

_MIN_SECRET = 32
_REQUIRED = "STARMODEL_REQUIRED_PLUGINS"
_STORES = "DATABASE_URL or REDIS_URL"
_ADDRESSES = {
    "STARMODEL_BUS": "REDIS_URL",
    "STARMODEL_FRAGMENTS": "REDIS_URL",
    "STARMODEL_SESSIONS": _STORES,
    "STARMODEL_STORE": _STORES,
    "STARMODEL_TASKS": _STORES,
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says.

    ``STARMODEL_ENV``: ``development`` shows tracebacks to this machine; anything else is production.
    ``STARMODEL_SECRET``: signs sessions and pages; at least 32 characters.  Without one each start makes its own, and
    sessions end with the process.  ``STARMODEL_HOSTS``: the names it answers to, separated by commas; without it only
    this machine's.  ``STARMODEL_STORE``: the store of entities that name none (``memory``).
    ``DATABASE_URL``: the database of the store ``sql`` (``sqlite:///starmodel.db``, a file in the current folder).
    ``REDIS_URL``: the server of the store ``redis`` (``redis://127.0.0.1:6379/0``).
    ``STARMODEL_BUS``: how changes come to other processes (``log``, by the logs of the stores; ``redis``, by a stream
    of the server in ``REDIS_URL``).
    ``STARMODEL_SESSIONS``: where what pages put into ``session`` is kept (``sql``, ``redis`` or ``memory``; the most
    lasting store in use that processes share).
    ``STARMODEL_FRAGMENTS``: where processes find pieces of pages that another has drawn (``redis``; nowhere).
    ``STARMODEL_TASKS``: the queue of what is for later (``memory``; the memory of the process).
    ``STARMODEL_UI``: the kit that draws the pages (``monster`` where it is installed, else ``plain``).
    ``STARMODEL_PLUGINS``: names of the plugins that are on, separated by commas (the list ``plugins`` under
    ``[tool.starmodel]`` in the project's ``pyproject.toml``).
    ``STARMODEL_REQUIRED_PLUGINS``: names of plugins that it does not start without (``required-plugins``, there).
    ``STARMODEL_AUTH``: who tells visitors apart, by names such as ``password``, separated by commas (nobody does).
    ``STARMODEL_DISABLE_PLUGINS``: names of plugins to leave alone, separated by commas; ``*`` is all of them.
    ``STARMODEL_FILES``: the folder that keeps uploaded files (``files`` beside the SQLite database, else in the current
    folder).
    ``STARMODEL_METRICS_TOKEN``: opens ``/_starmodel/metrics`` to whoever sends it; at least 16 characters.  Without one
    there is no such address.
    ``STARMODEL_WORKERS``: how many processes serve; set by ``starmodel run --workers``.  Without it WEB_CONCURRENCY, by
    which uvicorn and others are told how many to start.
    """

    env: Literal["development", "production"] = "production"
    secret: str | None = None
    hosts: tuple[str, ...] = ()
    store: str = "memory"
    disabled_plugins: tuple[str, ...] = ()
    workers: int = 1
    database_url: str | None = None
    ui: str | None = None
    files: str | None = None
    redis_url: str | None = None
    bus: str = "log"
    plugins: tuple[str, ...] | None = None
    required_plugins: tuple[str, ...] | None = None
    auth: tuple[str, ...] = ()
    metrics_token: str | None = None
    sessions: str | None = None
    fragments: str | None = None
    tasks: str | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Return the settings in *environ*, by default the process's; ConfigurationError says what does not fit."""
        values = os.environ if environ is None else environ
        env = values.get("STARMODEL_ENV", "production")
        if env not in ("development", "production"):
            raise ConfigurationError(f"STARMODEL_ENV={env!r} must be development or production")
        secret = values.get("STARMODEL_SECRET") or None
        if secret is not None and len(secret) < _MIN_SECRET:
            raise ConfigurationError(
                f"STARMODEL_SECRET has {len(secret)} characters and needs {_MIN_SECRET}; "
                'make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
        store, bus = _named(values, "STARMODEL_STORE", "memory"), _named(values, "STARMODEL_BUS", "log")
        hosts, disabled = _listed(values, "STARMODEL_HOSTS"), _listed(values, "STARMODEL_DISABLE_PLUGINS")
        return cls(
            "development" if env == "development" else "production",
            secret,
            hosts,
            store,
            disabled,
            _workers(values),
            values.get("DATABASE_URL") or None,
            values.get("STARMODEL_UI") or None,
            values.get("STARMODEL_FILES") or None,
            values.get("REDIS_URL") or None,
            bus,
            _listed(values, "STARMODEL_PLUGINS") if "STARMODEL_PLUGINS" in values else None,
            _listed(values, _REQUIRED) if _REQUIRED in values else None,
            _listed(values, "STARMODEL_AUTH"),
            values.get("STARMODEL_METRICS_TOKEN") or None,
            _named(values, "STARMODEL_SESSIONS", "") or None,
            _named(values, "STARMODEL_FRAGMENTS", "") or None,
            _named(values, "STARMODEL_TASKS", "") or None,
        )


def folder_of_files(settings: Settings) -> Path:
    """Return the folder that keeps uploaded files: the one that was set, else ``files`` beside the SQLite database."""
    if settings.files is not None:
        return Path(settings.files)
    scheme, _, file = (settings.database_url or "").partition(":///")
    is_file = scheme.startswith("sqlite") and file.partition("?")[0] not in ("", ":memory:")
    return (Path(file.partition("?")[0]).parent if is_file else Path()) / "files"


def _listed(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in values.get(name, "").split(",") if part.strip())


def _named(values: Mapping[str, str], name: str, usual: str) -> str:
    """Return the adapter that the variable *name* names; an address, which may hold a password, is not repeated."""
    text = values.get(name) or usual
    if ":" in text or "/" in text:
        raise ConfigurationError(
            f"{name} takes a name such as {usual or 'sql'!r} or 'redis', and no address; "
            f"that belongs into {_ADDRESSES[name]}"
        )
    return text


def _workers(values: Mapping[str, str]) -> int:
    name = next((name for name in ("STARMODEL_WORKERS", "WEB_CONCURRENCY") if values.get(name)), None)
    text = values[name] if name else "1"
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ConfigurationError(f"{name}={text!r} must be a number from 1 up")
    return int(text)
