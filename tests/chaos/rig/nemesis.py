"""What kills: a random node each second, or the database; both are started again."""

from __future__ import annotations

import itertools
import random
import signal
import threading
import time
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from .clients import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .nodes import Node
    from .postgres import Postgres
    from .redis import Redis

__all__ = ["freezes", "kills", "outages", "repeatedly", "rolls"]


@contextmanager
def repeatedly(act: Callable[[], object], *, every: float) -> Iterator[None]:
    """Do something every so many seconds while the block lasts, in a thread of its own; what it raises is raised."""
    over, wrong = threading.Event(), []

    def work() -> None:
        try:
            while not over.wait(every):
                act()
        except BaseException as error:  # noqa: BLE001  (told by the thread that waits)
            wrong.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if wrong:
        raise wrong[0]


@contextmanager
def freezes(nodes: Sequence[Node], *, seconds: float, every: float) -> Iterator[None]:
    """Stop a random one of *nodes* in the middle of whatever it does, for so many seconds, and let it go on."""
    chance = random.Random(2)

    def freeze() -> None:
        node = chance.choice(nodes)
        node.signal(signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            node.signal(signal.SIGCONT)

    with repeatedly(freeze, every=every):
        yield


@contextmanager
def rolls(nodes: Sequence[Node], *, times: int, rest: float = 0.3) -> Iterator[list[float]]:
    """Restart *nodes* one after the other, as a new version is rolled out; give how long each took to go.

    The block ends when that is over, however soon its work is done.
    """
    gone: list[float] = []

    def roll() -> None:
        for _ in range(times):
            for node in nodes:
                gone.append(node.stop())
                node.start()
                node.wait_until_up()
                time.sleep(rest)

    thread = threading.Thread(target=roll, daemon=True)
    thread.start()
    try:
        yield gone
    finally:
        thread.join()
    assert len(gone) == times * len(nodes), "the restarts broke off"


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
def outages(database: Postgres | Redis, nodes: Sequence[Node], *, every: float = 3.0) -> Iterator[list[float]]:
    """Kill *database* every so many seconds and start it again, while the block lasts.

    Gives the seconds after which every node served again, counted from when the database did.
    """
    over, recoveries = threading.Event(), []

    def work() -> None:
        while not over.wait(every):
            database.kill()
            database.start()
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
