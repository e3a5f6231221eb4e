"""Where an application keeps what is for later, as its settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.app import InProcessTasks
from starmodel.core.errors import AdapterNotFoundError, hint

if TYPE_CHECKING:
    from starmodel.core.ports import Clock, TaskQueue

    from .adapters import Adapters

__all__ = ["chosen_queue"]


def chosen_queue(wanted: TaskQueue | str | None, adapters: Adapters, clock: Clock | None) -> TaskQueue | None:
    """Return the queue of tasks; ``None`` for the memory of the process, from the first task on.

    The one in memory goes by *clock*, any other by its own.  AdapterNotFoundError for a name that nobody offers.
    """
    if not isinstance(wanted, str):
        return wanted
    known = adapters.names("tasks")
    if wanted not in known:
        raise AdapterNotFoundError(
            f"no installed package keeps tasks as {wanted!r}; {hint(wanted, known)}; set STARMODEL_TASKS to one of "
            "these, or install the package that brings it"
        )
    if wanted == "memory":
        return InProcessTasks(clock=clock)
    queue: TaskQueue = adapters.made("tasks", wanted)
    return queue
