"""A browser without a browser: it keeps its cookies, and sends what our own script sends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final, ParamSpec, Self
from urllib.parse import urlencode

from starmodel.adapters.fasthtml.actions import url_of
from starmodel.core.commands import as_text
from starmodel.core.events import BoundEvent, EventRef

from .asgi import Answer, ask, scope_of, stream
from .commands import FORM, Command, Outcome
from .errors import ConnectionLostError, NeverAnsweredError
from .faults import Faults
from .frames import Frame, Frames
from .live_page import LivePage

if TYPE_CHECKING:
    from types import TracebackType

    from starmodel.adapters.fasthtml import StarModelApp

__all__ = ["Client"]

P = ParamSpec("P")

_AGAIN: Final = {408, 429, 502, 503, 504}


class Client:
    """One visitor's browser, at an application that runs in this process.

    ::

        async with Client(app) as client:
            page = await client.open("/")
            await page.click("Toggle")
            await page.until("done")

    *faults* is the network on the way.  What takes a browser a quarter of a second before it asks again takes *pause*
    seconds here; after *patience* seconds a test has waited in vain.
    """

    def __init__(
        self,
        app: StarModelApp,
        *,
        faults: Faults | None = None,
        host: str = "localhost",
        scheme: str = "http",
        pause: float = 0.005,
        patience: float = 5.0,
    ) -> None:
        self.app, self.faults, self.host, self.scheme = app, faults or Faults(), host, scheme
        self.pause, self.patience = pause, patience
        self.cookies: dict[str, str] = {}
        self.kept: dict[str, Mapping[str, Any]] = {}
        """What the browser keeps of entities for all its tabs."""
        self._pages: list[LivePage] = []
        self._lifespan: Any = None

    async def __aenter__(self) -> Self:
        self._lifespan = self.app.router.lifespan_context(self.app)
        await self._lifespan.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.close()
        finally:
            await self._lifespan.__aexit__(kind, error, trace)

    async def close(self) -> None:
        """Close every page; the application goes on."""
        while self._pages:
            await self._pages.pop().close()

    def another(self) -> Client:
        """Return the browser of somebody else, at the same application and over the same network.

        Its pages are to be closed before the application is: use it within the first one's ``async with``.
        """
        other = Client(self.app, faults=self.faults, host=self.host, scheme=self.scheme, pause=self.pause)
        other.patience, other._pages = self.patience, self._pages  # the first one closes them all
        return other

    async def open(self, path: str = "/") -> LivePage:
        """Open a page in a tab of its own, and follow its stream."""
        page = LivePage(self)
        self._pages.append(page)
        await page.go(path)
        return page

    # -- requests ------------------------------------------------------------------------------------------------------

    async def ask(self, method: str, target: str, body: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        """Send a request as it is, and return the answer as it is; the network is well."""
        content = body.encode()
        said = {"content-length": str(len(content)), **(headers or {})} if method not in ("GET", "HEAD") else headers
        answer = await ask(self.app, self._scope(method, target, said or {}), content)
        self.cookies |= answer.cookies
        return answer

    async def get(self, target: str, **headers: str) -> Answer:
        """Ask for an address; names of headers are written with ``_`` for ``-``."""
        return await self.ask("GET", target, headers={name.replace("_", "-"): it for name, it in headers.items()})

    async def post(self, target: str, fields: Mapping[str, Any] | None = None) -> Answer:
        """Send a form as a browser without scripts does; a redirect is not followed."""
        said = {"content-type": FORM, "accept": "text/html"}
        return await self.ask("POST", target, urlencode(fields or {}, doseq=True), said)

    async def send(self, event: BoundEvent[P, Any] | EventRef[P], /, *args: P.args, **kwargs: P.kwargs) -> Outcome:
        """Send a command as a page does, over the network of :attr:`faults`, until it is answered.

        A type checker refuses arguments that the event does not take, as with ``on_click``.
        """
        arguments = event.event.arguments(*args, **kwargs)
        return await self.deliver(Command(url_of(event), json.dumps(arguments, default=as_text)))

    async def deliver(self, command: Command) -> Outcome:
        """Send a command again and again until it is answered; NeverAnsweredError after :attr:`patience` seconds."""
        clock = asyncio.get_running_loop().time
        end, attempts, last = clock() + self.patience, 0, "nothing"
        while True:
            attempts += 1
            try:
                answer = await self.faults.carry(lambda: self.ask("POST", command.url, command.body, command.headers))
                if answer.status not in _AGAIN or answer.header("starmodel-refused"):
                    return Outcome.of(answer, attempts)
                last = f"the status was {answer.status}, {answer.text[:200]!r}"
            except ConnectionLostError as error:
                last = str(error)
            if clock() > end:
                raise NeverAnsweredError(command.url, attempts, self.patience, last)
            await asyncio.sleep(self.pause)

    async def ask_as_page(self, target: str, body: str) -> tuple[Frame, ...]:
        """Ask for frames as the script of a page does; none where the answer holds none."""
        said = {"content-type": "application/json", "starmodel-request": "1"}
        return Outcome.of(await self.ask("POST", target, body, said), 1).frames

    async def follow(self, target: str) -> AsyncGenerator[Frame, None]:
        """Open a stream and yield its frames as they arrive."""
        frames = Frames()
        async with aclosing(stream(self.app, self._scope("GET", target, {"accept": "text/event-stream"}))) as pieces:
            async for piece in pieces:
                for frame in frames.take(piece):
                    yield frame

    def _ours(self) -> dict[str, str]:
        return {"origin": f"{self.scheme}://{self.host}", "sec-fetch-site": "same-origin"}

    def _scope(self, method: str, target: str, headers: Mapping[str, str]) -> Any:
        known = {"host": self.host, **(self._ours() if method == "POST" else {}), **headers}
        if self.cookies:
            known["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return scope_of(method, target, known, scheme=self.scheme, host=self.host)
