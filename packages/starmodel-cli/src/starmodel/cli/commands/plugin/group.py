"""The group of commands about plugins: whatever is asked, a change that was cut short is put back before."""

from __future__ import annotations

from pathlib import Path

import typer

from starmodel.cli.terminal import warn

__all__ = ["plugin"]

TRACES = ".starmodel/plugin-change*"

plugin = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Add plugins to a project, look at them, write one.",
)


@plugin.callback()
def _put_back_first() -> None:
    """Put back what a killed command left half done, before anything else is said about plugins."""
    cwd = Path.cwd()
    for folder in (cwd, *cwd.parents):
        if any(folder.glob(TRACES)):
            _put_back(folder)


def _put_back(folder: Path) -> None:
    from starmodel.cli.plugging import PluginBusyError, recovered  # noqa: PLC0415 - nearly always there is nothing to do

    try:
        if recovered(folder):
            warn(f"a change of plugins in {folder} had been cut short; everything is as it was before it")
    except PluginBusyError as error:
        warn(str(error))  # whoever only looks need not wait; a change says so itself
