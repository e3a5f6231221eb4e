"""A document that each plugin may change: in its own copy, so that one that fails leaves nothing half done."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .host import PluginHost

__all__ = ["amended"]


def amended(
    host: PluginHost,
    hook: str,
    document: dict[str, Any],
    check: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Return what the plugins in *hook* made of *document*, one after the other; the original stays as it is.

    A plugin changes what it is given, or answers another.  *check* raises for what cannot be used.
    """
    for part in host.parts(hook):
        if part.is_left_out():
            continue
        with part.guarded():
            given = deepcopy(document)
            answer = part.answer(document=given)
            if not isinstance(answer, dict | None):
                raise TypeError(f"the answer must be a dict or None, not {type(answer).__name__}")
            changed = given if answer is None else answer
            if check is not None:
                check(changed)
            document = changed
    return document
