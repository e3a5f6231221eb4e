"""Numbers to watch, for whoever has the token: what this process counts, and what plugins add."""

from __future__ import annotations

import asyncio
import hmac
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starmodel.core.contributions import Metric, Sample
from starmodel.core.errors import ConfigurationError, StoreError
from starmodel.plugins import metrics_of

from .exposition import MEDIA_TYPE, exposition
from .replies import send_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Receive, Scope, Send

    from .runtime import Runtime

__all__ = ["METRICS_PATH", "MetricsDoor", "MetricsSettings"]

METRICS_PATH = "/_starmodel/metrics"

logger = logging.getLogger("starmodel.metrics")

_SHORTEST = 16


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """Who may read the metrics: whoever has *token*, of at least 16 characters that a header can carry.

    *process* stands at every number as its label ``process``, where several answer at one address.
    """

    token: str = field(repr=False)
    process: str = ""

    def __post_init__(self) -> None:
        if len(self.token) < _SHORTEST or not self.token.isascii() or not self.token.isprintable() or " " in self.token:
            raise ConfigurationError(
                f"the token for metrics needs {_SHORTEST} letters, digits and signs, without spaces; make one with: "
                'python -c "import secrets; print(secrets.token_urlsafe(24))"'
            )


class MetricsDoor:
    """Answers with every metric to a request with ``Authorization: Bearer`` and the token; else 401.

    They are those of this process alone.
    """

    def __init__(self, runtime: Runtime, settings: MetricsSettings, *, timeout: float = 1.0) -> None:
        self._runtime, self._settings, self._timeout = runtime, settings, timeout
        self._wanted = f"Bearer {settings.token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  (ASGI)
        """Look at the token, and answer."""
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if not hmac.compare_digest(given, self._wanted):
            await send_bytes(send, 401, b"text/plain", b"", [(b"www-authenticate", b"Bearer")])
            return
        own = [*self._in_memory(), *await self._in_stores()]
        found = await metrics_of(self._runtime.plugins, own)
        labels = {"process": self._settings.process} if self._settings.process else {}
        await send_bytes(send, 200, MEDIA_TYPE, exposition(found, labels).encode())

    def _in_memory(self) -> Iterator[Metric]:
        runtime = self._runtime
        sizes = [Sample(cache.size, {"cache": name}) for name, cache in runtime.caches.items()]
        yield Metric("starmodel_streams_open", "Live pages that are open.", [Sample(runtime.hub.streams)])
        yield Metric("starmodel_cache_bytes", "What the caches hold.", sizes)
        faults = [Sample(one.failures, {"plugin": one.name}) for one in runtime.plugins.records]
        yield Metric("starmodel_plugin_failures_total", "Failures of plugins in hooks.", faults, "counter")

    async def _in_stores(self) -> list[Metric]:
        """Return what the stores know; nothing of it while one cannot be reached."""
        try:
            async with asyncio.timeout(self._timeout):
                parked = await self._runtime.app.parking.count()
                lags = await self._runtime.app.outbox.lags()
        except (OSError, StoreError, TimeoutError) as error:
            logger.warning("what waits in the stores cannot be found out: %s", error or "no answer")
            return []
        waiting = [Sample(one.debt.waiting, {"store": one.primary, "follower": one.follower}) for one in lags]
        held = [Sample(count, {"store": name}) for name, count in parked.items()]
        return [
            Metric("starmodel_parked_events", "Events that a handler could not be told.", held),
            Metric("starmodel_outbox_waiting", "Changes that one store still owes another.", waiting),
        ]
