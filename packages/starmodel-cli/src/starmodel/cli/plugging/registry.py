"""Short names of plugins: the registry that comes along, and the one that a project keeps beside its pyproject.toml."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from .errors import RegistryError

__all__ = ["OWN_REGISTRY", "RegistryEntry", "Setting", "bundled_registry", "project_registry", "schema_of_registries"]

OWN_REGISTRY = "starmodel-plugins.json"
"""The registry of a project, beside its pyproject.toml; what it says wins over the bundled one."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A line of ``.env.example``; the default of a secret is never written."""

    name: str
    doc: str
    default: str | None = None
    required: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """What a short name stands for.

    *version* is a specifier such as ``~=1.2``, ``""`` for any.  *path* is an absolute folder or wheel, for a plugin
    that no index has.
    """

    name: str
    distribution: str
    summary: str
    extras: tuple[str, ...] = ()
    version: str = ""
    path: Path | None = None
    docs: str = ""
    settings: tuple[Setting, ...] = ()


def bundled_registry() -> Mapping[str, RegistryEntry]:
    """Return the registry that comes along."""
    file = files(__package__) / "registry.json"
    return _entries(json.loads(file.read_text(encoding="utf-8")), "the bundled registry", None)


def project_registry(folder: Path) -> Mapping[str, RegistryEntry]:
    """Return every short name that the project in *folder* may use; RegistryError says what is wrong with its own."""
    file = folder / OWN_REGISTRY
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return bundled_registry()
    except (OSError, ValueError) as error:
        raise RegistryError(file, str(error)) from error
    return {**bundled_registry(), **_entries(document, str(file), folder)}


@cache
def schema_of_registries() -> dict[str, Any]:
    """Return the JSON Schema that every registry fits."""
    text = (files(__package__) / "registry.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def _validator() -> Any:
    import fastjsonschema  # noqa: PLC0415 - only who resolves a short name waits for it

    return fastjsonschema.compile(schema_of_registries())


def _entries(document: Any, source: str, folder: Path | None) -> dict[str, RegistryEntry]:
    try:
        _validator()(document)
    except ValueError as error:  # fastjsonschema's own errors are this
        raise RegistryError(source, str(error)) from error
    return {name: _entry(name, told, source, folder) for name, told in document["plugins"].items()}


def _entry(name: str, told: Mapping[str, Any], source: str, folder: Path | None) -> RegistryEntry:
    if "path" in told and folder is None:
        raise RegistryError(source, f"{name} has a path, which only the registry of a project may have")
    return RegistryEntry(
        name=name,
        distribution=told["distribution"],
        summary=told["summary"],
        extras=tuple(told.get("extras", ())),
        version=told.get("version", ""),
        path=(folder / told["path"]).resolve() if folder is not None and "path" in told else None,
        docs=told.get("docs", ""),
        settings=tuple(Setting(**one) for one in told.get("settings", ())),
    )
