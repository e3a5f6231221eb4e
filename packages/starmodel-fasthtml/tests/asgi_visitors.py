"""Browsers without a browser: they speak ASGI to an application in this process, endless streams included."""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

NONCE = re.compile(r"nonce-[\w-]+|nonce=\"[\w-]+\"")
PATIENCE = 5.0


@dataclass
class Answer:
    """What came back."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @property
    def without_nonce(self) -> str:
        return NONCE.sub("", self.text)

    @property
    def everything(self) -> str:
        """All that a client can see of it."""
        return f"{self.status} {self.headers} {self.body!r}"


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    type: str
    data: str
    id: str | None = None

    def __str__(self) -> str:
        return f"{self.type} {self.data}"


class Visitor:
    """One browser: keeps its cookies, and looks like one that asks from the same origin."""

    def __init__(self, app: Any, *, scheme: str = "http", host: str = "localhost", client: str = "127.0.0.1") -> None:
        self.app, self.scheme, self.host, self.client = app, scheme, host, client
        self.cookies: dict[str, str] = {}

    @property
    def id(self) -> str:
        """The visitor's id, as the application knows it."""
        sessions = self.app.runtime.sessions
        return sessions.visit(self.cookies[sessions.cookie_name(https=self.scheme == "https")]).visitor

    def scope(self, method: str, target: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        path, _, query = target.partition("?")
        given = {"host": self.host, **(headers or {})}
        if self.cookies:
            given.setdefault("cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": self.scheme,
            "path": _decoded(path),
            "raw_path": path.encode("latin-1"),
            "root_path": "",
            "query_string": query.encode("latin-1"),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in given.items()],
            "client": (self.client, 50000),
            "server": (self.host, 80),
            "state": {},
        }

    async def ask(
        self, method: str, target: str, body: bytes | list[bytes] = b"", *, chunked: bool = False, **headers: str
    ) -> Answer:
        """Send a request whole, or in the chunks of a list; the keyword ``content_type`` is ``content-type``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        chunks = deque(body if isinstance(body, list) else [body])
        if not chunked and "content-length" not in named and method != "GET":
            named["content-length"] = str(sum(map(len, chunks)))
        answer, answered = Answer(), asyncio.Event()

        async def receive() -> dict[str, Any]:
            if not chunks:
                await answered.wait()  # whoever has asked stays until it is answered
                return {"type": "http.disconnect"}
            chunk = chunks.popleft()
            return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                assert not answer.status, "an answer begins once"
                answer.status = message["status"]
                answer.headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in message.get("headers", [])]
            else:
                answer.body += message.get("body", b"")
                if not message.get("more_body", False):
                    answered.set()

        # A task of its own, as a server gives every request: what it leaves in its context does not reach others.
        await asyncio.create_task(self.app(self.scope(method, target, named), receive, send))
        self._keep_cookies(answer)
        return answer

    def _keep_cookies(self, answer: Answer) -> None:
        for cookie in answer.all("set-cookie"):
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value

    async def get(self, target: str, **headers: str) -> Answer:
        return await self.ask("GET", target, **headers)

    async def post(self, target: str, args: Any = None, **headers: str) -> Answer:
        """Send a command as a program does: as JSON."""
        body = b"" if args is None else json.dumps(args).encode()
        return await self.ask("POST", target, body, **{"content_type": "application/json", **headers})

    async def form(self, target: str, args: dict[str, Any] | None = None, **headers: str) -> Answer:
        """Send a command as a browser without JavaScript does."""
        body = urlencode(args or {}, doseq=True).encode()
        media = "application/x-www-form-urlencoded"
        return await self.ask("POST", target, body, **{"content_type": media, **headers})

    async def click(self, target: str, args: Any = None, **headers: str) -> Answer:
        """Send a command as the script in our own page does."""
        return await self.post(target, args or {}, **{"starmodel_request": "1", **headers})

    async def open(self, target: str) -> Page:
        """Get a page."""
        answer = await self.get(target)
        assert answer.status == 200, answer.text
        return Page(self, answer)


class Page:
    """A page as the browser has it."""

    def __init__(self, visitor: Visitor, answer: Answer) -> None:
        self.visitor, self.answer, self.text = visitor, answer, answer.text
        self.url = unescape(_first(r'id="sm-live" hidden data-url="([^"]*)"', self.text))
        self.after = unescape(_first(r'data-after="([^"]*)"', self.text))

    @property
    def is_live(self) -> bool:
        return bool(self.url)

    @property
    def main(self) -> str:
        return _first(r"<!--sm-page-->(.*)<!--/sm-page-->", self.text)

    def stream(self, *, last_event_id: str | None = None, after: str | None = None) -> Stream:
        """Open the page's stream, as its script does: from where the page was made, or from a later place."""
        url = f"{self.url}&after={self.after if after is None else after}"
        return Stream(self.visitor, url, {} if last_event_id is None else {"last-event-id": last_event_id})


