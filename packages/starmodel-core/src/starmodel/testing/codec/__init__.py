"""The contract of :class:`starmodel.core.ports.Codec`, as tests."""

from .suite import CodecContract

__all__ = ["CodecContract"]
