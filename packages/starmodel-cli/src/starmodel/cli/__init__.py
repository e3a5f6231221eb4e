"""The ``starmodel`` command: run an application, look at its plugins, and take in the commands of other packages."""

from .entry import main

__all__ = ["main"]
