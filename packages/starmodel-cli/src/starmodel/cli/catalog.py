"""The commands on offer: their names and help come from metadata, and only the one that runs is imported."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from starmodel.core.errors import DuplicateAdapterError

from .errors import CommandLoadError
from .flags import with_flags_off

__all__ = ["GROUP", "OWN_HELP", "CommandCatalog", "Offer"]

GROUP = "starmodel.cli_commands"
OWN = "starmodel-cli"

OWN_HELP = {
    "check": "Look a project over, and say what to do.",
    "doctor": "See what is installed here, and what of it works.",
    "event": "Run an event of an entity, or show what it would change.",
    "init": "Make a new project that runs at once.",
    "migrate": "Bring the tables of a database to what the code says, and back.",
    "new": "Add an entity, an event or a page to a project.",
    "outbox": "See which store is behind another; retry or drop a part.",
    "parked": "See what handlers could not be told; retry or drop it.",
    "plugin": "Add plugins to a project, look at them, write one.",
    "routes": "List every address of an application, and what answers there.",
    "run": "Serve an application and restart it when its code changes.",
    "shell": "Open a Python prompt with the entities at hand.",
    "version": "Show which versions are installed.",
}
"""A docstring cannot be read without an import, so the help of our own commands stands here too; a test compares."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One command, not yet imported."""

    point: EntryPoint
    owner: str
    help: str


class CommandCatalog:
    """Every command that an installed package offers."""

    def __init__(self) -> None:
        self._offers: dict[str, list[Offer]] = {}
        for point in entry_points(group=GROUP):
            self._offers.setdefault(point.name, []).append(_offer(point))

    def names(self) -> list[str]:
        """Return the names of all commands."""
        return sorted(self._offers)

    def help_of(self, name: str) -> str:
        """Return one line about a command: ours from the table, others by what their package says about itself."""
        return self._chosen(name)[0].help

    def load(self, name: str) -> TyperCommand | TyperGroup:
        """Import a command; a package must not take over one of ours, nor one of another package."""
        chosen = self._chosen(name)
        if len(chosen) > 1:
            owners = " and ".join(sorted(offer.owner for offer in chosen))
            raise DuplicateAdapterError(f"{owners} both offer the command {name!r}; uninstall one")
        return _command(name, chosen[0])

    def _chosen(self, name: str) -> list[Offer]:
        offers = self._offers[name]
        return [offer for offer in offers if offer.owner == OWN] or offers


def _offer(point: EntryPoint) -> Offer:
    owner = point.dist.name if point.dist else point.value
    about = point.dist.metadata.json.get("summary") if point.dist else None
    return Offer(point, owner, OWN_HELP[point.name] if owner == OWN else str(about or f"From {owner}."))


def _command(name: str, offer: Offer) -> TyperCommand | TyperGroup:
    try:
        loaded = offer.point.load()
    # One broken package must not cost a traceback; SystemExit, since a module may end in sys.exit().
    except (Exception, SystemExit) as error:
        raise CommandLoadError(name, offer.owner, f"{type(error).__name__}: {error}") from error
    if not isinstance(loaded, typer.Typer) and not inspect.isfunction(loaded):
        raise CommandLoadError(name, offer.owner, "it is neither a typer.Typer nor a function")
    command = typer.main.get_command(_as_typer(loaded))
    command.name = name
    return with_flags_off(cast("TyperCommand | TyperGroup", command))


def _as_typer(loaded: Any) -> typer.Typer:
    if isinstance(loaded, typer.Typer):
        return loaded
    made = typer.Typer(add_completion=False, rich_markup_mode=None)
    made.command()(loaded)
    return made
