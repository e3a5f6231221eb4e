"""Commands that change which plugins a project has: the plan is shown, and done as a whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from starmodel.cli.options import Json, PluginName, Python
from starmodel.cli.terminal import fail, say, say_json, working
from starmodel.core.errors import ConfigurationError

from .group import plugin

if TYPE_CHECKING:
    from starmodel.cli.plugging import Installer, Place, Plan, Source

__all__ = ["add", "disable", "enable", "remove", "sync", "upgrade"]

STOPPED = 130

Wanted: TypeAlias = Annotated[
    str, typer.Argument(help="A short name of the registry, such as redis-cache, or a folder or wheel: ./path.")
]
DryRun: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
NoIndex: TypeAlias = Annotated[bool, typer.Option("--no-index", help="Install from --find-links alone.")]
FindLinks: TypeAlias = Annotated[
    list[str] | None, typer.Option("--find-links", help="A folder with wheels to install from as well.")
]


@plugin.command("add")
def add(
    name: Wanted,
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    python: Python = None,
    no_index: NoIndex = False,
    find_links: FindLinks = None,
    json: Json = False,
) -> None:
    """Install a plugin for this project, switch it on, and see that everything still works."""
    from starmodel.cli.plugging import named_source, plan_to_add, project_registry  # noqa: PLC0415 - see _place

    def plan() -> Plan:
        place = _place(python)
        source = named_source(name, project_registry(place.folder), Path.cwd())
        return plan_to_add(source, _installer(place, find_links, no_index=no_index))

    _go(plan, dry_run=dry_run, yes=yes, json=json)


@plugin.command("remove")
def remove(
    name: PluginName, *, dry_run: DryRun = False, yes: Yes = False, python: Python = None, json: Json = False
) -> None:
    """Uninstall a plugin, and what came for it alone; not while something of the project needs it."""
    from starmodel.cli.plugging import plan_to_remove  # noqa: PLC0415 - see _place

    _go(lambda: plan_to_remove(name, _installer(_place(python))), dry_run=dry_run, yes=yes, json=json)


@plugin.command("enable")
def enable(
    name: PluginName, *, dry_run: DryRun = False, yes: Yes = False, python: Python = None, json: Json = False
) -> None:
    """Switch on a plugin that is installed."""
    from starmodel.cli.plugging import plan_to_enable  # noqa: PLC0415 - see _place

    _go(lambda: plan_to_enable(name, _place(python)), dry_run=dry_run, yes=yes, json=json)


@plugin.command("disable")
def disable(
    name: PluginName, *, dry_run: DryRun = False, yes: Yes = False, python: Python = None, json: Json = False
) -> None:
    """Switch a plugin off; it stays installed."""
    from starmodel.cli.plugging import plan_to_disable  # noqa: PLC0415 - see _place

    _go(lambda: plan_to_disable(name, _place(python)), dry_run=dry_run, yes=yes, json=json)


@plugin.command("upgrade")
def upgrade(
    name: PluginName,
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    python: Python = None,
    no_index: NoIndex = False,
    find_links: FindLinks = None,
    json: Json = False,
) -> None:
    """Bring a plugin to the newest version that fits, or to what lies at its path now."""
    from starmodel.cli.plugging import plan_to_upgrade  # noqa: PLC0415 - see _place

    def plan() -> Plan:
        place = _place(python)
        return plan_to_upgrade(_source_of(name, place), _installer(place, find_links, no_index=no_index))

    _go(plan, dry_run=dry_run, yes=yes, json=json)


@plugin.command("sync")
def sync(
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    python: Python = None,
    no_index: NoIndex = False,
    find_links: FindLinks = None,
    json: Json = False,
) -> None:
    """Install what pyproject.toml says about plugins and the environment lacks."""
    from starmodel.cli.plugging import plan_to_sync  # noqa: PLC0415 - see _place

    def plan() -> Plan:
        return plan_to_sync(_installer(_place(python), find_links, no_index=no_index))

    _go(plan, dry_run=dry_run, yes=yes, json=json)


def _place(python: str | None) -> Place:
    from starmodel.cli.plugging import find_place  # noqa: PLC0415 - what it needs is not loaded to list plugins

    return find_place(Path.cwd(), os.environ, python)


def _installer(place: Place, find_links: list[str] | None = None, *, no_index: bool = False) -> Installer:
    from starmodel.cli.plugging import Installer  # noqa: PLC0415 - see _place

    links = [f"--find-links={Path(link).expanduser().resolve()}" for link in find_links or ()]
    return Installer(place, (*(["--no-index"] if no_index else []), *links))


def _source_of(name: str, place: Place) -> Source:
    """Return where an installed plugin came from, by what the project noted."""
    from starmodel.cli import plugging  # noqa: PLC0415 - see _place

    record = plugging.Record(place)
    key = plugging.found_plugin(name, plugging.inspected(place), record)
    told = record.source_of(key)
    return plugging.recorded_source(name, key, told, plugging.project_registry(place.folder), place.folder)


def _go(plan: Callable[[], Plan], *, dry_run: bool, yes: bool, json: bool) -> None:
    """Show the plan, ask, do it, and say what became of it."""
    from starmodel.cli.plugging import Outcome, carry_out  # noqa: PLC0415 - see _place

    with working("Looking at the project"):
        planned = plan()
    is_wanted = planned.do is not None and not dry_run
    if not json:
        say("\n".join(planned.lines()))
    if is_wanted and not yes and not _confirmed(json=json):
        raise typer.Exit(1)
    outcome = Outcome()
    if is_wanted:
        try:
            with working("Changing the plugins"):
                outcome = carry_out(planned)
        except KeyboardInterrupt:
            fail("stopped; everything is as it was")
            raise typer.Exit(STOPPED) from None
    if json:
        say_json({"plan": planned.document(), "done": is_wanted, **asdict(outcome)})
    elif is_wanted:
        say(f"✔ {planned.action} {planned.plugin}: done, and everything works")
        say("  A server that is running keeps what it has until it is started again.")
    elif planned.do is None:
        say("Nothing to do.")
    else:
        say("Nothing was done.")


def _confirmed(*, json: bool) -> bool:
    """Ask somebody at a terminal; elsewhere nobody would answer."""
    if json or not sys.stdin.isatty():
        raise ConfigurationError("nobody can be asked whether to do this; add --yes to do it, or --dry-run to look")
    if typer.confirm("Go on?"):
        return True
    say("Nothing was done.")
    return False
