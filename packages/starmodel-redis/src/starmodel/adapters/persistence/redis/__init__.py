"""Entities in Redis: snapshots as JSON, a time to live, and a log that every process follows."""

from __future__ import annotations

from .errors import DurabilityError, RedisUrlError, UncertainError, UnreadableError
from .fragments import RedisFragments
from .repository import RedisRepo, RedisStatePersistence
from .sessions import RedisSessions
from .url import DEFAULT_URL, RedisUrl

__all__ = [
    "DEFAULT_URL",
    "DurabilityError",
    "RedisFragments",
    "RedisRepo",
    "RedisSessions",
    "RedisStatePersistence",
    "RedisUrl",
    "RedisUrlError",
    "UncertainError",
    "UnreadableError",
]
