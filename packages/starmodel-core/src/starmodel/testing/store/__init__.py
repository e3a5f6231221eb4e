"""The contract of :class:`starmodel.core.ports.StatePersistenceBackend`, as tests."""

from .sharing import SharedStoreContract
from .suite import StoreContract

__all__ = ["SharedStoreContract", "StoreContract"]
