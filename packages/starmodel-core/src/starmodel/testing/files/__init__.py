"""The contract suite for whatever keeps files."""

from .suite import FileStoreContract

__all__ = ["FileStoreContract"]
