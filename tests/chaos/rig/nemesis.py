"""What kills: a random node each second, or the database; both are started again."""

from __future__ import annotations

import itertools
import random
import threading
import time
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from .clients import Client

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .nodes import Node
    from .postgres import Postgres

__all__ = ["kills", "outages"]


@contextmanager
def kills(nodes: Sequence[Node], *, every: float = 1.0, all_each: int = 4) -> Iterator[None]:
    """Kill a random one of *nodes* every so many seconds and start it again, while the block lasts.

    Each so manieth time (*all_each*, 0 for never) it kills all of them.  On a slow machine it waits until those it
    killed answer again: otherwise nobody would ever be there to kill.
    """
    over, chance = threading.Event(), random.Random(1)

    def work() -> None:
        for turn in itertools.count(1):
            began = time.monotonic()
            victims = list(nodes) if all_each and turn % all_each == 0 else [chance.choice(nodes)]
            for node in victims:
                node.kill()
                node.start()
            for node in victims:
                node.wait_until_up(over=over)
            if over.wait(max(0.0, every - (time.monotonic() - began))):
                return

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def outages(postgres: Postgres, nodes: Sequence[Node], *, every: float = 3.0) -> Iterator[list[float]]:
    """Kill *postgres* every so many seconds and start it again, while the block lasts.

    Gives the seconds after which every node served again, counted from when the database did.
    """
    over, recoveries = threading.Event(), []

    def work() -> None:
        while not over.wait(every):
            postgres.kill()
            postgres.start()
            began = time.monotonic()
            for node in nodes:
                _wait_until_it_reads(node)
            recoveries.append(time.monotonic() - began)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield recoveries
    finally:
        over.set()
        thread.join()


def _wait_until_it_reads(node: Node, seconds: float = 20) -> None:
    """Return when a node has read something from the database."""
    client, end = Client(999, [node]), time.monotonic() + seconds
    while time.monotonic() < end and client.ask(0, "GET", "/balances")[0] != HTTPStatus.OK:
        time.sleep(0.02)
    client.close()
