"""The address of a Redis server: read once, checked, and shown without its password."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from starmodel.core.errors import hint
from starmodel.core.ports import Durability

from .errors import RedisUrlError

__all__ = ["DEFAULT_URL", "RedisUrl"]

DEFAULT_URL: Final = "redis://127.0.0.1:6379/0"

_EXAMPLES = f"write for example {DEFAULT_URL} or rediss://user:password@host:6379/0"
_SCHEMES = ("redis", "rediss", "unix")
_DURABILITY = "durability"
_TLS = ("ssl_ca_certs", "ssl_cert_reqs", "ssl_certfile", "ssl_check_hostname", "ssl_keyfile")
_CLASSES = tuple(one.value for one in Durability)


class RedisUrl:
    """A checked address: ``redis://``, ``rediss://`` for TLS, or ``unix://`` and a path.

    ``?durability=disk`` asks for what a commit has to survive (``ephemeral``, ``process``, ``disk``, ``replicated``):
    a server that promises less is refused at the start.  Without it the server decides.
    """

    def __init__(self, text: str) -> None:
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise RedisUrlError(f"REDIS_URL cannot be read as an address; {_EXAMPLES}") from None
        if parts.scheme not in _SCHEMES:
            given = parts.scheme if "://" in text else ""
            raise RedisUrlError(f"REDIS_URL must begin with redis://, not {given or 'nothing'!r}; {_EXAMPLES}")
        self._parts = parts
        options = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        self.asked = _durability(options.pop(_DURABILITY, None))
        self.settings: dict[str, Any] = {**_tls(options, parts.scheme), **_access(parts)}
        """What redis-py is to be told about the connection."""
        if parts.scheme == "unix":
            self.settings |= _socket(parts.path, options)
        else:
            self.settings |= {"host": unquote(parts.hostname or "127.0.0.1"), "port": port or 6379}
            self.settings["db"] = _number(parts.path.removeprefix("/") or "0")
        if options:
            name = next(iter(options))
            raise RedisUrlError(f"REDIS_URL has an option {name!r}; {hint(name, [_DURABILITY, *_TLS])}")

    @property
    def scheme(self) -> str:
        """One of ``redis``, ``rediss``, ``unix``."""
        return self._parts.scheme

    def __str__(self) -> str:
        parts = self._parts
        access, _, place = parts.netloc.rpartition("@")
        user, colon, _ = access.partition(":")
        shown = f"{user}{':***' if colon else ''}@{place}" if access else place
        query = urlencode({name: values[-1] for name, values in parse_qs(parts.query).items()})
        return f"{parts.scheme}://{shown}{parts.path}{'?' if query else ''}{query}"

    def __repr__(self) -> str:
        return f"<{self}>"


def _durability(text: str | None) -> Durability | None:
    if text is not None and text not in _CLASSES:
        raise RedisUrlError(f"?durability={text} must be one of {', '.join(_CLASSES)}; {hint(text, _CLASSES)}")
    return None if text is None else Durability(text)


def _tls(options: dict[str, str], scheme: str) -> dict[str, Any]:
    given: dict[str, Any] = {name: options.pop(name) for name in _TLS if name in options}
    if given and scheme != "rediss":
        raise RedisUrlError(f"REDIS_URL has {next(iter(given))} without TLS; begin it with rediss://")
    if "ssl_check_hostname" in given:
        given["ssl_check_hostname"] = given["ssl_check_hostname"].lower() in ("true", "yes", "1")
    return given


def _access(parts: Any) -> dict[str, str]:
    named = {"username": parts.username, "password": parts.password}
    return {name: unquote(value) for name, value in named.items() if value}


def _socket(path: str, options: dict[str, str]) -> dict[str, Any]:
    if not path:
        raise RedisUrlError("REDIS_URL names no socket; write for example unix:///run/redis/redis.sock?db=0")
    return {"path": unquote(path), "db": _number(options.pop("db", "0"))}


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise RedisUrlError(f"the database in REDIS_URL must be a number such as 0, not {text[:40]!r}; {_EXAMPLES}")
    return int(text)
