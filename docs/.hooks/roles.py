"""Docstrings are written as Sphinx and editors understand them; here they become Markdown, with links to our pages."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

ROLE = re.compile(r":(attr|class|exc|func|meth|mod):`(~?)([\w.]+)`")
LITERAL = re.compile(r"^( *)(\S.*)?::$", re.MULTILINE)


def as_markdown(text: str) -> str:
    """Return *text* with each role as a cross-reference; a module, and what is named without its module, as code.

    The double colon before a block of code becomes a plain one, or nothing where it stands alone.
    """
    return LITERAL.sub(_introduction, ROLE.sub(_reference, text))


def _introduction(found: re.Match[str]) -> str:
    indent, words = found.groups()
    return f"{indent}{words}:" if words else ""


def _reference(found: re.Match[str]) -> str:
    role, is_short, path = found.groups()
    shown = path.rpartition(".")[2] if is_short else path
    has_page = role != "mod" and path.startswith("starmodel.")
    return f"[`{shown}`][{path}]" if has_page else f"`{shown}`"


class Roles(Extension):
    """Rewrites every docstring as it is read."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)
