"""A plugin of our own that counts commands, and says how long they took."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from starmodel.core.contributions import Metric, Sample
from starmodel.core.errors import StarModelError
from starmodel.core.hooks import hookimpl

from .roster import FAILURE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from starmodel.app import Result
    from starmodel.core.commands import Command

    from .host import PluginHost
    from .parts import HookPart

__all__ = ["EventMeter", "measure", "metrics_of"]

_METER = "metrics"

_BOUNDS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0)
"""Upper bounds in seconds; what takes longer is in none but the last bucket."""


class _Timing:
    """How often something took how long."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts, self.seconds = [0] * (len(_BOUNDS) + 1), 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(_BOUNDS, seconds)] += 1
        self.seconds += seconds

    def samples(self, labels: dict[str, str]) -> Iterator[Sample]:
        so_far = 0
        for bound, count in zip((*_BOUNDS, float("inf")), self.counts, strict=True):
            so_far += count
            yield Sample(so_far, {**labels, "le": "+Inf" if bound == float("inf") else str(bound)}, "_bucket")
        yield Sample(self.seconds, labels, "_sum")
        yield Sample(so_far, labels, "_count")


class EventMeter:
    """Measures every command of this process.

    An outcome is ``done``, or the code of the error: ``forbidden``, ``invalid``, ``conflict`` and so on, ``failed`` for
    what an event raised itself.
    """

    def __init__(self) -> None:
        self._timings: dict[tuple[str, str, str], _Timing] = {}
        self._repeats = 0

    @hookimpl(tryfirst=True)
    @asynccontextmanager
    async def starmodel_wrap_event(self, command: Command) -> AsyncIterator[None]:
        """Take the time."""
        begun, outcome = time.perf_counter(), "gone"
        try:
            yield
            outcome = "done"
        except Exception as error:
            outcome = error.code if isinstance(error, StarModelError) else "failed"
            raise
        finally:
            key = (command.entity, command.event, outcome)
            timing = self._timings.get(key) or self._timings.setdefault(key, _Timing())
            timing.add(time.perf_counter() - begun)

    @hookimpl
    def starmodel_after_event(self, outcome: Result) -> None:
        """Count what was sent again."""
        self._repeats += outcome.replayed

    @hookimpl
    def starmodel_metrics(self) -> list[Metric]:
        """Return what was measured since the start."""
        timings = [
            sample
            for (entity, event, outcome), timing in self._timings.items()
            for sample in timing.samples({"entity": entity, "event": event, "outcome": outcome})
        ]
        repeats = [Sample(self._repeats)]
        return [
            Metric(
                "starmodel_event_seconds", "What a command took, with what plugins do about it.", timings, "histogram"
            ),
            Metric("starmodel_repeats_total", "Commands that had taken effect before.", repeats, "counter"),
        ]


def measure(host: PluginHost) -> None:
    """Let *host* measure every command, from before the application is put together."""
    if all(record.name != _METER for record in host.records):
        host.add(EventMeter(), _METER)


async def metrics_of(host: PluginHost, own: Iterable[Metric] = ()) -> list[Metric]:
    """Return *own* metrics and those of the plugins of *host*, all asked at once.

    A plugin that fails, answers something else, or takes a name that another has, is recorded and left out.
    """
    found = {metric.name: metric for metric in own}
    parts = [part for part in host.parts("starmodel_metrics") if not part.is_left_out()]
    for part, answer in zip(parts, await asyncio.gather(*map(_asked, parts)), strict=True):
        with part.guarded():
            if isinstance(answer, FAILURE):
                raise answer
            added = _metrics(answer or ())
            taken = next((name for name in added if name in found), None)
            if taken is not None:
                raise ValueError(f"there is a metric {taken!r} already; begin the name with that of the plugin")
            found |= added
    return list(found.values())


async def _asked(part: HookPart) -> object:
    try:
        return await part.call()
    except FAILURE as error:  # raised again where it is recorded
        return error


def _metrics(answer: object) -> dict[str, Metric]:
    found: dict[str, Metric] = {}
    for one in cast("Iterable[object]", answer):
        if not isinstance(one, Metric):
            raise TypeError(f"the answer must be a list of Metric, and one is {one!r}")
        if one.name in found:
            raise ValueError(f"it has two metrics {one.name!r}; make them samples of one")
        found[one.name] = one
    return found
