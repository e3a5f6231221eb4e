"""``starmodel plugin``: what is plugged in, what may be, and plugins of one's own."""

from .changes import add, disable, enable, remove, sync, upgrade
from .group import plugin
from .looking import list_hooks, list_plugins
from .making import examine_own, make
from .telling import examine, info

__all__ = [
    "add",
    "disable",
    "enable",
    "examine",
    "examine_own",
    "info",
    "list_hooks",
    "list_plugins",
    "make",
    "plugin",
    "remove",
    "sync",
    "upgrade",
]
