"""The contract of :class:`starmodel.core.ui.UIAdapter`, as tests."""

from .suite import UIContract

__all__ = ["UIContract"]
