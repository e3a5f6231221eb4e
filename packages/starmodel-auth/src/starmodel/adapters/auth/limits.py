"""How often somebody may try: by name and by address, in bounded memory, and without locking anybody out for good."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from starmodel.app.rates import Buckets, network_of, short_key

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SignInLimits"]


class _Counted(NamedTuple):
    attempts: Buckets
    key: bytes


class SignInLimits:
    """Says whether somebody may try a password now.

    An address may try 30 times, then every 10 s; one name from one network 10 times, then once a minute; one name
    from everywhere 100 times, then every 6 s.  A browser that its user has signed in from before has attempts of its
    own: whoever tries passwords elsewhere does not lock them out.  All of it is counted in this process, whether or
    not there is such a user.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._of_address = Buckets(30, 10)
        self._of_name_there = Buckets(10, 60)
        self._of_name = Buckets(100, 6)
        self._of_browser = Buckets(10, 60)

    def begin(self, key: str, address: str, browser: str = "") -> float:
        """Return 0 and count an attempt on the name of *key*, or the seconds to wait.

        *browser* names one that the user of this name has signed in from before.
        """
        now, counted = self._clock(), self._counted(key, address, browser)
        wait = max(attempts.wait(one, now) for attempts, one in counted)
        if wait > 0:
            return wait
        for attempts, one in counted:
            attempts.take(one, now)
        return 0.0

    def give_back(self, key: str, address: str, browser: str = "") -> None:
        """Take an attempt back that was none: it succeeded, or nothing was tried."""
        now = self._clock()
        for attempts, one in self._counted(key, address, browser):
            attempts.take(one, now, count=-1.0)

    def _counted(self, key: str, address: str, browser: str) -> list[_Counted]:
        network = network_of(address)
        if browser:
            return [_Counted(self._of_browser, short_key(browser))]
        return [
            _Counted(self._of_address, short_key(network)),
            _Counted(self._of_name_there, short_key(key, network)),
            _Counted(self._of_name, short_key(key)),
        ]
