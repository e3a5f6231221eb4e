"""The composition root: the only place that knows every adapter."""

from .entities import entities_in
from .factory import create_app, create_application, create_fasthtml_app
from .settings import Settings

__all__ = ["Settings", "create_app", "create_application", "create_fasthtml_app", "entities_in"]
