"""Add to the source files of a project: everything that is there stays as it is, or nothing is written."""

from .declaring import entity_source, event_source, page_source
from .errors import NewCodeError
from .fields import NewField, field_of
from .module import SourceModule
from .trying import try_out

__all__ = [
    "NewCodeError",
    "NewField",
    "SourceModule",
    "entity_source",
    "event_source",
    "field_of",
    "page_source",
    "try_out",
]
