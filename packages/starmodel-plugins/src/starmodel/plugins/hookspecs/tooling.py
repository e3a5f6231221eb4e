"""The moments of the command line, and of whoever looks at an application from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.core.hooks import hookspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starmodel.core.contributions import Finding, ScaffoldTemplate

__all__ = [
    "starmodel_cli",
    "starmodel_doctor",
    "starmodel_openapi",
    "starmodel_plugin_info",
    "starmodel_scaffold_templates",
]

# A specification has no body, which is what the checkers are asked to ignore below.


@hookspec
def starmodel_plugin_info() -> Mapping[str, str]:  # type: ignore[empty-body]
    """Describe the plugin: ``title``, ``summary``, ``docs``, whatever ``starmodel plugin list`` should show."""


@hookspec
def starmodel_openapi(document: dict[str, Any]) -> dict[str, Any] | None:
    """Change the OpenAPI *document* of the REST interface, or return another; called whenever it is asked for.

    *document* is a copy: what a plugin that fails has changed in it is not shown.
    """


@hookspec
def starmodel_cli(app: Any) -> None:
    """Add commands of the program ``starmodel`` to *app*, a ``typer.Typer``: by ``@app.command()`` or ``add_typer``.

    Import what a command needs when it runs, since this is called to list the commands as well.  A name that is taken
    stays whose it is.  An entry point in the group ``starmodel.cli_commands`` does the same without loading anything.
    """


@hookspec
def starmodel_scaffold_templates() -> Iterable[ScaffoldTemplate]:  # type: ignore[empty-body]
    """Return templates for new projects: what ``starmodel init --template NAME`` begins with."""


@hookspec
async def starmodel_doctor() -> Iterable[Finding]:  # type: ignore[empty-body]
    """Return what ``starmodel doctor`` should know of the plugin: whether what it needs is there, and works."""
