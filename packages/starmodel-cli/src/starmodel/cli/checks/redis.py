"""What the address of a Redis server says: who can read along, who can get in, and what it is asked to keep."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from .facts import Facts
from .finding import Found, Rule

__all__ = ["RULES"]

LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1"})


def _address(facts: Facts) -> SplitResult | None:
    """Return the address in REDIS_URL; ``None`` without one, or for what is none: the store refuses that by itself."""
    try:
        parts = urlsplit(facts.environ.get("REDIS_URL", ""))
    except ValueError:
        return None
    return parts if parts.scheme else None


def _host(parts: SplitResult | None) -> str:
    """Return the host that a network is in between; ``""`` for this machine."""
    host = "" if parts is None or parts.scheme == "unix" else parts.hostname or ""
    return "" if host in LOCAL else host


def _implied(facts: Facts) -> Iterator[Found]:
    stores = facts.application.persistence.stores if facts.application is not None else {}
    if "redis" in stores and not facts.environ.get("REDIS_URL"):
        advice = "set REDIS_URL, for example rediss://user:password@host:6379/0?durability=disk"
        yield Found("REDIS_URL is not set: the store 'redis' is whatever Redis runs on this machine", advice)


def _unencrypted(facts: Facts) -> Iterator[Found]:
    parts = _address(facts)
    if parts is not None and parts.scheme == "redis" and _host(parts):
        advice = "begin REDIS_URL with rediss://, or leave it if the network is yours"
        yield Found(f"what goes to the Redis on {_host(parts)} goes unencrypted, its password too", advice)


def _open(facts: Facts) -> Iterator[Found]:
    parts = _address(facts)
    if parts is not None and _host(parts) and not parts.password:
        advice = "give the server a user and a password, and REDIS_URL too: rediss://user:password@host"
        yield Found(f"whoever reaches the Redis on {_host(parts)} can read and change everything", advice)


def _unasked(facts: Facts) -> Iterator[Found]:
    parts = _address(facts)
    if parts is not None and "durability" not in parse_qs(parts.query):
        advice = "add ?durability=disk, or process, to REDIS_URL: a server that promises less is then refused"
        yield Found("what Redis keeps is up to its settings, and as it is installed it keeps little", advice)


def _published(facts: Facts) -> Iterator[Found]:
    parts = _address(facts)
    password = unquote(parts.password or "") if parts is not None else ""
    for name in facts.published(password):
        yield Found("the password of Redis is in git", "take it out of the file, and give the server a new one", name)


RULES = (
    Rule("redis.implied", "warning", _implied, deploy=True),
    Rule("redis.unencrypted", "warning", _unencrypted, deploy=True),
    Rule("redis.open", "warning", _open, deploy=True),
    Rule("redis.unasked", "info", _unasked, deploy=True),
    Rule("redis.password-published", "error", _published),
)
