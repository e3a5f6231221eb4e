"""Commands that tell: all about one plugin, and what is wrong with any."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from starmodel.cli.chosen import CHOSEN_BY
from starmodel.cli.findings import tell
from starmodel.cli.options import Json, PluginName, Python
from starmodel.cli.terminal import say, say_json, working

from .group import plugin

__all__ = ["examine", "info"]


@plugin.command("info")
def info(
    name: PluginName,
    *,
    python: Python = None,
    json: Json = False,
) -> None:
    """Tell all about one plugin: where it is from, what it brings, how it is set, and whether it works."""
    from starmodel.cli.plugging import about, find_place  # noqa: PLC0415 - not loaded to list plugins

    with working("Looking at the plugin"):
        told = about(name, find_place(Path.cwd(), os.environ, python))
    if json:
        say_json(told)
    else:
        for line in _lines(told):
            say(line)


@plugin.command("doctor")
def examine(
    *,
    python: Python = None,
    json: Json = False,
) -> None:
    """See whether what is noted, installed and switched on fits together, and works."""
    from starmodel.cli.plugging import find_place, findings  # noqa: PLC0415 - see info

    with working("Looking at the plugins"):
        found = findings(find_place(Path.cwd(), os.environ, python))
    tell(found, json=json)


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    source = told.get("source") or {}
    if not told["installed"]:
        yield f"{told['name']}: {told['distribution']}, not installed"
        if told.get("summary"):
            yield f"  {told['summary']}"
        yield "  starmodel plugin " + ("sync" if source else f"add {told['name']}")
        return
    yield f"{told['name']}: {told['distribution']} {told['version']}"
    rows = [
        ("about", told["summary"]),
        ("from", source.get("path") or source.get("name", "")),
        ("digest", told["digest"]),
        *(("adapter", _adapter(one["kind"], one["name"])) for one in told["adapters"]),
        *(("plugin", _plugin(one)) for one in told["plugins"]),
        *(("setting", _setting(one)) for one in told["settings"]),
        *(("needs", line) for line in told["requires"]),
        *(("fault", line) for line in told["errors"]),
    ]
    for name, text in rows:
        if text:
            yield f"  {name:<8} {text}"


def _adapter(kind: str, name: str) -> str:
    return f"{kind} {name}" + (f", used where {CHOSEN_BY[kind]}={name}" if kind in CHOSEN_BY else "")


def _plugin(one: Mapping[str, Any]) -> str:
    hooks = ", ".join(hook.removeprefix("starmodel_") for hook in one["hooks"])
    return f"{one['name']}, {one['status']}" + (f": {hooks}" if hooks else "")


def _setting(one: Mapping[str, Any]) -> str:
    state = "set" if one["is_set"] else ("missing" if one["required"] else "not set")
    return f"{one['name']} ({state}): {one['doc']}"
