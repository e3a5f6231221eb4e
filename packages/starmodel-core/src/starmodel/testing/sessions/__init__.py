"""The contract suite of whatever keeps sessions."""

from .suite import SessionStoreContract

__all__ = ["SessionStoreContract"]
