"""What the plugins of a project add to the command line: commands, and templates for new projects."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import typer

from starmodel.core.errors import StarModelError

from .terminal import warn

if TYPE_CHECKING:
    from typer.core import TyperCommand, TyperGroup

    from starmodel.core.contributions import ScaffoldTemplate
    from starmodel.plugins import HookPart, PluginHost

__all__ = ["plugin_commands", "plugin_templates"]

T = TypeVar("T")


def plugin_commands(taken: Collection[str]) -> dict[str, TyperCommand | TyperGroup]:
    """Return the commands of the plugins that are on, by name; one that is *taken* is left out.

    What goes wrong is a warning: it must not cost the other commands.
    """
    found: dict[str, Any] = {}
    with _plugins("starmodel_cli") as parts:
        for part in parts:
            with part.guarded():
                found |= _free(_commands(part), {*taken, *found}, part, "command")
    return found


def plugin_templates(taken: Collection[str]) -> dict[str, ScaffoldTemplate]:
    """Return the templates of the plugins that are on, by name; one that is *taken* is left out."""
    found: dict[str, ScaffoldTemplate] = {}
    with _plugins("starmodel_scaffold_templates") as parts:
        for part in parts:
            with part.guarded():
                found |= _free(_templates(part), {*taken, *found}, part, "template")
    return found


def _free(added: dict[str, T], taken: Collection[str], part: HookPart, what: str) -> dict[str, T]:
    """Return those of *added* whose names nobody has, and put the others on record."""
    for name in sorted(added.keys() & set(taken)):
        with part.guarded():
            raise ValueError(f"the {what} {name!r} is somebody else's; give yours another name")
    return {name: one for name, one in added.items() if name not in taken}


def _templates(part: HookPart) -> dict[str, ScaffoldTemplate]:
    from starmodel.core.contributions import ScaffoldTemplate  # noqa: PLC0415 - not for those who only need help

    answered = list(part.answer() or ())
    wrong = next((one for one in answered if not isinstance(one, ScaffoldTemplate)), None)
    if wrong is not None:
        raise TypeError(f"the answer must be a list of ScaffoldTemplate, and one is {wrong!r}")
    return {one.name: one for one in answered}


def _commands(part: HookPart) -> dict[str, Any]:
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.callback()(_nothing)  # else a single command would be taken for the whole
    part.answer(app=app)
    return dict(cast("TyperGroup", typer.main.get_command(app)).commands)


def _nothing() -> None:
    """Stand for the program itself."""


def _host() -> PluginHost | None:
    """Return a host with the plugins that are on here, ``None`` where nothing was switched on.

    StarModel's own packages name their commands by entry points, so nothing of theirs is loaded for this.
    """
    if not _may_have_plugins(Path.cwd()):
        return None
    from starmodel.plugins import PluginChoice, discover_local  # noqa: PLC0415 - not for those who need no plugin

    logging.getLogger("starmodel.plugins").addHandler(logging.NullHandler())  # told below, in one line each
    try:
        choice = PluginChoice.of(Path.cwd(), os.environ)
        local = discover_local(choice.project) if choice.project is not None else ()
        return choice.host() if choice.enabled or local else None
    except StarModelError as error:
        warn(f"plugins are left out: {error}")
        return None


def _may_have_plugins(cwd: Path) -> bool:
    """Tell whether a look is worth while: to know what a project says, much has to be imported."""
    project = next((one for one in (cwd, *cwd.parents) if (one / "pyproject.toml").is_file()), None)
    if "STARMODEL_PLUGINS" in os.environ or project is None:
        return "STARMODEL_PLUGINS" in os.environ
    return _names_plugins(project / "pyproject.toml") or any(
        one.name[0] not in "_." for one in (project / "app" / "plugins").glob("*")
    )


def _names_plugins(file: Path) -> bool:
    import tomllib  # noqa: PLC0415 - few projects have plugins

    try:
        text = file.read_text(encoding="utf-8")
        return "plugins" in text and bool(tomllib.loads(text)["tool"]["starmodel"]["plugins"])
    except (KeyError, TypeError):
        return False
    except (OSError, ValueError):
        return True  # which is told then


@contextmanager
def _plugins(hook: str) -> Iterator[list[HookPart]]:
    """Give the parts of all plugins in *hook*, and tell afterwards what went wrong with them."""
    host = _host()
    yield host.parts(hook) if host is not None else []
    for record in host.records if host is not None else ():
        if record.error and record.status in {"ok", "failed"}:
            warn(f"plugin {record.name}: {record.error}")
