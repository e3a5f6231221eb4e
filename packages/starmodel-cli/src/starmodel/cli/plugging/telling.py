"""All about one plugin, and what is wrong with any: what is noted, installed, switched on and working, side by side."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from starmodel.cli.environment import read_env
from starmodel.core.contributions import Finding

from .errors import PluginUnknownError
from .inspecting import Distribution, Proof, inspected, proof_of
from .places import Place
from .records import Record, distribution_of
from .registry import project_registry
from .removing import plugin_names

__all__ = ["about", "findings"]

OURS = "starmodel"


def about(name: str, place: Place) -> dict[str, Any]:
    """Return what is known about *name*; for one that is only in a registry, what that says.

    PluginUnknownError for a name that nobody knows.
    """
    record, installed, registry = Record(place), inspected(place), project_registry(place.folder)
    entry = registry.get(name)
    names = plugin_names(installed, record)
    if name not in names and entry is not None and canonicalize_name(entry.distribution) not in installed:
        return {"name": name, "installed": False, "distribution": entry.distribution, "summary": entry.summary}
    if name not in names and entry is None:
        raise PluginUnknownError(name, [*names, *registry])
    key = names[name] if name in names else str(canonicalize_name(entry.distribution if entry else name))
    one = installed.get(key)
    if one is None:
        return {"name": name, "installed": False, "distribution": key, "source": dict(record.source_of(key))}
    proof = proof_of(place, [key])
    return {
        "name": name,
        "installed": True,
        "distribution": one.name,
        "version": one.version,
        "summary": one.summary,
        "digest": one.digest,
        "source": dict(record.source_of(key)),
        "requires": list(one.requires),
        "plugins": [dict(told) for told in proof.plugins if told["distribution"] == one.name],
        "adapters": [dict(told) for told in proof.adapters],
        "settings": [
            {"plugin": plugin, **asdict(setting), "is_set": setting.name in _given(place)}
            for plugin, setting in proof.settings
            if plugin in ("", *one.plugins)
        ],
        "errors": proof.errors,
    }


def findings(place: Place) -> list[Finding]:
    """Return how the plugins of a project are: everything that was looked at, the good as well."""
    record, installed = Record(place), inspected(place)
    own = [key for key, one in installed.items() if one.offers and not key.startswith(OURS)]
    noted = [str(canonicalize_name(name)) for name in record.sources]
    proof = proof_of(place, {*own, *noted})
    return [
        Finding("environment", "ok", f"{place.environment}, managed with {place.tool}"),
        *_sources(record, installed),
        *_switches(record, installed),
        *_parts(proof),
        *_settings(place, proof),
        *_application(proof),
    ]


def _sources(record: Record, installed: Mapping[str, Distribution]) -> Iterator[Finding]:
    for name, told in record.sources.items():
        one = installed.get(str(canonicalize_name(name)))
        where = told.get("path") or told.get("name", "")
        if one is None:
            yield Finding(name, "failed", f"noted and not installed; install it with: starmodel plugin sync ({where})")
        elif not _fits(one, name, told, record):
            yield Finding(name, "failed", f"{one.version} is not what pyproject.toml wants; run: starmodel plugin sync")
        else:
            yield Finding(name, "ok", f"{one.version}, from {where}")


def _fits(one: Distribution, name: str, told: Mapping[str, str], record: Record) -> bool:
    lines = [told.get("requirement", ""), *record.dependencies]
    for line in lines:
        if line and distribution_of(line) == distribution_of(name):
            try:
                specifier = Requirement(line).specifier
            except InvalidRequirement:
                continue
            if not specifier.contains(one.version, prereleases=True):
                return False
    return True


def _switches(record: Record, installed: Mapping[str, Distribution]) -> Iterator[Finding]:
    offered = {name for one in installed.values() for name in one.plugins}
    for name in record.plugins:
        if name not in offered:
            yield Finding(
                f"plugin {name}",
                "failed",
                f"switched on and not installed; add it, or switch it off: starmodel plugin disable {name}",
            )


def _parts(proof: Proof) -> Iterator[Finding]:
    failed = (proof.application or {}).get("failed", {})
    for one in proof.adapters:
        yield Finding(f"{one['kind']} {one['name']}", "failed" if one["error"] else "ok", one["error"] or "it loads")
    for told in proof.plugins:
        what, error = f"plugin {told['name']}", failed.get(told["name"]) or told["error"]
        if error and told["status"] != "missing":
            yield Finding(what, "failed", error)
        elif told["status"] in {"inactive", "disabled"}:
            yield Finding(what, "warning", f"{told['status']}; switch it on: starmodel plugin enable {told['name']}")
        elif told["status"] == "ok":
            yield Finding(what, "ok", f"it loads, and takes part in {', '.join(told['hooks'])}")


def _settings(place: Place, proof: Proof) -> Iterator[Finding]:
    given = _given(place)
    for plugin, setting in proof.settings:
        if setting.required and not given.get(setting.name):
            yield Finding(
                f"plugin {plugin}" if plugin else "settings",
                "failed",
                f"{setting.name} has no value; put it into .env. It is: {setting.doc}",
            )


def _application(proof: Proof) -> Iterator[Finding]:
    if proof.application is None:
        yield Finding("application", "warning", "there is no app/main.py, main.py or app.py to build")
    elif proof.application["error"]:
        yield Finding("application", "failed", proof.application["error"])
    else:
        yield Finding("application", "ok", "it can be built")


def _given(place: Place) -> Mapping[str, str]:
    return {**read_env(place.folder / ".env"), **os.environ}
