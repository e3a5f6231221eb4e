"""An application for a test, made in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.app.application import Application

from .codecs import PlainCodec
from .sources import FakeClock, SequentialIds

if TYPE_CHECKING:
    from starmodel.core.entity import Entity

__all__ = ["application"]


def application(*entities: type[Entity], **options: Any) -> Application:
    """Return an application of *entities* whose time stands still and whose ids can be foretold.

    ::

        async with application(Counter) as app:
            made = await app.dispatch(Counter.create(count=1))

    *options* are those of :class:`~starmodel.app.Application`; what is not given is a :class:`PlainCodec`, a
    :class:`FakeClock` and :class:`SequentialIds`.
    """
    fakes: dict[str, Any] = {"codec": PlainCodec(), "clock": FakeClock(), "ids": SequentialIds("command")}
    return Application(entities, **{**fakes, **options})
