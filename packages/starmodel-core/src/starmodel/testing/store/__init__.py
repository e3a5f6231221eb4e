"""The contract of :class:`starmodel.core.ports.StatePersistenceBackend`, as tests."""

from .suite import StoreContract

__all__ = ["StoreContract"]
