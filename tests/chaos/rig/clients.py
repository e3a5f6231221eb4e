"""Clients that send each command until it is acknowledged, with one key, to whichever node they come upon."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from .ledger import Ledger
from .nodes import Node
from .proxy import Proxy

__all__ = ["Client", "Order", "Readings", "read_balances", "run_clients"]

PATIENCE = 10.0
"""Seconds to wait for an answer."""
RETRIED = frozenset({409, 500, 502, 503, 504})

Order = tuple[str, dict[str, Any]]
"""The path of an event, and its arguments."""


class Client:
    """One visitor: keeps a connection to each node, and its cookie."""

    def __init__(self, number: int, nodes: Sequence[Node | Proxy], *, again: float = 0.0) -> None:
        self.number, self._nodes, self._again = number, nodes, again
        self._connections: dict[int, http.client.HTTPConnection] = {}
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        self._chance = random.Random(number)

    def pick(self) -> int:
        return self._chance.randrange(len(self._nodes))

    def ask(self, node: int, method: str, path: str, body: object = None, key: str = "") -> tuple[int, Any]:
        """Return status and JSON of the answer, or its text; OSError or HTTPException when there was none."""
        connection = self._connections.get(node)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self._nodes[node].port, timeout=PATIENCE)
            self._connections[node] = connection
        headers = {**self._headers, **({"Idempotency-Key": key} if key else {})}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            del self._connections[node]
            raise
        cookie = answer.headers.get("set-cookie")
        if cookie:
            self._headers["Cookie"] = cookie.partition(";")[0]
        return answer.status, json.loads(text) if answer.status == HTTPStatus.OK else text

    def begin(self, seconds: float = 20) -> None:
        """Become a visitor: the same one for every node."""
        end = time.monotonic() + seconds
        while "Cookie" not in self._headers and time.monotonic() < end:
            try:
                self.ask(self.pick(), "GET", "/_starmodel/health")
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)

    def send(self, ledger: Ledger, key: str, order: Order, until: float) -> None:
        """Send one command again and again until it is acknowledged, or time is up."""
        tries = 0
        while time.monotonic() < until:
            node, tries = self.pick(), tries + 1
            ledger.send(self.number, key, node)
            try:
                status, answer = self.ask(node, "POST", *order, key=key)
            except (OSError, http.client.HTTPException) as error:
                ledger.fail(self.number, key, type(error).__name__)
                time.sleep(self._chance.uniform(0, 0.05))
                continue
            if status == 200:
                ledger.acknowledge(self.number, key, answer, tries)
                if self._chance.random() < self._again:
                    self.ask(node, "POST", *order, key=key)
                return
            assert status in RETRIED, f"{order} was answered {status}: {answer}"
            ledger.fail(self.number, key, str(status))
            time.sleep(self._chance.uniform(0, 0.05))

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()


def run_clients(
    nodes: Sequence[Node | Proxy],
    orders: Iterator[Order],
    ledger: Ledger,
    *,
    clients: int,
    seconds: float,
    again: float = 0.0,
) -> None:
    """Let *clients* share out *orders* between them; return when all are acknowledged, or after *seconds*.

    The part *again* of them is sent once more after that.
    """
    until, lock, number = time.monotonic() + seconds, threading.Lock(), 0
    wrong: list[BaseException] = []

    def take() -> tuple[str, Order] | None:
        nonlocal number
        with lock:
            order = next(orders, None)
            number += 1
            return None if order is None else (f"command-{number}", order)

    def work(client: Client) -> None:
        try:
            client.begin()
            while time.monotonic() < until and (taken := take()) is not None:
                client.send(ledger, *taken, until)
        except BaseException as error:  # noqa: BLE001  (told by the thread that waits)
            wrong.append(error)
        finally:
            client.close()

    threads = [
        threading.Thread(target=work, args=(Client(n, nodes, again=again),), daemon=True) for n in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]


@dataclass
class Readings:
    """The sums that were read, by how often each."""

    sums: dict[int, int] = field(default_factory=dict)
    unanswered: int = 0


def read_balances(nodes: Sequence[Node], is_over: Callable[[], bool], found: Readings) -> None:
    """Read the sum of all accounts into *found*, each time at another node, until *is_over*."""
    client = Client(1000, nodes)
    while not is_over():
        try:
            status, balances = client.ask(client.pick(), "GET", "/balances")
        except (OSError, http.client.HTTPException):
            found.unanswered += 1
        else:
            if status == 200:
                total = sum(balances)
                found.sums[total] = found.sums.get(total, 0) + 1
            else:
                found.unanswered += 1
        time.sleep(0.02)
    client.close()
