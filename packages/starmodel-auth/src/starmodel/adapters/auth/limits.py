"""How often somebody may try: by name and by address, in bounded memory, and without locking anybody out for good."""

from __future__ import annotations

import hashlib
import ipaddress
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Attempts", "SignInLimits"]

_MOST = 20_000


class Attempts:
    """Counts attempts by key: *burst* at once, and one more each *seconds*.

    The keys that were not used for longest are forgotten beyond *most* of them.
    """

    def __init__(self, burst: int, seconds: float, *, most: int = _MOST) -> None:
        self._burst, self._seconds, self._most = burst, seconds, most
        self._left: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._left)

    def wait(self, key: bytes, now: float) -> float:
        """Return the seconds until one more attempt is there; 0 when it is."""
        return max(0.0, (1.0 - self._of(key, now)) * self._seconds)

    def take(self, key: bytes, now: float, *, count: float = 1.0) -> None:
        """Use up an attempt; a negative *count* gives it back."""
        left = min(float(self._burst), self._of(key, now) - count)
        self._left[key] = (left, now)
        self._left.move_to_end(key)
        while len(self._left) > self._most:
            self._left.popitem(last=False)

    def _of(self, key: bytes, now: float) -> float:
        left, at = self._left.get(key, (float(self._burst), now))
        return min(float(self._burst), left + (now - at) / self._seconds)


class _Counted(NamedTuple):
    attempts: Attempts
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
        self._of_address = Attempts(30, 10)
        self._of_name_there = Attempts(10, 60)
        self._of_name = Attempts(100, 6)
        self._of_browser = Attempts(10, 60)

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
        network = _network(address)
        if browser:
            return [_Counted(self._of_browser, _short(browser))]
        return [
            _Counted(self._of_address, _short(network)),
            _Counted(self._of_name_there, _short(key, network)),
            _Counted(self._of_name, _short(key)),
        ]


def _short(*parts: str) -> bytes:
    """Return 16 bytes for any texts, so that nobody fills memory with long names."""
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).digest()


def _network(address: str) -> str:
    """Return what one customer of a provider has: an address of IPv4, 64 bits of IPv6."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network((known, 64), strict=False))
    return str(known)
