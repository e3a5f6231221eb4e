"""Migrations: revisions written from what the classes changed, tried on a copy, and applied in one transaction."""

from .applying import transaction
from .errors import ChoiceNeededError, MigrationError, TrialFailedError
from .opening import bring_up, drift, refuse_drift
from .scratch import nothing

__all__ = [
    "ChoiceNeededError",
    "MigrationError",
    "TrialFailedError",
    "bring_up",
    "drift",
    "nothing",
    "refuse_drift",
    "transaction",
]
