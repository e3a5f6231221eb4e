"""The web adapter: FastHTML pages over entities, live by themselves."""

from .actions import on_change, on_click, on_input, on_submit, url_of
from .app import StarModelApp
from .assets import Assets
from .gate import GateSettings
from .injection import Shared
from .reading import find, load
from .results import go, toast
from .signals import show
from .views import Fragment, View, view

__all__ = [
    "Assets",
    "Fragment",
    "GateSettings",
    "Shared",
    "StarModelApp",
    "View",
    "find",
    "go",
    "load",
    "on_change",
    "on_click",
    "on_input",
    "on_submit",
    "show",
    "toast",
    "url_of",
    "view",
]
