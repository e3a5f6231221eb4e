"""What all doors share: the application, and who asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from starlette.types import Scope

from starmodel.core.actors import Actor

if TYPE_CHECKING:
    from starmodel.app import Application

__all__ = ["Identify", "Service"]

Identify: TypeAlias = Callable[[Scope], Awaitable[Actor]]
"""Says who sent a request, from its ASGI scope."""


@dataclass(frozen=True, slots=True)
class Service:
    """The application below, and *identify*."""

    application: Application
    identify: Identify
