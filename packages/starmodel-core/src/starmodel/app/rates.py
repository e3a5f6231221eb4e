"""How often it was done: counted by sender and by network, in the memory of this process and a bounded part of it."""

from __future__ import annotations

import hashlib
import ipaddress
from collections import OrderedDict
from typing import TYPE_CHECKING

from starmodel.core.errors import TooManyError
from starmodel.core.rates import Rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from starmodel.core.actors import Actor

    from .catalog import Handler

__all__ = ["Buckets", "Rates", "network_of", "short_key"]

_MOST = 20_000
_MANY = 10
"""How many visitors of one network may do an event as often as each of them may: a school has one address, and so has
whoever gives up their cookie after each time."""


class Buckets:
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


class Rates:
    """Refuses an event to whoever did it as often as its ``rate=`` says.

    Each actor counts for themselves; whoever has not signed in also together with the others of their network, who
    have ten times as many.  *clock* gives seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counted: dict[tuple[Rate, bool], Buckets] = {}

    def take(self, rate: Rate, handler: Handler, actor: Actor) -> None:
        """Count one time; TooManyError when there is none left, and then none is counted."""
        now, what = self._clock(), str(handler)
        counted = [(self._buckets(rate, many=False), short_key(what, actor.id))]
        if actor.address is not None and not actor.is_signed_in:
            counted.append((self._buckets(rate, many=True), short_key(what, network_of(actor.address))))
        wait = max(buckets.wait(key, now) for buckets, key in counted)
        if wait > 0:
            raise TooManyError(what, wait)
        for buckets, key in counted:
            buckets.take(key, now)

    def _buckets(self, rate: Rate, *, many: bool) -> Buckets:
        found = self._counted.get((rate, many))
        if found is None:
            many_more = _MANY if many else 1
            found = self._counted[rate, many] = Buckets(rate.times * many_more, rate.pause / many_more)
        return found


def short_key(*parts: str) -> bytes:
    """Return 16 bytes for any texts, so that nobody fills memory with long names."""
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).digest()


def network_of(address: str) -> str:
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
