"""Migrations: revisions written from what the classes changed, tried on a copy, and applied in one transaction."""

from .applying import transaction
from .errors import ChoiceNeededError, MigrationError, TrialFailedError
from .opening import bring_up, drift, refuse_drift

__all__ = [
    "ChoiceNeededError",
    "MigrationError",
    "TrialFailedError",
    "bring_up",
    "drift",
    "refuse_drift",
    "transaction",
]
