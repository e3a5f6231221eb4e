"""Passwords become hashes, and are compared with them, beside the event loop and only so many at a time."""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from .errors import TooBusyError

__all__ = ["PasswordHashing", "Verdict"]

T = TypeVar("T")

MEMORY, ROUNDS, LANES = 19 * 1024, 2, 1
"""KiB, passes and threads of argon2id: what the OWASP Password Storage Cheat Sheet asks for at least."""

_WAITING = 64


class Verdict(NamedTuple):
    """Whether a password is the one, and whether its hash is of parameters that are not used any more."""

    fits: bool
    is_stale: bool = False


class PasswordHashing:
    """Hashes passwords with argon2id.

    *at_once* is how many are under way, each with 19 MiB: by default half of the processors, and four at most.
    *waiting* more may wait; TooBusyError for the next.
    """

    def __init__(
        self, hasher: PasswordHasher | None = None, *, at_once: int | None = None, waiting: int = _WAITING
    ) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY, parallelism=LANES)
        self._at_once = at_once or max(1, min(4, (os.cpu_count() or 2) // 2))
        self._places = threading.BoundedSemaphore(self._at_once + waiting)
        self._threads: ThreadPoolExecutor | None = None
        self._nobody = ""

    async def open(self) -> None:
        """Make the hash that a password is compared with where there is no user: so that this costs the same."""
        if not self._nobody:
            self._nobody = await self.hash(secrets.token_urlsafe())

    def close(self) -> None:
        """Let go of the threads; what waits in them is not done."""
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """Return the hash of a password in its normal form: algorithm, parameters, salt and hash in one text."""
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, hashed: str | None, password: str) -> Verdict:
        """Tell whether *hashed* is that of *password*; without a hash the same is done, for nothing."""
        await self.open()
        fits = await self._run(lambda: self._fits(hashed or self._nobody, password))
        if not fits or hashed is None:
            return Verdict(fits=False)
        return Verdict(fits=True, is_stale=self._hasher.check_needs_rehash(hashed))

    def _fits(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            raise TooBusyError("too many people are signing in at this moment; try again in a while")
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._at_once, thread_name_prefix="starmodel-passwords")
        future = self._threads.submit(work)
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)
