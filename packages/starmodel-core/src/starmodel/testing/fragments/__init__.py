"""The contract suite of whatever keeps pieces of pages for several processes."""

from .suite import FragmentCacheContract

__all__ = ["FragmentCacheContract"]
