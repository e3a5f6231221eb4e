"""What goes wrong on the way between a page and the application: planned one by one, or at random from a seed."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, TypeVar

from .errors import ConnectionLostError

__all__ = ["Faults", "Message"]

T = TypeVar("T")

Message: TypeAlias = Literal["request", "answer", "message"]
"""A command on its way there, what is said of it on its way back, or a piece of the live stream."""

Kind: TypeAlias = Literal["drop", "duplicate", "delay", "reorder"]

_POSSIBLE: Final[Mapping[str, tuple[Kind, ...]]] = {
    "request": ("drop", "duplicate", "delay", "reorder"),
    "answer": ("drop", "delay", "reorder"),
    "message": ("drop", "duplicate", "delay", "reorder"),
}
_PATIENCE = 0.5


@dataclass(frozen=True, slots=True)
class _Fault:
    kind: Kind
    seconds: float = 0.0


class Faults:
    """The network between a test's browsers and the application; it is well until it is told otherwise.

    ::

        faults.drop("answer")               # the next command is done, and nobody is told
        faults.duplicate("request")         # the one after arrives twice
        faults.delay("message", 0.1)        # the next piece of live update takes its time
        faults.reorder("request")           # the next command arrives after the one behind it
        faults.at_random(seed=7, drop=0.2, duplicate=0.2, reorder=0.2)      # and so on, for ever

    Planned faults happen in the order in which they were planned, one for each message of their kind.  A connection is
    what it is in a real network: an answer belongs to its request, so it cannot come twice, and a stream keeps its
    order.  There, *drop* breaks the connection and loses the message, *duplicate* breaks it so that the message is told
    again, and *reorder* lets the next answer to a command overtake it.  Who waits to be overtaken gives up after half
    a second.
    """

    def __init__(self) -> None:
        self.happened: list[str] = []
        """What was done, in order: ``"drop answer"`` and the like."""
        self._planned: defaultdict[str, deque[_Fault]] = defaultdict(deque)
        self._random: random.Random | None = None
        self._odds: dict[Kind, float] = {}
        self._passed: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def drop(self, what: Message = "answer", *, times: int = 1) -> None:
        """Let the next messages be lost: a request never arrives, an answer is of something that was done."""
        self._plan(what, _Fault("drop"), times)

    def duplicate(self, what: Message = "request", *, times: int = 1) -> None:
        """Let the next messages arrive twice; ValueError for an answer, which belongs to one request."""
        self._plan(what, _Fault("duplicate"), times)

    def delay(self, what: Message, seconds: float, *, times: int = 1) -> None:
        """Let the next messages take so many *seconds* more."""
        self._plan(what, _Fault("delay", seconds), times)

    def reorder(self, what: Message = "request", *, times: int = 1) -> None:
        """Let the next message be overtaken: a request by the next one, an answer and a stream by the next answer."""
        self._plan(what, _Fault("reorder"), times)

    def at_random(
        self,
        seed: int,
        *,
        drop: float = 0,
        duplicate: float = 0,
        delay: float = 0,
        reorder: float = 0,
        slowest: float = 0.02,
    ) -> None:
        """Let each message suffer one of these with its probability; a delay is up to *slowest* seconds long."""
        self._random, self._slowest = random.Random(seed), slowest  # noqa: S311  (to be repeated, not to be secret)
        self._odds = {"drop": drop, "duplicate": duplicate, "delay": delay, "reorder": reorder}
        if min(self._odds.values()) < 0 or sum(self._odds.values()) > 1:
            raise ValueError(f"these are probabilities that add up to at most 1, not {self._odds}")

    def stop(self) -> None:
        """Let everything be well again; what is under way comes as it was planned."""
        self._planned.clear()
        self._random = None

    def _plan(self, what: str, fault: _Fault, times: int) -> None:
        if fault.kind not in _POSSIBLE.get(what, ()):
            known = ", ".join(f"{kind}({name!r})" for name, kinds in _POSSIBLE.items() for kind in kinds)
            raise ValueError(f"{fault.kind}({what!r}) cannot happen; these can: {known}")
        self._planned[what].extend([fault] * times)

    def _next(self, what: Message) -> _Fault | None:
        planned = self._planned[what]
        fault = planned.popleft() if planned else self._by_chance(what)
        if fault is not None:
            self.happened.append(f"{fault.kind} {what}")
        return fault

    def _by_chance(self, what: Message) -> _Fault | None:
        if self._random is None:
            return None
        dice = self._random.random()
        for kind, odds in self._odds.items():
            if dice < odds:
                return _Fault(kind, self._random.random() * self._slowest) if kind in _POSSIBLE[what] else None
            dice -= odds
        return None

    # -- on the way ----------------------------------------------------------------------------------------------------

    async def carry(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Take a command to the application and its answer back; ConnectionLostError when either is lost."""
        fault = self._next("request")
        await self._held(fault, "request")
        if fault is not None and fault.kind == "drop":
            raise ConnectionLostError("a request")
        try:
            answer = await self._asked(ask, twice=fault is not None and fault.kind == "duplicate")
        finally:
            self._let_pass("request")
        fault = self._next("answer")
        await self._held(fault, "answer")
        self._let_pass("answer")
        if fault is not None and fault.kind == "drop":
            raise ConnectionLostError("an answer")
        return answer

    async def _asked(self, ask: Callable[[], Awaitable[T]], *, twice: bool) -> T:
        if not twice:
            return await ask()
        answer, _ = await asyncio.gather(ask(), ask())
        return answer

    async def tell(self, deliver: Callable[[], None]) -> bool:
        """Deliver a piece of a stream; false when the connection breaks at it."""
        fault = self._next("message")
        await self._held(fault, "answer")
        if fault is None or fault.kind != "drop":
            deliver()
        return fault is None or fault.kind not in ("drop", "duplicate")

    async def _held(self, fault: _Fault | None, until: Message) -> None:
        if fault is None:
            return
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "reorder":
            overtaken = asyncio.Event()
            self._passed[until].add(overtaken)
            with suppress(TimeoutError):
                await asyncio.wait_for(overtaken.wait(), _PATIENCE)
            self._passed[until].discard(overtaken)

    def _let_pass(self, what: Message) -> None:
        for overtaken in self._passed[what]:
            overtaken.set()
