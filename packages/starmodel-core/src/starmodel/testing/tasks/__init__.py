"""The contract suite of queues of tasks."""

from .suite import TaskQueueContract

__all__ = ["TaskQueueContract"]
