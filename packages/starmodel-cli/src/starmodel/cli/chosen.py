"""The settings by which an application chooses an adapter of each kind: a plugin is switched on, an adapter named."""

from __future__ import annotations

__all__ = ["CHOSEN_BY"]

CHOSEN_BY = {
    "auth": "STARMODEL_AUTH",
    "bus": "STARMODEL_BUS",
    "fragments": "STARMODEL_FRAGMENTS",
    "persistence": "STARMODEL_STORE",
    "sessions": "STARMODEL_SESSIONS",
    "tasks": "STARMODEL_TASKS",
    "ui": "STARMODEL_UI",
}
"""The setting, by the kind of adapter that it names."""
