"""A store: in memory, since what is told of the weather does not last."""

from __future__ import annotations

from starmodel.adapters.persistence.memory import MemoryRepo

__all__ = ["Papyrus"]


class Papyrus(MemoryRepo):
    """Keeps entities while the process lives."""
