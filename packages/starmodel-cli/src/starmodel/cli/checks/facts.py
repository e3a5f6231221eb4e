"""What is known about a project before anybody judges it: gathered once, so that every rule is a plain function."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from starmodel.app import Application
from starmodel.cli.addresses import Address
from starmodel.plugins import PluginRecord

__all__ = ["Database", "Facts", "Schema", "Web", "others_may"]

LARGEST = 1_000_000
"""Files above this many bytes are not searched for what they should not hold."""
SHORTEST = 6
"""What has fewer characters would be found in any file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """Where a store keeps its data: a *file* for SQLite, else a *host*; ``None`` and ``""`` for what there is not."""

    store: str
    file: Path | None = None
    is_relative: bool = False
    host: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_local(self) -> bool:
        """True when no network is in between."""
        return self.host in {"", "localhost", "127.0.0.1", "::1"} or self.host.startswith("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """How code, revisions and database stand to each other; *failure* says why that is not known."""

    pending: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """What the web application lets through, and what it sends browsers to."""

    hosts: tuple[str, ...] = ()
    has_auth: bool = False
    foreign_assets: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that the rules look at.

    *environ* is what the application finds: the environment, and what ``.env`` adds to it.  *application* is ``None``
    when it could not be loaded, and *failure* says why.  *tracked* are the paths that git keeps, ``None`` without git.
    *mounts* has the type of the file system for each place it is mounted at.  *deploy* says that it is looked at as
    production would see it.
    """

    folder: Path
    environ: Mapping[str, str]
    today: date
    python: tuple[int, int]
    application: Application | None = None
    failure: str = ""
    web: Web | None = None
    addresses: tuple[Address, ...] = ()
    databases: tuple[Database, ...] = ()
    schema: Schema | None = None
    plugins: tuple[PluginRecord, ...] = ()
    packages: Mapping[str, str] = field(default_factory=dict[str, str])
    tracked: frozenset[str] | None = None
    is_env_ignored: bool = True
    mounts: Mapping[str, str] = field(default_factory=dict[str, str])
    log_levels: Mapping[str, int] = field(default_factory=dict[str, int])
    is_root: bool = False
    deploy: bool = False

    @property
    def env_file(self) -> Path:
        """The settings of this machine."""
        return self.folder / ".env"

    @property
    def secret(self) -> str:
        """What signs sessions, ``""`` without one."""
        return self.environ.get("STARMODEL_SECRET", "")

    @property
    def workers(self) -> int:
        """How many processes are to serve."""
        given = self.environ.get("STARMODEL_WORKERS") or self.environ.get("WEB_CONCURRENCY") or "1"
        return int(given) if given.isdecimal() else 1

    def sources(self) -> list[Path]:
        """Return the project's own Python files: those of its folder, environments and hidden folders left out."""
        hidden = ("node_modules", "site-packages")
        return [
            path
            for path in sorted(self.folder.rglob("*.py"))
            if not any(part.startswith(".") or part in hidden for part in path.relative_to(self.folder).parts)
            and not any((parent / "pyvenv.cfg").exists() for parent in path.parents)
        ]

    def published(self, text: str) -> list[str]:
        """Return the files in git that hold *text*; none for one so short that any file may hold it."""
        if len(text) < SHORTEST:
            return []
        wanted = text.encode()
        return [name for name in sorted(self.tracked or ()) if wanted in _content(self.folder / name)]


def _content(path: Path) -> bytes:
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return b""
        return path.read_bytes()
    except OSError:
        return b""


def others_may(path: Path, bits: int) -> bool:
    """Tell whether anybody besides the owner has one of the rights *bits* to *path*."""
    try:
        return bool(stat.S_IMODE(path.stat().st_mode) & bits)
    except OSError:
        return False
