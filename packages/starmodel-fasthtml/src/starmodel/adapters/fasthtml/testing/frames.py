"""What a live stream and the answers to commands are made of: frames, taken apart as a browser does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

__all__ = ["Frame", "Frames"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One server-sent event: *id* is where the log stood, ``""`` when it says nothing of that."""

    type: str
    data: str
    id: str = ""

    @property
    def json(self) -> Any:
        """What an event of our own says."""
        return json.loads(self.data)

    @property
    def arguments(self) -> dict[str, str]:
        """What an event of Datastar's says: lines of the same name belong together."""
        found: dict[str, list[str]] = {}
        for line in self.data.split("\n"):
            name, _, text = line.partition(" ")
            found.setdefault(name, []).append(text)
        return {name: "\n".join(lines) for name, lines in found.items()}


class Frames:
    """Puts together what arrives in pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, piece: bytes) -> list[Frame]:
        """Return the frames that are whole with this *piece*; comments are none."""
        *whole, self._rest = (self._rest + piece).split(b"\n\n")
        return [frame for text in whole if (frame := _frame(text.decode())) is not None]


def _frame(text: str) -> Frame | None:
    fields: dict[str, list[str]] = {}
    for line in text.split("\n"):
        name, _, value = line.partition(": ")
        fields.setdefault(name, []).append(value)
    if "data" not in fields:
        return None
    return Frame("".join(fields.get("event", ["message"])), "\n".join(fields["data"]), fields.get("id", [""])[-1])
