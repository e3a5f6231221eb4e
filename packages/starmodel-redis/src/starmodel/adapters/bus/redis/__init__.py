"""Commits carried by a Redis stream, to every process that follows it."""

from __future__ import annotations

from .bus import RedisBus

__all__ = ["RedisBus"]
