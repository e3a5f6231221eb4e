"""Names for shapes that many signatures share."""

from __future__ import annotations

from typing import TypeAlias

__all__ = ["Key"]

Key: TypeAlias = tuple[str, str]
"""An entity's class name and id."""
