"""The moments of the command line, and of whoever looks at an application from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.hooks import hookspec

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["starmodel_plugin_info"]

# A specification has no body, which is what the checkers are asked to ignore below.


@hookspec
def starmodel_plugin_info() -> Mapping[str, str]:  # type: ignore[empty-body]
    """Describe the plugin: ``title``, ``summary``, ``docs``, whatever ``starmodel plugin list`` should show."""
