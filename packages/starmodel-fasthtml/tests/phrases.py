"""Which phrases the pages say: found in the source itself, so that no catalogue can forget one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from starmodel.adapters.fasthtml import assets, crud
from starmodel.adapters.fasthtml.refusing import METHOD
from starmodel.app import refusals
from starmodel.core import Entity
from starmodel.core.events import events_of
from starmodel.core.wording import PHRASES

SOURCES = sorted(Path(crud.__file__).parent.glob("*.py"))
SCRIPTS = sorted((Path(assets.__file__).parent / "src").glob("*.js"))

OF_STORES = (
    "is taken already; choose another",
    "are together taken already; choose others",
    "names nothing that is there; choose one that is",
)
"""What stores say of values that do not go together with others."""

WORDS = {"words", "later"}
"""What phrases are told to in Python: ``words("…")``, ``call.words("…")``, and ``later("…")`` in tables of them."""


def wanted() -> set[str | tuple[str, str]]:
    """Return every phrase that a catalogue has to hold."""
    return in_source() | in_scripts() | {*of_errors(), *of_events()}


def in_source() -> set[str | tuple[str, str]]:
    """Return the phrases of the pages: texts, and pairs of one and more."""
    return {phrase for path in SOURCES for phrase in _in_module(ast.parse(path.read_text()))}


def _in_module(tree: ast.Module) -> Iterator[str | tuple[str, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
        if name in WORDS:
            yield from _texts(node.args[0])
        elif name == "many":
            one, more = (list(_texts(part)) for part in node.args[1:3])
            yield one[0], more[0]


def _texts(node: ast.expr) -> Iterator[str]:
    """Yield the text that an argument is, or each that it may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def of_errors() -> Iterator[str]:
    """Yield what the pages of errors say, which the application layer words."""
    yield from (title for _, title in refusals._STATUSES.values())
    yield from refusals._FIXED_DETAILS.values()
    yield from (*PHRASES.values(), "must not be empty", "is not JSON", *OF_STORES)
    yield from (refusals._OUR_FAULT, "Something went wrong", METHOD, "Method not allowed", "Forbidden", "Not found")


def of_events() -> Iterator[str]:
    """Yield what the events ask that every class has."""
    yield from filter(None, (event.options.confirm for event in events_of(Entity).values()))


def in_scripts() -> set[str]:
    """Return the phrases of our scripts."""
    return {phrase for path in SCRIPTS for phrase in re.findall(r'\bsay\(\s*"([^"]+)"', path.read_text())}
