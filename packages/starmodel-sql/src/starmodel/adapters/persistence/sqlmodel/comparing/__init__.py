"""How the columns of each type are compared."""

from .choosing import comparison_of
from .comparison import NEVER, Comparison

__all__ = ["NEVER", "Comparison", "comparison_of"]
