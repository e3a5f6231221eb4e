"""Decide what the application finds in its environment: the mode, the secret, and what ``.env`` adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from starmodel.core.errors import ConfigurationError

from .errors import SecretError
from .secret import LEAST, kept_secret

__all__ = ["is_production", "read_env", "settings"]

MODE, SECRET = "STARMODEL_ENV", "STARMODEL_SECRET"
MODES = ("development", "production")


def is_production(environ: Mapping[str, str], folder: Path) -> bool:
    """Tell whether the environment or ``.env`` asks for production; it is never overruled towards development."""
    mode = environ.get(MODE) or read_env(folder / ".env").get(MODE) or MODES[0]
    if mode not in MODES:
        raise ConfigurationError(f"{MODE} is {mode!r}; it must be {' or '.join(MODES)}")
    return mode == MODES[1]


def settings(environ: Mapping[str, str], folder: Path, *, production: bool) -> dict[str, str]:
    """Return what to add to *environ*; what it has already wins over ``.env``, except for the mode."""
    file = folder / ".env"
    given = read_env(file)
    secret = environ.get(SECRET) or given.get(SECRET) or ""
    if production and not secret:
        raise SecretError.missing(file)
    if 0 < len(secret) < LEAST:
        raise SecretError.short(len(secret))
    added = {name: value for name, value in given.items() if name not in environ}
    return {**added, MODE: MODES[production], SECRET: secret or kept_secret(folder)}


def read_env(file: Path) -> dict[str, str]:
    """Read ``NAME=value`` lines; quotes around a value, ``export`` before a name and ``#`` comments are understood."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}; mend it or move it away") from error
    return dict(_entries(text, file))


def _entries(text: str, file: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.strip().removeprefix("export ").strip()
        if not entry or entry.startswith("#"):
            continue
        name, equals, value = entry.partition("=")
        if not equals or not name.strip().isidentifier():
            raise ConfigurationError(f"{file}:{number} is not NAME=value; put # before it if it is a comment")
        yield name.strip(), _value(value.strip())


def _value(text: str) -> str:
    for quote in "\"'":
        end = text.find(quote, 1)
        if text.startswith(quote) and end > 0:
            return text[1:end]
    return text.partition(" #")[0].rstrip()
