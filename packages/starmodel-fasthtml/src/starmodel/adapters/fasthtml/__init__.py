"""The web adapter: FastHTML pages over entities, live by themselves."""

from .actions import on_change, on_click, on_input, on_submit, url_of
from .app import StarModelApp
from .assets import Assets
from .crud import Content, PageCall
from .gate import GateSettings
from .injection import Shared
from .metrics import MetricsSettings
from .presence import Person, Presence
from .reading import find, load
from .signals import show
from .views import Fragment, View, view

__all__ = [
    "Assets",
    "Content",
    "Fragment",
    "GateSettings",
    "MetricsSettings",
    "PageCall",
    "Person",
    "Presence",
    "Shared",
    "StarModelApp",
    "View",
    "find",
    "load",
    "on_change",
    "on_click",
    "on_input",
    "on_submit",
    "show",
    "url_of",
    "view",
]
