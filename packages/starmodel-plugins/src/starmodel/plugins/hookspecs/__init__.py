"""The moments that plugins may take part in; each function here is the signature and the manual of one hook.

Implement one by a function of the same name, marked with :func:`starmodel.core.hooks.hookimpl`.  Any argument may be
left out.  A hook written ``async def`` here may be implemented by a plain or by an async function; the others are
called while the application is built, and only plain functions fit.
"""

from .building import starmodel_middleware, starmodel_routes
from .pages import starmodel_page_head
from .protocols import HOOK_API, AsgiApplication, HealthCheck, Middleware, Route
from .running import starmodel_authorize, starmodel_health_checks, starmodel_shutdown, starmodel_startup
from .tooling import starmodel_plugin_info

__all__ = [
    "HOOK_API",
    "AsgiApplication",
    "HealthCheck",
    "Middleware",
    "Route",
    "starmodel_authorize",
    "starmodel_health_checks",
    "starmodel_middleware",
    "starmodel_page_head",
    "starmodel_plugin_info",
    "starmodel_routes",
    "starmodel_shutdown",
    "starmodel_startup",
]
