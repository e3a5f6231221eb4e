"""What kills: a random node each second, which is started again."""

from __future__ import annotations

import itertools
import random
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .nodes import Node

__all__ = ["kills"]


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
