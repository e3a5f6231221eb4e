"""The files of a template: found beside this module, named by where they go, filled in with a few words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template

from starmodel.cli.errors import TemplateBrokenError, TemplateMissingError

__all__ = ["filled", "rendered", "template_names"]

SUFFIX = ".tmpl"
"""Ends the name of each file, so that no tool takes a template for what it makes."""

DOT = "dot."
"""Begins the name of a file that begins with a dot, so that no tool leaves it out."""


def template_names() -> list[str]:
    """Return what there is to choose from."""
    return sorted(folder.name for folder in _templates().iterdir() if folder.is_dir() and folder.name != "shared")


def rendered(
    template: str, words: Mapping[str, str], others: Mapping[str, Traversable] | None = None
) -> dict[str, str]:
    """Return the text of each file of *template* by its path in the project; ``$name`` is filled in from *words*.

    *others* are templates of plugins, by name.  What every template has comes from ``shared``.  TemplateMissingError
    for one that does not exist; TemplateBrokenError for one that asks for a word that nobody gave, or cannot be read.
    """
    folders = {**(others or {}), **{name: _templates() / name for name in template_names()}}
    if template not in folders:
        raise TemplateMissingError(template, sorted(folders))
    return filled(template, [_templates() / "shared", folders[template]], words)


def filled(template: str, folders: Iterable[Traversable], words: Mapping[str, str]) -> dict[str, str]:
    """Return the text of each file in *folders*, of which *template* is made, by its path; errors as above."""
    sources = [found for folder in folders for found in _listed(template, folder)]
    return {path: _filled(template, path, source, words) for path, source in sources}


def _filled(template: str, path: str, source: Traversable, words: Mapping[str, str]) -> str:
    try:
        return Template(source.read_text(encoding="utf-8")).substitute(words)
    except KeyError as error:
        raise TemplateBrokenError(template, path, f"it asks for ${error.args[0]}, which nobody fills in") from error
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateBrokenError(template, path, f"it is no text that can be read ({error})") from error
    except ValueError as error:
        raise TemplateBrokenError(template, path, f"{error}; $$ is a dollar sign") from error


def _listed(template: str, folder: Traversable) -> list[tuple[str, Traversable]]:
    try:
        return list(_sources(folder, ""))
    except OSError as error:
        raise TemplateBrokenError(template, folder.name, error.strerror or str(error)) from error


def _templates() -> Traversable:
    return files(__package__) / "templates"


def _sources(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _sources(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(SUFFIX):
            name = entry.name.removesuffix(SUFFIX)
            yield prefix + ("." + name.removeprefix(DOT) if name.startswith(DOT) else name), entry
