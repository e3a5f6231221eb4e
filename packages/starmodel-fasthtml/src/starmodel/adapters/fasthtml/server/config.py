"""How uvicorn is set up; all of it travels to reload and worker processes, so that every mode behaves alike."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from starmodel.core.errors import StarModelError

from .broken import BrokenApplication, MendableApplication
from .limits import RequestLimits
from .loading import load_application
from .logs import logging_config

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from starlette.types import ASGIApp

__all__ = ["GRACE", "OnReady", "RequestLimits", "ServerConfig"]

GC_THRESHOLD = (20_000, 20, 50)
"""When the collector looks for circles: rarely, as a request leaves next to none and a look at all takes long."""

GRACE = 2
"""Seconds that requests in progress get to finish when the server stops; streams are ended at once."""

OnReady = Callable[[str, object], None]
"""Called with the address and the application when a process serves; a module-level function, so that it pickles."""

ONCE = 10**9
logger = logging.getLogger("uvicorn.error")


class ServerConfig(uvicorn.Config):
    """The configuration of one server, and the application once it is loaded."""

    def __init__(
        self,
        target: str,
        *,
        folder: Path,
        url: str,
        reload: bool = False,
        workers: int = 1,
        on_ready: OnReady | None = None,
        limits: RequestLimits | None = None,
    ) -> None:
        self.folder, self.url, self.on_ready = folder, url, on_ready
        self.limits = limits or RequestLimits()
        self.application: object = None
        self._has_drained = False
        self._broken: BrokenApplication | None = None
        # Of several workers, one speaks for all.
        self._speaker = multiprocessing.get_context("spawn").Lock() if workers > 1 else None
        super().__init__(
            target,
            http=_protocol(),
            interface="asgi3",
            log_config=logging_config(),
            reload=reload,
            reload_dirs=[str(folder)] if reload else None,
            workers=workers,
            server_header=False,
            timeout_graceful_shutdown=GRACE,
            callback_notify=self._ready,
            timeout_notify=ONCE,
        )

    def load_app(self) -> Any:
        """Import the application; a child process says why it cannot, and waits for a change or ends."""
        try:
            self.application = load_application(str(self.app), self.folder)
        except StarModelError as error:
            if not self.use_subprocess:
                raise
            if self._may_speak():
                _say(str(error))
            if not self.reload:
                sys.exit(STARTUP_FAILURE)
            self._broken = BrokenApplication(str(error))
            return self._broken
        gc.collect()
        gc.freeze()  # what was imported stays: no later collection need look at it again
        gc.set_threshold(*GC_THRESHOLD)
        return MendableApplication(cast("ASGIApp", self.application), self._failed) if self.reload else self.application

    def _failed(self, broken: BrokenApplication) -> None:
        self._broken = broken
        _say(f"{self.app} could not start: {broken.why}")

    def drain(self) -> None:
        """End all live streams, once, by the application's own ``app.state.starmodel.drain()``."""
        if self._has_drained:
            return
        self._has_drained = True
        if self._broken is not None:
            self._broken.drain()
        drain = _drain_of(self.application)
        if drain is not None:
            try:
                drain()
            except Exception:
                logger.exception("The application could not end its live streams; they are cut instead.")

    async def _ready(self) -> None:
        if self.on_ready is not None and self._broken is None and self._may_speak():
            self.on_ready(self.url, self.application)

    def _may_speak(self) -> bool:
        return self._speaker is None or self._speaker.acquire(block=False)


def _say(why: str) -> None:
    print(f"✘ {why}", file=sys.stderr, flush=True)  # noqa: T201 - the terminal is where it is read


def _protocol() -> type[asyncio.Protocol]:
    try:
        from .protocol_httptools import GuardedHttpToolsProtocol  # noqa: PLC0415 - httptools is not everywhere
    except ImportError:
        from .protocol_h11 import GuardedH11Protocol  # noqa: PLC0415 - the other of the two

        return GuardedH11Protocol
    return GuardedHttpToolsProtocol


def _drain_of(application: object) -> Callable[[], object] | None:
    """Return the drain of the application, looking through middleware that was wrapped around it."""
    while application is not None:
        service = getattr(getattr(application, "state", None), "starmodel", None)
        drain = getattr(service, "drain", None)
        if callable(drain):
            return cast("Callable[[], object]", drain)
        application = getattr(application, "app", None)
    return None
