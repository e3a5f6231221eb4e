"""The contract of :class:`starmodel.core.ports.EventBus`, as tests."""

from .suite import BusContract

__all__ = ["BusContract"]
