"""``starmodel plugin``: what is plugged in, and where plugins can take part."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import typer

from starmodel.cli.options import Json
from starmodel.cli.terminal import say, say_json, table
from starmodel.plugins import HOOK_API, HookRecord, PluginChoice, PluginHost, PluginRecord

__all__ = ["list_hooks", "list_plugins", "plugin"]

plugin = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Look at the installed plugins and at the hooks they take part in.",
)


@plugin.command("list")
def list_plugins(*, json: Json = False) -> None:
    """List every installed plugin, whether it works and what it takes part in."""
    records = _host().records
    if json:
        say_json({"hook_api": HOOK_API, "plugins": [asdict(record) for record in records]})
    elif records:
        table(["Plugin", "Status", "Package", "Version", "Hooks"], [_plugin_row(record) for record in records])
        for record in records:
            if record.error:
                say(f"{record.name}: {record.error}")
    else:
        say("No plugin is installed.")


@plugin.command("hooks")
def list_hooks(*, json: Json = False) -> None:
    """List every hook, what it is for and who takes part in it."""
    hooks = _host().hooks
    if json:
        say_json({"hook_api": HOOK_API, "hooks": [asdict(hook) for hook in hooks]})
    else:
        table(["Hook", "Plugins", "What it is for"], [_hook_row(hook) for hook in hooks])


def _host() -> PluginHost:
    return PluginChoice.of(Path.cwd(), os.environ).host()


def _plugin_row(record: PluginRecord) -> list[str]:
    hooks = ", ".join(hook.removeprefix("starmodel_") for hook in record.hooks)
    return [record.name, record.status, record.distribution or "", record.version or "", hooks]


def _hook_row(hook: HookRecord) -> list[str]:
    return [f"{hook.name}({', '.join(hook.arguments)})", ", ".join(hook.plugins), hook.doc.partition("\n")[0]]
