"""How far the logs of the stores have been followed: what a stream that is opened again goes on from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.changes import Position

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starmodel.core.ports import StatePersistenceBackend

__all__ = ["LogsFollowed"]


class LogsFollowed:
    """Where each log stands, by its epoch, and which epoch that of each store is in."""

    def __init__(self) -> None:
        self._positions: dict[str, int] = {}
        self._epochs: dict[int, str] = {}
        self._id_lines: dict[tuple[str, ...], bytes] = {}

    def knows(self, epoch: str) -> bool:
        """Tell whether a log in this epoch has been followed."""
        return epoch in self._positions

    def standing(self, store: StatePersistenceBackend) -> Position | None:
        """Return how far the log of *store* was followed, which is never beyond what a read of it shows."""
        epoch = self._epochs.get(id(store))
        return None if epoch is None else Position(epoch, self._positions[epoch])

    async def stand_anew(self, stores: Iterable[StatePersistenceBackend]) -> None:
        """Note where the log of each store is, which may have begun anew."""
        for store in stores:
            position = await store.position()
            self._epochs[id(store)] = position.epoch
            self.stand_at(position)

    def stand_at(self, position: Position) -> None:
        """Note that a log was followed up to *position*."""
        self._positions[position.epoch] = position.number
        self._id_lines.clear()

    def id_line(self, epochs: tuple[str, ...]) -> bytes:
        """Return where the logs of *epochs* stand, as the line with the id of a message."""
        line = self._id_lines.get(epochs)
        if line is None:
            known = (str(Position(epoch, self._positions[epoch])) for epoch in epochs if epoch in self._positions)
            line = self._id_lines[epochs] = f"id: {','.join(known)}\n".encode()
        return line
