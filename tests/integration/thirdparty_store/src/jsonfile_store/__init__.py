"""A StarModel store in one file of JSON lines."""

from .store import JsonFileStore

__all__ = ["JsonFileStore"]
