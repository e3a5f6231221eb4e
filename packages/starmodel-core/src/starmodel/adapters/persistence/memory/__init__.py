"""The store in the process's own memory: the reference implementation, and the fake everywhere."""

from .fragments import MemoryFragments
from .repository import MemoryRepo
from .sessions import MemorySessions

__all__ = ["MemoryFragments", "MemoryRepo", "MemorySessions"]
