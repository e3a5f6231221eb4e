"""What a command would change: run like every other, and never stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starmodel.core.changes import Change, Changeset, Position, sealed
from starmodel.core.commands import Command
from starmodel.core.domain_events import Recorded

if TYPE_CHECKING:
    from starmodel.core.entity import Entity

__all__ = ["Preview", "previewed"]


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of a command.

    *changes* have the versions they would have now, 0 for an entity that is not stored yet; each carries its snapshot.
    *recorded* are the domain events that would be published, *returned* is what the event body returned.
    """

    command: Command
    changes: tuple[Change, ...]
    recorded: tuple[Recorded, ...]
    returned: Any = None

    @property
    def entity(self) -> Entity | None:
        """The entity the command is for, as it would be; ``None`` when it would be deleted, or nothing would change.

        For an event of the class: the first entity it would make or change.
        """
        for change in self.changes:
            if self.command.entity_id in (None, change.id):
                return change.snapshot
        return None


def previewed(changeset: Changeset, returned: Any) -> Preview:
    """Return what would become of *changeset*: the same arithmetic as for what is stored, at no position."""
    commit = sealed(changeset, Position("", 0), changeset.command.at or datetime.now(UTC))
    return Preview(changeset.command, commit.changes, commit.recorded, returned)
