"""The pages that every entity has for free: its list, its forms, its past; any of them may be replaced."""

from .call import Content, PageCall
from .own import add_own_entities
from .places import PageMaker
from .site import Site, SiteDoor

__all__ = ["Content", "PageCall", "PageMaker", "Site", "SiteDoor", "add_own_entities"]
