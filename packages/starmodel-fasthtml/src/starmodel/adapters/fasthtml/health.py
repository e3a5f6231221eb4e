"""Whether this process can serve: asked by whoever runs it, answered without telling anything about anybody."""

from __future__ import annotations

import asyncio
import inspect
import logging
from typing import TYPE_CHECKING, cast

from starmodel.core.errors import StoreError

from .replies import send_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

    from starmodel.plugins import HealthCheck

    from .runtime import Runtime

__all__ = ["HEALTH_PATH", "HealthDoor"]

HEALTH_PATH = "/_starmodel/health"

logger = logging.getLogger("starmodel.health")


class HealthDoor:
    """Answers 200 when every check of every plugin passes within *timeout* seconds, else 503.

    The answer names the checks, what an acknowledged change survives in each store, how full each cache is, which
    store has still to follow another (how many changes wait, for how many seconds, and how many were put aside), how
    many events are parked that handlers could not be told, and how many tasks wait and are parked.
    """

    def __init__(self, runtime: Runtime, *, timeout: float = 1.0) -> None:
        self._runtime, self._timeout = runtime, timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  (ASGI)
        """Run the checks, all at once, and answer."""
        checks: dict[str, HealthCheck] = {}
        for answer in self._runtime.plugins.each("starmodel_health_checks"):
            checks.update(cast("Mapping[str, HealthCheck]", answer.value or {}))
        passed = await asyncio.gather(*(self._passes(name, check) for name, check in checks.items()))
        is_well = all(passed) and not self._runtime.hub.draining
        data = {
            "status": "ok" if is_well else "failing",
            "stores": self._runtime.summary(),
            "checks": dict(zip(checks, passed, strict=True)),
            "parked": await self._parked(),
            "caches": {
                name: {"bytes": cache.size, "max_bytes": cache.max_bytes}
                for name, cache in self._runtime.caches.items()
            },
            "outbox": await self._outbox(),
            "tasks": await self._tasks(),
        }
        await send_json(send, 200 if is_well else 503, data)

    async def _outbox(self) -> list[dict[str, object]] | None:
        """Return who has to follow whom, and how far they are behind; ``None`` where that cannot be found out."""
        application = self._runtime.app
        if len(application.persistence.distinct) < 2:
            return []
        try:
            lags = await asyncio.wait_for(application.outbox.lags(), self._timeout)
        except (StoreError, TimeoutError) as error:
            logger.warning("how far stores are behind cannot be found out: %s", error or "no answer")
            return None
        now = application.clock.now()
        return [
            {
                "primary": lag.primary,
                "follower": lag.follower,
                "waiting": lag.debt.waiting,
                "seconds": 0 if lag.debt.oldest is None else max(0, round((now - lag.debt.oldest).total_seconds(), 1)),
                "parked": lag.debt.parked,
            }
            for lag in lags
        ]

    async def _parked(self) -> dict[str, int] | None:
        try:
            return await asyncio.wait_for(self._runtime.app.parking.count(), self._timeout)
        except (OSError, TimeoutError):  # a store that cannot be reached; what that means, the checks say
            return None

    async def _tasks(self) -> dict[str, str | int] | None:
        """Return what a task survives, and how many there are; ``None`` where that cannot be found out."""
        tasks = self._runtime.app.tasks
        try:
            counts = await asyncio.wait_for(tasks.count(), self._timeout)
        except (OSError, TimeoutError):
            return None
        return {"durability": tasks.durability.value, "waiting": counts.waiting, "parked": counts.parked}

    async def _passes(self, name: str, check: HealthCheck) -> bool:
        try:
            result = check()
            return bool(await asyncio.wait_for(result, self._timeout) if inspect.isawaitable(result) else result)
        except Exception:
            logger.exception("the health check %r failed", name)
            return False
