"""Let installed packages take part in the moments of an application, and keep a broken one from stopping it."""

from starmodel.core.hooks import hookimpl, hookspec
from starmodel.core.settings import AdapterSettings, PluginSetting

from .amending import amended
from .breaker import Breaker
from .choosing import PluginChoice, find_project
from .diagnosing import findings_of
from .discovery import FIRST_PARTY, GROUP, FoundPlugin, discover, preferred
from .errors import HookCallError, HookFailedError, PluginError, PluginLoadError
from .folder import LOCAL_PREFIX, discover_local
from .hookspecs import (
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
from .host import PluginHost
from .joining import take_part
from .metering import EventMeter, measure, metrics_of
from .moments import EventMoments
from .parts import HookPart
from .records import Answer, HookRecord, PluginRecord, PluginStatus, Verdict

__all__ = [
    "FIRST_PARTY",
    "GROUP",
    "HOOK_API",
    "LOCAL_PREFIX",
    "AdapterKind",
    "AdapterRegistry",
    "AdapterSettings",
    "Answer",
    "AsgiApplication",
    "Breaker",
    "EventMeter",
    "EventMoments",
    "FoundPlugin",
    "HealthCheck",
    "HookCallError",
    "HookFailedError",
    "HookPart",
    "HookRecord",
    "Middleware",
    "Mounted",
    "PanelSlot",
    "PartMode",
    "PluginChoice",
    "PluginError",
    "PluginHost",
    "PluginLoadError",
    "PluginRecord",
    "PluginSetting",
    "PluginStatus",
    "Route",
    "Verdict",
    "amended",
    "discover",
    "discover_local",
    "find_project",
    "findings_of",
    "hookimpl",
    "hookspec",
    "measure",
    "metrics_of",
    "preferred",
    "take_part",
]
