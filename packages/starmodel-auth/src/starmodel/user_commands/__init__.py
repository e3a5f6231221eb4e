"""``starmodel user``: the first user, and every other; nothing here goes over the web."""

from .commands import user

__all__ = ["user"]
