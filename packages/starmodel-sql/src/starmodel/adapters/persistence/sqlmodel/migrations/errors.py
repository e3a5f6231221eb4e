"""Why a migration was refused or failed, and what to type next."""

from __future__ import annotations

from collections.abc import Sequence

from starmodel.core.errors import ConfigurationError, StarModelError

__all__ = ["HALF_WAY", "ChoiceNeededError", "MigrationError", "TrialFailedError", "is_half_way"]


class MigrationError(ConfigurationError):
    """A migration cannot be made or applied like this."""

    code = "migration"


class ChoiceNeededError(MigrationError):
    """A change of the code can be meant in more than one way, or would lose data: *reasons* has one sentence each."""

    code = "migration_choice"

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("no revision was made:\n" + "\n".join(f"  {reason}" for reason in self.reasons))


class TrialFailedError(StarModelError, RuntimeError):
    """The trial on a copy failed, so that nothing was applied."""

    code = "migration_trial"

    def __init__(self, step: str, reason: str) -> None:
        self.step, self.reason = step, reason
        advice = HALF_WAY if is_half_way(reason) else "correct the revision and try again"
        super().__init__(f"nothing was applied: on a copy of the database, {step} failed: {reason}; {advice}")


def is_half_way(reason: str) -> bool:
    """Tell whether a revision failed because a part of it is in the database already."""
    return any(sign in reason.lower() for sign in ("already exists", "duplicate column"))


HALF_WAY = (
    "development has added a part of the revision, but not all. Begin with an empty database, or delete the revision, "
    "give what is new and required a default, start the application once, and make the revision then"
)
