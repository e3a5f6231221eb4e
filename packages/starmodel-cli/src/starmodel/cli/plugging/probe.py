"""Sees what works in an environment, from inside: run by its own interpreter, which need not have this package.

Called as a program with a file to write the answer to, and the question as JSON.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import sys
import time
from contextlib import suppress
from functools import partial, reduce
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from threading import Thread
from typing import Any, cast

__all__ = ["main"]

GROUP = "starmodel.plugins"
FAMILY = "starmodel."
PORTS = {"store": "persistence"}
"""Where the entry points of a kind of adapter are called otherwise."""


def main() -> None:
    """Answer the question in the arguments into the file in the arguments."""
    Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    file, question = sys.argv[1:]
    asked = json.loads(question)
    answer = _prove(set(asked["prove"]), asked["plugins"])
    if asked["target"]:
        answer["application"] = _application(**asked["target"])
    Path(file).write_text(json.dumps(answer), encoding="utf-8")


def _end_with(parent: int) -> None:
    """Do not outlive the command that asked: it may have been killed, and somebody waits to put things back."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(1)


def _prove(wanted: set[str], only: list[str] | None) -> dict[str, Any]:
    """Load everything that the distributions *wanted* offer; return how each part fares, and their settings."""
    groups = sorted(group for group in entry_points().groups if group.startswith(FAMILY) and group != GROUP)
    points = [point for group in groups for point in entry_points(group=group)]
    settings: list[dict[str, Any]] = []
    adapters = [_adapter(point, settings) for point in points if point.dist and _same(point.dist.name) in wanted]
    told = _plugins(wanted, only)
    return {**told, "adapters": [*adapters, *told["adapters"]], "settings": [*settings, *told["settings"]]}


def _adapter(point: EntryPoint, settings: list[dict[str, Any]]) -> dict[str, str]:
    error = ""
    try:
        loaded = point.load()
        settings += [{"plugin": "", **_setting(one)} for one in getattr(loaded, "declares", ())]
    except BaseException as problem:  # noqa: BLE001 - whatever a package does when it is imported
        error = _reason(problem)
    return {"kind": point.group.removeprefix(FAMILY), "name": point.name, "error": error}


def _plugins(wanted: set[str], only: list[str] | None) -> dict[str, Any]:
    """Load the plugins themselves, as an application does; collect what they say about their settings."""
    try:
        from starmodel.plugins import PluginChoice, PluginHost, discover, discover_local  # noqa: PLC0415 - may be missing
    except ImportError as error:  # none is installed, or one that does not go with this program
        return {"adapters": [], "plugins": _without_a_host(wanted, _reason(error)), "settings": []}
    choice, found = PluginChoice.of(Path.cwd(), os.environ), discover()
    names = {one.name for one in found if _same(one.distribution) in wanted and (only is None or one.name in only)}
    local = discover_local(choice.project) if choice.project else []
    host = PluginHost(enabled={*choice.enabled, *names}, disabled=choice.disabled, pins=choice.pins)
    host.load([*found, *local])
    settings = [
        {"plugin": answer.plugin, **_setting(one)}
        for answer in host.each("starmodel_settings")
        for one in list(cast("Any", answer.value or ()))
    ]
    registering = _Registering()
    for part in host.parts("starmodel_register"):
        registering.owner = part.plugin if part.plugin in names else ""
        with part.guarded():
            part.answer(registry=registering)
    records = [one for one in host.records if _same(one.distribution or "") in wanted or one.distribution is None]
    return {
        "adapters": registering.adapters,
        "plugins": [
            {
                "name": one.name,
                "distribution": one.distribution,
                "status": one.status,
                "error": one.error or "",
                "hooks": list(one.hooks),
                "wanted": one.name in names,
            }
            for one in records
        ],
        "settings": settings,
    }


def _without_a_host(wanted: set[str], why: str) -> list[dict[str, Any]]:
    """Return every plugin of *wanted* as one that does not work, since nothing here can call it."""
    names = [one.name for one in entry_points(group=GROUP) if one.dist and _same(one.dist.name) in wanted]
    fault = {"distribution": None, "status": "failed", "error": f"nothing here can call plugins: {why}"}
    return [{"name": name, "hooks": [], "wanted": True, **fault} for name in names]


class _Registering:
    """Takes in what plugins register, to know its names."""

    def __init__(self) -> None:
        from starmodel.plugins import AdapterSettings  # noqa: PLC0415 - see _plugins

        self.settings = AdapterSettings()
        self.owner, self.adapters = "", list[dict[str, str]]()

    def add(self, kind: str, name: str, make: object, /) -> None:
        """Note a name, when it is asked about who offers it."""
        del make
        if self.owner:
            self.adapters.append({"kind": PORTS.get(kind, kind), "name": name, "error": ""})


def _setting(one: Any) -> dict[str, Any]:
    return {
        "name": str(one.name),
        "doc": str(one.doc),
        "default": None if one.default is None else str(one.default),
        "required": bool(one.required),
        "secret": bool(one.secret),
    }


def _application(folder: str, module: str, attribute: str) -> dict[str, Any]:
    """Build the application, and say what its entities and settings use."""
    sys.path.insert(0, folder)
    with suppress(ImportError):
        importlib.import_module("starmodel.bootstrap")
    sys.dont_write_bytecode = True  # from here on it would be into the project
    try:
        loaded = importlib.import_module(module)
        names = [attribute] if attribute else ["app", "create_app"]
        found: Any = reduce(
            getattr, next(one for one in names if hasattr(loaded, one.split(".")[0])).split("."), loaded
        )
        app = found() if inspect.isroutine(found) or isinstance(found, partial) else found
        from starmodel.app import application_in  # noqa: PLC0415 - see _plugins

        application = application_in(app)
    except BaseException as error:  # noqa: BLE001 - whatever an application does when it is made
        return {"error": _reason(error)}
    host = getattr(getattr(getattr(app, "state", None), "starmodel", None), "plugins", None)
    failed = {one.name: one.error for one in host.records if one.failures or one.status == "failed"} if host else {}
    return {"error": "", "failed": failed, **_uses(application)}


def _uses(application: Any) -> dict[str, Any]:
    if application is None:
        return {"entities": []}
    entities = [
        {
            "name": kind.__entity_name__,
            "module": kind.__module__.partition(".")[0],
            "place": _place(kind),
            "store": application.persistence.name_for(kind),
        }
        for kind in application.catalog
    ]
    return {"entities": entities}


def _place(kind: type) -> str:
    try:
        return f"{inspect.getsourcefile(kind)}:{inspect.getsourcelines(kind)[1]}"
    except (OSError, TypeError):
        return ""


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _same(name: str) -> str:
    return "-".join(part for part in name.lower().replace("_", "-").replace(".", "-").split("-") if part)


if __name__ == "__main__":
    main()
