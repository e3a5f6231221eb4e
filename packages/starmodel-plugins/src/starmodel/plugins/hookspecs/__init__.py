"""The moments that plugins may take part in; each function here is the signature and the manual of one hook.

Implement one by a function of the same name, marked with :func:`starmodel.core.hooks.hookimpl`.  Any argument may be
left out.  A hook written ``async def`` here may be implemented by a plain or by an async function; the others are
called while the application is built, and only plain functions fit.
"""

from .building import (
    starmodel_auth_providers,
    starmodel_entities,
    starmodel_middleware,
    starmodel_mounts,
    starmodel_register,
    starmodel_routes,
    starmodel_settings,
    starmodel_ui_adapter,
)
from .pages import starmodel_dash_tiles, starmodel_nav, starmodel_page_head, starmodel_panels, starmodel_ui_field
from .protocols import (
    HOOK_API,
    AdapterKind,
    AdapterRegistry,
    AsgiApplication,
    HealthCheck,
    Middleware,
    Mounted,
    PanelSlot,
    PartMode,
    Route,
)
from .running import (
    starmodel_after_event,
    starmodel_authorize,
    starmodel_before_event,
    starmodel_domain_event,
    starmodel_event_failed,
    starmodel_health_checks,
    starmodel_metrics,
    starmodel_shutdown,
    starmodel_startup,
    starmodel_wrap_event,
)
from .tooling import (
    starmodel_cli,
    starmodel_doctor,
    starmodel_openapi,
    starmodel_plugin_info,
    starmodel_scaffold_templates,
)

__all__ = [
    "HOOK_API",
    "AdapterKind",
    "AdapterRegistry",
    "AsgiApplication",
    "HealthCheck",
    "Middleware",
    "Mounted",
    "PanelSlot",
    "PartMode",
    "Route",
    "starmodel_after_event",
    "starmodel_auth_providers",
    "starmodel_authorize",
    "starmodel_before_event",
    "starmodel_cli",
    "starmodel_dash_tiles",
    "starmodel_doctor",
    "starmodel_domain_event",
    "starmodel_entities",
    "starmodel_event_failed",
    "starmodel_health_checks",
    "starmodel_metrics",
    "starmodel_middleware",
    "starmodel_mounts",
    "starmodel_nav",
    "starmodel_openapi",
    "starmodel_page_head",
    "starmodel_panels",
    "starmodel_plugin_info",
    "starmodel_register",
    "starmodel_routes",
    "starmodel_scaffold_templates",
    "starmodel_settings",
    "starmodel_shutdown",
    "starmodel_startup",
    "starmodel_ui_adapter",
    "starmodel_ui_field",
    "starmodel_wrap_event",
]
