"""Entities that browsers keep: each request brings them, its answer takes them back, and nothing of them stays here."""

from .carrying import MAX_BYTES, Carried, KeptValueError, NotCarriedError
from .store import BrowserStore, LocalStore, SessionStore

__all__ = [
    "MAX_BYTES",
    "BrowserStore",
    "Carried",
    "KeptValueError",
    "LocalStore",
    "NotCarriedError",
    "SessionStore",
]
