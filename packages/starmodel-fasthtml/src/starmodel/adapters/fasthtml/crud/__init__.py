"""The pages that every entity has for free: its list, its forms, its past; any of them may be replaced."""

from .call import Content, PageCall
from .door import SiteDoor
from .own import add_own_entities
from .places import PageMaker
from .replacing import ControlMaker, OwnPage, PageName, PartMaker, Replacing, RowMaker
from .site import Site

__all__ = [
    "Content",
    "ControlMaker",
    "OwnPage",
    "PageCall",
    "PageMaker",
    "PageName",
    "PartMaker",
    "Replacing",
    "RowMaker",
    "Site",
    "SiteDoor",
    "add_own_entities",
]
