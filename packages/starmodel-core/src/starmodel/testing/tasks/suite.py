"""What every queue of tasks does: it hands out each, when it is due, until it is done, and loses none."""

from __future__ import annotations

from .keeping import KeepingContract
from .serving import ServingContract

__all__ = ["TaskQueueContract"]


class TaskQueueContract(KeepingContract, ServingContract):
    """Subclass it with a fixture ``new_task_queue``: an empty, unopened queue that gives up after ``tries``.

    One that processes share gives a method ``another``, one that lasts a method ``reopened``.
    """
