"""The project that a command works on: found, its environment read, its application loaded when it is asked for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starmodel.app import Application, application_in

from .environment import MODE, MODES, is_production, read_env
from .errors import NoApplicationError
from .loading import load
from .target import Target, find_target

__all__ = ["Project", "open_project"]


@dataclass(frozen=True)
class Project:
    """An application that a person named, in the environment that it is run in."""

    target: Target
    production: bool

    @property
    def folder(self) -> Path:
        """Where the project begins: what it imports from, and where its ``.env`` is."""
        return self.target.folder

    @property
    def env_file(self) -> Path:
        """Where the settings of this machine are."""
        return self.folder / ".env"

    @property
    def migrations(self) -> Path:
        """Where the revisions of its database are, beside its application."""
        return self.folder / "migrations"

    @cached_property
    def found(self) -> object:
        """What the target names: usually the web application.  TargetFailedError when it cannot be loaded."""
        return load(self.target)

    @cached_property
    def application(self) -> Application:
        """The application below the web; NoApplicationError when what was named has none."""
        application = application_in(self.found)
        if application is None:
            raise NoApplicationError(self.target.reference, type(self.found).__name__)
        return application


def open_project(app: str | None, *, production: bool | None = None) -> Project:
    """Return the project that *app* names, the one here without it, and put its environment in place.

    What the environment says wins over ``.env``, as it does when the project is run; *production* decides about the
    mode when it is given.
    """
    target = find_target(app, Path.cwd())
    if production is None:
        production = is_production(os.environ, target.folder)
    given = read_env(target.folder / ".env")
    os.environ.update({name: value for name, value in given.items() if name not in os.environ})
    os.environ[MODE] = MODES[production]
    return Project(target, production)
