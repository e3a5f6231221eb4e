"""Where a password comes from that is to be set: the environment, or somebody at the keyboard."""

from __future__ import annotations

import os
import sys
from getpass import getpass

from starmodel.core.errors import ConfigurationError

__all__ = ["VARIABLE", "new_password"]

VARIABLE = "STARMODEL_USER_PASSWORD"


def new_password(name: str) -> str:
    """Return the password for the user *name*; it is never an argument, which others on the machine could read."""
    given = os.environ.get(VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        raise ConfigurationError(f"nobody is here to type a password; put it into {VARIABLE}")
    first = getpass(f"Password for {name}: ")
    if first != getpass("The same once more: "):
        raise ConfigurationError("the two are not the same; nothing was changed")
    return first
