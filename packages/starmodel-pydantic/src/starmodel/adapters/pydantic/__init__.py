"""Pydantic at the boundary: outside data becomes checked values, snapshots become plain data."""

from .codec import PydanticCodec
from .problems import problems_of

__all__ = ["PydanticCodec", "problems_of"]
