"""What an application is given beyond its own options: FastHTML's, and attributes of ``<body>``; nothing else."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable
from typing import Any

from starmodel.core.errors import ConfigurationError, hint

__all__ = ["refuse_unknown"]

_ATTRIBUTES = frozenset(
    {
        "_class",
        "class_",
        "cls",
        "dir",
        "hidden",
        "id",
        "inert",
        "klass",
        "lang",
        "role",
        "style",
        "tabindex",
        "translate",
    }
)
"""What every element may have and a body has a use for: https://html.spec.whatwg.org/#global-attributes"""

_PREFIXES = ("aria_", "data_", "hx_", "aria-", "data-", "hx-")


def refuse_unknown(given: Iterable[str], own: Callable[..., Any], web: type[Any], *, set_here: Collection[str]) -> None:
    """Raise ConfigurationError for a name that is *given* and would have no effect, or one that nobody expects.

    *own* is the function it was given to, *web* the class that takes what that does not know, but for what is
    *set_here* already.  FastHTML would write it into every page, and be silent.
    """
    options = _names(own)
    taken = {name for kind in web.__mro__[:2] for name in _names(kind)} - set(set_here)
    for name in given:
        if name not in taken | _ATTRIBUTES and not name.startswith(_PREFIXES):
            raise ConfigurationError(
                f"{own.__name__}() has no option {name!r}; {hint(name, options)}; besides, it takes the keywords of "
                "FastHTML(), and attributes of <body> such as cls and data_theme"
            )


def _names(function: Callable[..., Any]) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    return [one.name for one in parameters if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)]
