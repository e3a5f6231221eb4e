"""The domain: entities, events and the ports adapters implement.  Imports nothing but the standard library."""

from .actors import SYSTEM, Actor, Decision
from .answers import GoTo, Notice
from .commands import Command
from .config import EntityConfig, StateStore
from .domain_events import DomainEvent, Recorded
from .entity import Entity
from .errors import (
    CheckFailedError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RefusedError,
    StarModelError,
)
from .events import event, events_of
from .files import Accept, File
from .marks import Indexed, Owner, Reference, Shown, Unique, Was
from .query import Query
from .unit import Unit
from .visibility import Private, Secret, Visibility
from .who import Who, anyone, nobody, roles, signed_in
from .whose import listed, owner, when

__all__ = [
    "SYSTEM",
    "Accept",
    "Actor",
    "CheckFailedError",
    "Command",
    "ConflictError",
    "Decision",
    "DomainEvent",
    "Entity",
    "EntityConfig",
    "File",
    "ForbiddenError",
    "GoTo",
    "Indexed",
    "InvalidError",
    "NotFoundError",
    "Notice",
    "Owner",
    "Private",
    "Query",
    "Recorded",
    "Reference",
    "RefusedError",
    "Secret",
    "Shown",
    "StarModelError",
    "StateStore",
    "Unique",
    "Unit",
    "Visibility",
    "Was",
    "Who",
    "anyone",
    "event",
    "events_of",
    "listed",
    "nobody",
    "owner",
    "roles",
    "signed_in",
    "when",
]
