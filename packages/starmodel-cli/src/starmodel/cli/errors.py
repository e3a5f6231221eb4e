"""What can go wrong on the command line, in words that say what to type next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.errors import ConfigurationError, StarModelError, hint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "CallError",
    "CommandLoadError",
    "ExposedReloadError",
    "MigrationsMissingError",
    "NoApplicationError",
    "ProjectExistsError",
    "ProjectNameError",
    "ProjectUnwritableError",
    "SecretError",
    "ServerMissingError",
    "TargetFailedError",
    "TargetNotFoundError",
    "TemplateBrokenError",
    "TemplateMissingError",
]

SHOWN = 10
"""How many names an error lists before it counts the rest."""


class CallError(StarModelError, ValueError):
    """An event was called in a way that it cannot be."""

    code = "call"


class CommandLoadError(StarModelError, ImportError):
    """A package offers a command that cannot be used."""

    code = "command_load"

    def __init__(self, command: str, owner: str, reason: str) -> None:
        self.command, self.owner, self.reason = command, owner, reason
        super().__init__(f"the command {command!r} of {owner} cannot be used: {reason}; update or uninstall {owner}")


class TargetNotFoundError(StarModelError, LookupError):
    """There is no application where one was looked for."""

    code = "target_not_found"


class TargetFailedError(StarModelError, RuntimeError):
    """The application was found, and could not be imported or made; *place* is the user's own line, if it is known."""

    code = "target_failed"

    def __init__(self, target: str, reason: str, place: str = "") -> None:
        self.target, self.reason, self.place = target, reason, place
        super().__init__(f"{target} could not be loaded: {reason}" + (f"\n  {place}" if place else ""))


class MigrationsMissingError(StarModelError, LookupError):
    """No installed package can migrate a database."""

    code = "migrations_missing"

    def __init__(self) -> None:
        super().__init__("migrations come with the SQL store; install it with: pip install 'starmodel[sql]'")


class NoApplicationError(StarModelError, TypeError):
    """What was named is there, and is no application of ours."""

    code = "no_application"

    def __init__(self, target: str, found: str) -> None:
        self.target, self.found = target, found
        super().__init__(
            f"{target} is {found}, not a StarModel application; name what create_app() or create_application() "
            "returned: --app main:app"
        )


class ServerMissingError(StarModelError, LookupError):
    """No installed package can serve an application."""

    code = "server_missing"

    def __init__(self) -> None:
        super().__init__("no web server is installed; install one with: pip install 'starmodel[fasthtml]'")


class ProjectNameError(StarModelError, ValueError):
    """A project cannot be called that."""

    code = "project_name"

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(f"a project cannot be called {name!r}: {reason}; choose another name")


class ProjectExistsError(StarModelError, FileExistsError):
    """There is something where a project was to be made; *there* is what."""

    code = "project_exists"

    def __init__(self, folder: Path, there: Sequence[str]) -> None:
        self.folder, self.there = folder, tuple(there)
        shown = ", ".join(self.there[:SHOWN]) + (f" and {len(self.there) - SHOWN} more" if len(there) > SHOWN else "")
        what = f"holds {shown}" if there else "is a file"
        force = ", or add --force: files of a project that are there are replaced and kept aside" if there else ""
        super().__init__(f"{folder} {what}; choose another name{force}")


class ProjectUnwritableError(StarModelError, OSError):
    """The files of a project could not be written; nothing was."""

    code = "project_unwritable"

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder, self.reason = folder, reason
        super().__init__(f"nothing was written into {folder}: {reason}; make the folder writable or choose another")


class TemplateBrokenError(StarModelError, ValueError):
    """A file of a template cannot be filled in."""

    code = "template_broken"

    def __init__(self, name: str, path: str, why: str) -> None:
        self.name, self.path, self.why = name, path, why
        super().__init__(f"the template {name!r} cannot be used: {path}: {why}")


class TemplateMissingError(StarModelError, LookupError):
    """There is no template of that name."""

    code = "template_missing"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(f"there is no template {name!r}; {hint(name, known)}")


class ExposedReloadError(ConfigurationError):
    """The development server was about to be opened to the network."""

    code = "exposed_reload"

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(
            f"auto-reload shows errors and code to whoever can reach {host}, so it listens on this machine only; "
            "add --production to serve others, or --no-reload to show your work to a network that you trust"
        )


class SecretError(ConfigurationError):
    """There is no secret to sign sessions with, or not a good one."""

    code = "secret"

    @classmethod
    def missing(cls, file: Path) -> SecretError:
        """In production no secret is made up, since every process and every start must have the same one."""
        return cls(f"production needs STARMODEL_SECRET, and neither the environment nor {file} has it; {ADVICE}")

    @classmethod
    def short(cls, length: int) -> SecretError:
        """A secret that can be guessed is none."""
        return cls(f"STARMODEL_SECRET has {length} characters and needs 32 or more; {ADVICE}")

    @classmethod
    def unwritable(cls, path: Path, reason: str) -> SecretError:
        """A secret that is not kept would end every session with the next reload."""
        return cls(f"cannot keep a secret in {path}: {reason}; make the folder writable or set STARMODEL_SECRET")


ADVICE = """make one with: python -c "import secrets; print(secrets.token_hex(32))" """.rstrip()
