"""Names for shapes that many signatures share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

__all__ = ["Json", "Key", "Where"]

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
"""What JSON can hold."""

Key: TypeAlias = tuple[str, str]
"""An entity's class name and id."""

Where: TypeAlias = Mapping[str, object]
"""The conditions of a query; see :mod:`starmodel.core.query`."""
