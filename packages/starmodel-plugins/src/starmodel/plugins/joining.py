"""Plugins join an application: from then on they are asked about its commands."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starmodel.core.errors import ForbiddenError

from .moments import EventMoments

if TYPE_CHECKING:
    from starmodel.app import Application
    from starmodel.core.actors import Actor
    from starmodel.core.commands import Command

    from .host import PluginHost

__all__ = ["take_part"]


def take_part(application: Application, host: PluginHost) -> None:
    """Let the plugins of *host* refuse, wrap and watch the commands of *application*.

    They hear of its domain events once they have started: from :meth:`starmodel.app.Application.listen` on.
    """
    if host.parts("starmodel_authorize"):
        application.dispatcher.add_guard(partial(_ask, host))
    moments = EventMoments.of(host)
    if moments is not None:
        application.join(moments, listening=False)


async def _ask(host: PluginHost, actor: Actor, command: Command) -> None:
    """Raise ForbiddenError when a plugin refuses a command, or could not decide."""
    verdict = await host.authorize(actor, command)
    if verdict.allowed is False:
        raise ForbiddenError(f"{command.entity}.{command.event}", verdict.why)
