"""What is kept survives how much: the classes that whoever keeps something states."""

from __future__ import annotations

from enum import Enum

__all__ = ["Durability"]


class Durability(Enum):
    """What an acknowledged commit survives."""

    EPHEMERAL = "ephemeral"  # nothing: it ends with the process
    PROCESS = "process"  # the death of a process, not of the machine
    DISK = "disk"  # the death of the machine
    REPLICATED = "replicated"  # the loss of the machine
