"""What can go wrong on the command line, in words that say what to type next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.errors import ConfigurationError, StarModelError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "CommandLoadError",
    "ExposedReloadError",
    "MigrationsMissingError",
    "SecretError",
    "ServerMissingError",
    "TargetFailedError",
    "TargetNotFoundError",
]


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


class ServerMissingError(StarModelError, LookupError):
    """No installed package can serve an application."""

    code = "server_missing"

    def __init__(self) -> None:
        super().__init__("no web server is installed; install one with: pip install 'starmodel[fasthtml]'")


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
