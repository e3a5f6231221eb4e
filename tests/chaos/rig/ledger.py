"""What clients sent and what was acknowledged, one line of JSON each, written as it happens."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Acknowledged", "Ledger"]


@dataclass(frozen=True)
class Acknowledged:
    """The answer to a command: *seconds* after it was first sent, after so many *tries*."""

    client: int
    key: str
    command: str
    version: int
    replayed: bool
    seconds: float
    tries: int


@dataclass
class Ledger:
    """Shared by all clients of a run."""

    path: Path
    sent: dict[str, float] = field(default_factory=dict)
    acknowledged: dict[str, Acknowledged] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._file = self.path.open("w", encoding="utf-8")

    def send(self, client: int, key: str, node: int) -> None:
        with self._lock:
            self.sent.setdefault(key, time.monotonic())
            self._write(what="sent", client=client, key=key, node=node)

    def fail(self, client: int, key: str, why: str) -> None:
        with self._lock:
            self.failures[why] = self.failures.get(why, 0) + 1
            self._write(what="failed", client=client, key=key, why=why)

    def acknowledge(self, client: int, key: str, answer: dict[str, Any], tries: int) -> None:
        with self._lock:
            command, version, replayed = answer["command"], answer["version"], answer["replayed"]
            took = time.monotonic() - self.sent[key]
            self.acknowledged[key] = Acknowledged(client, key, command, version, replayed, took, tries)
            self._write(what="acknowledged", client=client, key=key, version=version, command=command)

    def close(self) -> None:
        self._file.close()

    @property
    def retries(self) -> int:
        return sum(self.failures.values())

    @property
    def replayed(self) -> int:
        """How many were acknowledged by the first answer again: their own was lost."""
        return sum(one.replayed for one in self.acknowledged.values())

    def seconds(self, part: float) -> float:
        """Return the time within which that *part* of the commands was acknowledged."""
        took = sorted(one.seconds for one in self.acknowledged.values())
        return took[min(len(took) - 1, int(part * len(took)))] if took else 0.0

    def _write(self, **line: object) -> None:
        self._file.write(json.dumps({"at": time.time(), **line}) + "\n")
