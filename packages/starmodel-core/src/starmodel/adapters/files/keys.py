"""Keys of files: made here, and nothing else is one."""

from __future__ import annotations

import re
import secrets

from starmodel.core.errors import NotFoundError

__all__ = ["checked_key", "new_key"]

_KEY = re.compile(r"[0-9a-f]{32}")


def new_key() -> str:
    """Return a fresh key: 128 random bits as 32 hex digits."""
    return secrets.token_hex(16)


def checked_key(key: str) -> str:
    """Return *key*; NotFoundError when no store has ever made such a one."""
    if _KEY.fullmatch(key) is None:
        raise NotFoundError("file", key[:80])
    return key
