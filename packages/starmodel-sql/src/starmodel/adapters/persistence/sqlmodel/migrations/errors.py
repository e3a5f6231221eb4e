"""Why a migration was refused or failed, and what to type next."""

from __future__ import annotations

from collections.abc import Sequence

from starmodel.core.errors import ConfigurationError, StarModelError

__all__ = ["ChoiceNeededError", "MigrationError", "TrialFailedError"]


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
        super().__init__(
            f"nothing was applied: on a copy of the database, {step} failed: {reason}; "
            "correct the revision and try again"
        )
