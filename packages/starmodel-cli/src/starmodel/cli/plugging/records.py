"""What a project says about its plugins in its pyproject.toml, changed so that everything else stays as it is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from tomlkit.exceptions import ParseError
from tomlkit.items import Array

from .errors import PluginProjectError
from .places import Place
from .sources import Source

__all__ = ["Record", "distribution_of"]

ROOT = "${PROJECT_ROOT}"


class Record:
    """The pyproject.toml of a project, in memory until :meth:`write`.

    ``[tool.starmodel] plugins`` says what is switched on, ``[tool.starmodel.sources]`` where each distribution came
    from: the short name in a registry, or a path.  A dependency stands where the tool of the project looks for it.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        try:
            self._before = place.pyproject.read_bytes().decode("utf-8")
            self._document = tomlkit.parse(self._before)
        except (OSError, UnicodeDecodeError, ParseError) as error:
            raise PluginProjectError(f"{place.pyproject} cannot be read: {error}; mend it") from error

    @property
    def plugins(self) -> tuple[str, ...]:
        """The names that are switched on."""
        return tuple(str(name) for name in self._plain("tool", "starmodel").get("plugins", ()))

    @property
    def sources(self) -> Mapping[str, Mapping[str, str]]:
        """Where each distribution came from, by its name: ``name`` or ``path``, perhaps a ``requirement``."""
        told = self._plain("tool", "starmodel", "sources")
        return {str(name): {str(key): str(one) for key, one in dict(value).items()} for name, value in told.items()}

    def source_of(self, distribution: str) -> Mapping[str, str]:
        """Return where a distribution came from, nothing when nobody noted it."""
        name = distribution_of(distribution)
        return next((told for one, told in self.sources.items() if distribution_of(one) == name), {})

    @property
    def dependencies(self) -> tuple[str, ...]:
        """Every requirement of the project, the groups and extras included."""
        project = self._plain("project")
        extras = [line for lines in project.get("optional-dependencies", {}).values() for line in lines]
        groups = [line for lines in self._plain("dependency-groups").values() for line in lines]
        older = [name for name in self._plain("tool", "poetry", "dependencies") if name != "python"]
        return tuple(
            str(line) for line in (*project.get("dependencies", ()), *extras, *groups, *older) if isinstance(line, str)
        )

    def add(self, source: Source, requirement: str) -> None:
        """Note that the project needs *requirement*, from *source*."""
        told: dict[str, str] = {"name": source.short} if source.short else {}
        if source.path is not None:
            told = {"path": self._relative(source.path)}
        if not self._depend(source, requirement) and source.path is None:
            told["requirement"] = requirement
        self._forget(self._plain("tool", "starmodel", "sources"), source.distribution)
        table = self._table("tool", "starmodel", "sources")
        value = tomlkit.inline_table()
        value.update(told)
        table[source.distribution] = value

    def remove(self, distribution: str) -> None:
        """Forget a distribution: as a dependency, and where it came from."""
        dependencies = self._plain("project").get("dependencies")
        if isinstance(dependencies, Array):
            for at in [
                at
                for at, line in enumerate(dependencies)
                if distribution_of(str(line)) == distribution_of(distribution)
            ][::-1]:
                del dependencies[at]
        for path in (("tool", "uv", "sources"), ("tool", "poetry", "dependencies"), ("tool", "starmodel", "sources")):
            self._forget(self._plain(*path), distribution)
            self._prune(*path)

    def enable(self, names: Iterable[str]) -> None:
        """Switch plugins on."""
        wanted = [name for name in names if name not in self.plugins]
        if not wanted:
            return
        table = self._table("tool", "starmodel")
        if "plugins" not in table:
            table["plugins"] = tomlkit.array()
        for name in wanted:
            table["plugins"].append(name)

    def disable(self, names: Iterable[str]) -> None:
        """Switch plugins off."""
        listed = self._plain("tool", "starmodel").get("plugins")
        gone = set(names)
        if isinstance(listed, Array):
            for at in [at for at, name in enumerate(listed) if str(name) in gone][::-1]:
                del listed[at]
            if not len(listed):
                del self._plain("tool", "starmodel")["plugins"]
                self._prune("tool", "starmodel")

    def text(self) -> str:
        """Return the file as it would be: with the ends of lines that it has, and no empty ones more at its end."""
        text, newline = tomlkit.dumps(self._document), "\r\n" if "\r\n" in self._before else "\n"
        text = newline.join(text.replace("\r\n", "\n").split("\n")) if newline in self._before else text
        return text if self._before.endswith(newline * 2) else text.rstrip("\r\n") + newline

    def write(self) -> None:
        """Write the file, whole or not at all, with the rights that it had."""
        path = self.place.pyproject
        draft = path.with_name(f".{path.name}.starmodel")
        draft.write_bytes(self.text().encode("utf-8"))
        draft.chmod(path.stat().st_mode)
        draft.replace(path)

    def _depend(self, source: Source, requirement: str) -> bool:
        """Write the dependency where the tool wants it; false when the project has no place for one.

        A path is told to pip by nobody: a name alone would let it take a stranger's package from an index.
        """
        tool, path = self.place.tool, source.path
        older = self._plain("tool", "poetry", "dependencies")
        if tool == "poetry" and (older or path is not None):
            value = tomlkit.inline_table()
            value.update({"path": self._relative(path)} if path else {"version": _specifier(requirement)})
            if source.extras:
                value["extras"] = list(source.extras)
            self._forget(older, source.distribution)
            self._table("tool", "poetry", "dependencies")[source.distribution] = value
            return True
        if path is not None and tool == "pip":
            return False
        if path is not None and tool == "uv":
            value = tomlkit.inline_table()
            value["path"] = self._relative(path)
            self._table("tool", "uv", "sources")[source.distribution] = value
        if path is not None and tool == "pdm":
            requirement = f"{source.distribution} @ file:///{ROOT}/{self._relative(path)}"
        return self._require(requirement)

    def _require(self, requirement: str) -> bool:
        project = self._plain("project")
        if not project:
            return False
        if "dependencies" not in project:
            project["dependencies"] = tomlkit.array()
        lines = project["dependencies"]
        for at, line in enumerate(lines):
            if distribution_of(str(line)) == distribution_of(requirement):
                if str(line) != requirement:
                    lines[at] = requirement
                return True
        lines.append(requirement)
        return True

    def _relative(self, path: Path) -> str:
        return Path(os.path.relpath(path, self.place.folder)).as_posix()

    def _plain(self, *path: str) -> Any:
        """Return the table at *path*, an empty one that belongs to nothing where there is none."""
        found: Any = self._document
        for name in path:
            found = found.get(name, {})
            if not isinstance(found, Mapping):
                raise PluginProjectError(f"{self.place.pyproject} says {'.'.join(path)} is no table; mend it")
        return found

    def _table(self, *path: str) -> Any:
        found: Any = self._document
        for depth, name in enumerate(path):
            if name not in found:
                found[name] = tomlkit.table(is_super_table=depth < len(path) - 1)
            found = found[name]
        return found

    def _forget(self, table: Any, distribution: str) -> None:
        for name in [name for name in table if distribution_of(str(name)) == distribution_of(distribution)]:
            del table[name]

    def _prune(self, *path: str) -> None:
        """Take away a table that holds nothing any more, and those above it."""
        for depth in range(len(path), 1, -1):
            above = self._plain(*path[: depth - 1])
            if path[depth - 1] in above and not len(above[path[depth - 1]]):
                del above[path[depth - 1]]


def distribution_of(requirement: str) -> str:
    """Return the name of the distribution that a requirement is about, as PEP 503 compares it."""
    try:
        return str(canonicalize_name(Requirement(requirement).name))
    except InvalidRequirement:  # pdm's ${PROJECT_ROOT} is none
        return str(canonicalize_name(requirement.partition("@")[0].strip()))


def _specifier(requirement: str) -> str:
    return str(Requirement(requirement).specifier) or "*"