class Stream:
    """An open stream: ``async with page.stream() as stream``."""

    def __init__(self, visitor: Visitor, url: str, headers: dict[str, str]) -> None:
        self._scope = visitor.scope("GET", url, headers)
        self._app = visitor.app
        self._gone, self._reading = asyncio.Event(), asyncio.Event()
        self._reading.set()
        self._arrived = asyncio.Event()
        self._events: deque[Event] = deque()
        self._rest = b""
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.chunks: list[bytes] = []
        self.ended = False
        self.last_id: str | None = None

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self._app(self._scope, self._receive, self._send))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        await self._reading.wait()
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], message["headers"]
        else:
            assert not self.ended, "nothing is sent after the end"
            self._take(message.get("body", b""))
            self.ended = not message.get("more_body", False)
        self._arrived.set()

    def _take(self, body: bytes) -> None:
        if body:
            self.chunks.append(body)
        *whole, self._rest = (self._rest + body).split(b"\n\n")
        for frame in whole:
            event = _event(frame.decode())
            if event is not None:
                self.last_id = event.id or self.last_id
                self._events.append(event)

    def stall(self) -> None:
        """Read nothing for a while, like a phone in a tunnel."""
        self._reading.clear()

    def go_on(self) -> None:
        self._reading.set()

    async def next(self) -> Event:
        """Wait for the next event."""
        while not self._events:
            assert not self.ended, "the stream ended"
            await self._wait()
        return self._events.popleft()

    async def until(self, *parts: str) -> Event:
        """Wait for an event with all these words in it, and pass over what comes before."""
        while True:
            event = await self.next()
            if all(part in str(event) for part in parts):
                return event

    async def _wait(self) -> None:
        self._arrived.clear()
        async with asyncio.timeout(PATIENCE):
            waiting = asyncio.create_task(self._arrived.wait())
            await asyncio.wait({waiting, self.task}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
        if self.task.done() and not self._arrived.is_set() and not self._events:
            self.task.result()
            self.ended = True

    async def hello(self) -> Event:
        """Wait until it is open and return the greeting."""
        return await self.until("sm-hello")

    async def end(self) -> None:
        """Wait until the server has ended it in order."""
        async with asyncio.timeout(PATIENCE):
            await self.task
        assert self.ended

    def pending(self) -> list[Event]:
        """Return what has arrived and was not looked at."""
        return list(self._events)

    async def leave(self) -> None:
        """Go away; the request is over when this returns."""
        self._gone.set()
        self._reading.set()
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait({self.task})
        if not self.task.cancelled():
            self.task.result()


async def idle(rounds: int = 50) -> None:
    """Let everything that can go on go on."""
    for _ in range(rounds):
        await asyncio.sleep(0)


def _event(frame: str) -> Event | None:
    fields: dict[str, list[str]] = {}
    for line in frame.split("\n"):
        name, _, value = line.partition(": ")
        fields.setdefault(name, []).append(value)
    if "data" not in fields:
        return None
    return Event(fields["event"][0], "\n".join(fields["data"]), fields["id"][-1] if "id" in fields else None)


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.DOTALL)
    return found[1] if found else ""


def _decoded(path: str) -> str:
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda hit: bytes([int(hit[1], 16)]), path.encode("latin-1"))
    return raw.decode("utf-8", "replace")


def query_of(url: str) -> dict[str, str]:
    """Return the parameters in a URL; the last of a name counts."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
