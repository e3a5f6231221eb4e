"""Tests of applications without a browser: the very requests of a page, over a network that fails when told to."""

from .asgi import Answer
from .client import Client
from .commands import Command, Outcome
from .document import Document
from .errors import ConnectionLostError, NeverAnsweredError, NeverCameError, NothingToDoError, PartNotFoundError
from .faults import Faults, Message
from .frames import Frame
from .live_page import LivePage

__all__ = [
    "Answer",
    "Client",
    "Command",
    "ConnectionLostError",
    "Document",
    "Faults",
    "Frame",
    "LivePage",
    "Message",
    "NeverAnsweredError",
    "NeverCameError",
    "NothingToDoError",
    "Outcome",
    "PartNotFoundError",
]
