"""The moments of an application that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.hooks import hookspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starmodel.core.actors import Actor
    from starmodel.core.commands import Command

    from .protocols import AsgiApplication, HealthCheck

__all__ = ["starmodel_authorize", "starmodel_health_checks", "starmodel_shutdown", "starmodel_startup"]

# A specification has no body, which is what the checkers are asked to ignore below.


@hookspec
async def starmodel_startup(app: AsgiApplication) -> None:
    """Open what the plugin needs, such as a connection.  Runs once, before the first request."""


@hookspec
async def starmodel_shutdown(app: AsgiApplication) -> None:
    """Close what the plugin opened.  Runs once, after the last request, in the reverse order of the start."""


@hookspec
async def starmodel_authorize(actor: Actor, command: Command) -> bool | None:
    """Return ``True`` to allow *command*, ``False`` to refuse it, ``None`` to leave it to the others.

    One refusal is enough.  Raise :class:`~starmodel.core.errors.ForbiddenError` to refuse with a reason.  Any other
    error, any other answer and an answer that is too late also refuse: this hook fails closed.
    """


@hookspec
def starmodel_health_checks() -> Mapping[str, HealthCheck]:  # type: ignore[empty-body]
    """Return checks by name; each returns, or awaits to, whether the part it looks at can serve."""
