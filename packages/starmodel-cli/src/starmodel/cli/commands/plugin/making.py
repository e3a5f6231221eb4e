"""Commands for authors: a new plugin whose tests pass, and whether one is ready to be installed by others."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from starmodel.cli.options import Json
from starmodel.cli.terminal import say, say_json, working

from .group import plugin

__all__ = ["examine_own", "make"]

SIGNS = {True: "✔", False: "✘"}


@plugin.command("new")
def make(
    name: Annotated[str, typer.Argument(help="The name of the plugin, or where to make it: acme-weather.")],
    *,
    kind: Annotated[str, typer.Option("--kind", help="What it brings: store, bus, task, ui, auth or route.")],
    json: Json = False,
) -> None:
    """Make a plugin of one's own: a package with tests that pass, the suite of its kind among them."""
    from starmodel.cli.plugging import make_plugin  # noqa: PLC0415 - not loaded to list plugins

    placed = make_plugin(name, kind, Path.cwd())
    if json:
        say_json({"folder": str(placed.folder), "kind": kind, "files": list(placed.written)})
        return
    cwd = Path.cwd()
    near = placed.folder.relative_to(cwd) if placed.folder.is_relative_to(cwd) else placed.folder
    say(f"✔ {placed.folder.name} ({kind}): {', '.join(sorted(placed.written))}")
    say(f"$ cd {near} && starmodel plugin test")


@plugin.command("test")
def examine_own(
    folder: Annotated[str, typer.Argument(help="The folder of the plugin; otherwise this one.")] = ".",
    *,
    json: Json = False,
) -> None:
    """See whether a plugin is well packed, fits StarModel, and passes its tests."""
    from starmodel.cli.plugging import offers_of, tested  # noqa: PLC0415 - see make

    place = Path(folder).resolve()
    with working("Testing the plugin"):
        offers = offers_of(place)
        code, last = tested(place, is_quiet=json)
    is_well = not code and not any(one.error for one in offers)
    if json:
        say_json({"offers": [asdict(one) for one in offers], "tests": {"code": code, "last": last}, "ok": is_well})
    else:
        for one in offers:
            say(f"{SIGNS[not one.error]} {one.group.removeprefix('starmodel.')} {one.name}: {one.error or one.value}")
        say(f"{SIGNS[not code]} tests: {last}")
    if not is_well:
        raise typer.Exit(1)
