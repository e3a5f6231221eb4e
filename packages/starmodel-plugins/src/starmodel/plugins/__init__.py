"""Let installed packages take part in the moments of an application, and keep a broken one from stopping it."""

from starmodel.core.hooks import hookimpl, hookspec

from .discovery import GROUP, FoundPlugin, discover
from .errors import HookCallError, HookFailedError, PluginError, PluginLoadError
from .hookspecs import HOOK_API, AsgiApplication, HealthCheck, Middleware, Route
from .host import PluginHost
from .records import Answer, HookRecord, PluginRecord, PluginStatus, Verdict

__all__ = [
    "GROUP",
    "HOOK_API",
    "Answer",
    "AsgiApplication",
    "FoundPlugin",
    "HealthCheck",
    "HookCallError",
    "HookFailedError",
    "HookRecord",
    "Middleware",
    "PluginError",
    "PluginHost",
    "PluginLoadError",
    "PluginRecord",
    "PluginStatus",
    "Route",
    "Verdict",
    "discover",
    "hookimpl",
    "hookspec",
]
