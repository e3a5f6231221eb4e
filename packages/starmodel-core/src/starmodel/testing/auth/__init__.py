"""The contract of :class:`starmodel.core.ports.AuthProvider`, as tests."""

from .samples import Credentials
from .suite import AuthContract

__all__ = ["AuthContract", "Credentials"]
