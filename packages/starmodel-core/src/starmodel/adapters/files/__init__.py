"""Where files are kept: in a directory of this machine, or in memory for tests."""

from .directory import DirectoryFileStore
from .memory import MemoryFileStore

__all__ = ["DirectoryFileStore", "MemoryFileStore"]
