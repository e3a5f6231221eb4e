"""A bus that remembers what was published on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.app.bus import InProcessBus

if TYPE_CHECKING:
    from starmodel.core.changes import Commit
    from starmodel.core.ports import EventBus, Subscription

__all__ = ["RecordingBus"]


class RecordingBus:
    """Passes everything on to *bus* (an in-process one), and keeps it in :attr:`published`."""

    def __init__(self, bus: EventBus | None = None) -> None:
        self.bus: EventBus = bus or InProcessBus()
        self.published: list[Commit] = []

    @property
    def events(self) -> list[str]:
        """What was published, in short: ``"Todo.toggle"`` and the like, oldest first."""
        return [f"{commit.command.entity}.{commit.command.event}" for commit in self.published]

    async def open(self) -> None:
        """Open the bus behind it."""
        await self.bus.open()

    async def close(self) -> None:
        """Close the bus behind it; the record stays."""
        await self.bus.close()

    async def publish(self, commit: Commit, /) -> None:
        """Note *commit* and pass it on."""
        self.published.append(commit)
        await self.bus.publish(commit)

    def subscribe(self) -> Subscription:
        """Open a mailbox on the bus behind it."""
        return self.bus.subscribe()
