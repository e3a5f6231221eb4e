"""StarModel for programs: REST with OpenAPI and a feed of changes, read off the entities of an application."""

from .api import Identify, RestApp
from .mounting import RestDoor

__all__ = ["Identify", "RestApp", "RestDoor"]
