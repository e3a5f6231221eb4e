"""Commands that look: what is plugged in, how each part fares, and where plugins can take part."""

from __future__ import annotations

import os
from dataclasses import asdict
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from starmodel.cli.options import Json
from starmodel.cli.terminal import say, say_json, table

from .elsewhere import handed_over
from .group import plugin

if TYPE_CHECKING:
    from starmodel.plugins import HookRecord, PluginHost, PluginRecord

__all__ = ["adapters", "list_hooks", "list_plugins"]

FAMILY = "starmodel."
APART = frozenset({"starmodel.cli_commands", "starmodel.plugins", "starmodel.server", "starmodel.migrations"})
"""Entry points of ours that nobody names in an entity or a setting."""


@plugin.command("list")
def list_plugins(*, json: Json = False) -> None:
    """List every installed plugin and adapter, whether it works and what it takes part in."""
    if handed_over():
        return
    from starmodel.plugins import HOOK_API  # noqa: PLC0415 - brings asyncio, which help can do without

    records, found = _host().records, adapters()
    if json:
        plugins = [asdict(record) for record in records]
        say_json({"hook_api": HOOK_API, "plugins": plugins, "adapters": found})
        return
    if records:
        table(["Plugin", "Status", "Package", "Version", "Hooks"], [_plugin_row(record) for record in records])
        for record in records:
            if record.error:
                say(f"{record.name}: {record.error}")
    else:
        say("No plugin is installed.")
    if found:
        table(["Adapter", "Kind", "Package", "Version"], [list(one.values()) for one in found])


@plugin.command("hooks")
def list_hooks(*, json: Json = False) -> None:
    """List every hook, what it is for and who takes part in it."""
    if handed_over():
        return
    from starmodel.plugins import HOOK_API  # noqa: PLC0415 - see list_plugins

    hooks = _host().hooks
    if json:
        say_json({"hook_api": HOOK_API, "hooks": [asdict(hook) for hook in hooks]})
    else:
        table(["Hook", "Plugins", "What it is for"], [_hook_row(hook) for hook in hooks])


def adapters() -> list[dict[str, str]]:
    """Return what is on offer by name, from metadata alone: an adapter is not imported before it is used."""
    offered = entry_points()  # read once: each time all of the environment is looked through
    groups = sorted(group for group in offered.groups if group.startswith(FAMILY) and group not in APART)
    return [
        {
            "name": point.name,
            "kind": group.removeprefix(FAMILY),
            "distribution": point.dist.name if point.dist else "",
            "version": point.dist.version if point.dist else "",
        }
        for group in groups
        for point in sorted(offered.select(group=group), key=lambda one: one.name)
    ]


def _host() -> PluginHost:
    from starmodel.plugins import PluginChoice  # noqa: PLC0415 - see list_plugins

    return PluginChoice.of(Path.cwd(), os.environ).host()


def _plugin_row(record: PluginRecord) -> list[str]:
    hooks = ", ".join(hook.removeprefix("starmodel_") for hook in record.hooks)
    return [record.name, record.status, record.distribution or "", record.version or "", hooks]


def _hook_row(hook: HookRecord) -> list[str]:
    return [f"{hook.name}({', '.join(hook.arguments)})", ", ".join(hook.plugins), hook.doc.partition("\n")[0]]
