"""Put the command line together: a group that lists commands without importing them."""

from __future__ import annotations

import os
from functools import cached_property
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from starmodel.core.errors import hint

from .catalog import CommandCatalog
from .flags import set_flags_off

__all__ = ["LazyGroup", "create_cli"]


class LazyGroup(TyperGroup):
    """Shows a stand-in for each command in help, and imports a command when it is to run."""

    @cached_property
    def catalog(self) -> CommandCatalog:
        """What is on offer, read once and only when asked."""
        return CommandCatalog()

    @cached_property
    def added(self) -> dict[str, TyperCommand | TyperGroup]:
        """What plugins add: they are imported to know it, so only for help and for a name that is not on offer."""
        from .extending import plugin_commands  # noqa: PLC0415 - most commands need no plugin

        return plugin_commands(self.catalog.names())

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options of the program itself."""
        return set_flags_off(super().get_params(ctx))

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - as in Typer, whose Context type is private
        """Return the names of all commands."""
        return sorted({*self.catalog.names(), *self.added})

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:  # noqa: ARG002 - as above
        """Return a stand-in that knows its help, or the command of a plugin."""
        if cmd_name not in self.catalog.names():
            return self.added.get(cmd_name)
        return TyperCommand(name=cmd_name, help=self.catalog.help_of(cmd_name))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command itself; a name that is not one is a mistake of usage, unless a shell completes it."""
        name, names = args[0], self.catalog.names()
        if name in names:
            return name, self.catalog.load(name), args[1:]
        if ctx.params.get("no_plugins"):
            self.added = {}
        if name in self.added:
            return name, self.added[name], args[1:]
        if not ctx.resilient_parsing:
            ctx.fail(f"there is no command {name!r}; {hint(name, [*names, *self.added])}")
        return None, None, args[1:]


def create_cli() -> typer.Typer:
    """Return the command line with every command that is installed."""
    # Typer's rich help loads a Markdown parser and a syntax highlighter, which takes longer than all the rest.
    # Its pretty tracebacks are left out too: what fails on purpose is one sentence, and a mistake of ours is plain.
    cli = typer.Typer(
        cls=LazyGroup, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False, help=HELP
    )
    cli.callback()(_options)
    return cli


HELP = "Write an Entity once, get database, API and live UI for free."


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - Typer passes the value of the option
    if wanted:
        from .commands.version import version  # noqa: PLC0415 - only when asked

        version()
        raise typer.Exit


def _options(
    *,
    no_plugins: Annotated[
        bool, typer.Option("--no-plugins", help="Leave every plugin alone, as STARMODEL_DISABLE_PLUGINS=* does.")
    ] = False,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the versions and exit.")
    ] = False,
) -> None:
    """Options of the program itself; whatever else each does, it does by its callback."""
    del show_version
    if no_plugins:
        os.environ["STARMODEL_DISABLE_PLUGINS"] = "*"  # for every process that the command starts as well
