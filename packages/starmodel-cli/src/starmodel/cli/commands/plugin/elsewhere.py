"""Looking is done where the project runs: its own ``starmodel`` is asked, not this one beside it by accident."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import typer

from starmodel.core.errors import ConfigurationError, StarModelError

__all__ = ["handed_over"]

ASKED = "STARMODEL_PLUGIN_ASKED"
USUAL = (".venv", "venv")


def handed_over() -> bool:
    """Let the ``starmodel`` of the project's own environment answer, when this is another; tell whether it did."""
    environment = _other_environment()
    if environment is None or ASKED in os.environ:
        return False
    python = environment / "bin" / "python"
    has_it = [str(python), "-c", "import starmodel.cli"]
    if subprocess.run(has_it, capture_output=True, check=False).returncode:  # noqa: S603 - the project's own
        raise ConfigurationError(
            f"{environment} has no starmodel-cli to list what is there; install it there, or ask: "
            "starmodel plugin doctor"
        )
    command = [str(python), "-m", "starmodel.cli", *sys.argv[1:]]
    done = subprocess.run(command, env={**os.environ, ASKED: "1"}, check=False)  # noqa: S603 - the same
    if done.returncode:
        raise typer.Exit(done.returncode)
    return True


def _other_environment() -> Path | None:
    """Return the environment of the project at hand, ``None`` when it has none or is the one that this runs in."""
    cwd = Path.cwd()
    folder = next((one for one in (cwd, *cwd.parents) if (one / "pyproject.toml").is_file()), None)
    if folder is None or any(Path(sys.prefix).resolve() == (folder / name).resolve() for name in USUAL):
        return None
    from starmodel.cli.plugging import find_place  # noqa: PLC0415 - nearly always this is the environment

    try:
        place = find_place(cwd, os.environ)
    except StarModelError:
        return None
    return None if place.is_here else place.environment
