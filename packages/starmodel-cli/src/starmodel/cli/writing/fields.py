"""``title:str`` on the command line, as a field of a class or an argument of an event."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from starmodel.core.errors import hint

from .defaults import default_source
from .errors import NewCodeError

__all__ = ["SCALARS", "NewField", "field_of"]

SCALARS: Mapping[str, tuple[str, str]] = {
    "bool": ("bool", ""),
    "date": ("date", "datetime"),
    "datetime": ("datetime", "datetime"),
    "decimal": ("Decimal", "decimal"),
    "Decimal": ("Decimal", "decimal"),
    "float": ("float", ""),
    "int": ("int", ""),
    "str": ("str", ""),
    "text": ("str", ""),
    "time": ("time", "datetime"),
    "timedelta": ("timedelta", "datetime"),
    "uuid": ("UUID", "uuid"),
    "UUID": ("UUID", "uuid"),
}
"""What may be written for a type: how it is spelt in the source, and the module it comes from."""

HOLDERS = ("dict", "list", "set", "tuple")


@dataclass(frozen=True, slots=True)
class NewField:
    """One field: its annotation and default as source, and what they need imported, as (module, name).

    *target* is the entity that it names, ``""`` when it holds a value of its own; *optional* says that it may be
    ``None``.
    """

    name: str
    annotation: str
    default: str | None = None
    imports: frozenset[tuple[str, str]] = frozenset()
    target: str = ""
    optional: bool = False

    @property
    def stored_name(self) -> str:
        """What it is called in a class: one that refers to an entity holds its id, and says so."""
        return self.name if not self.target or self.name.endswith("_id") else f"{self.name}_id"


def field_of(text: str, *, entities: Collection[str] = (), classes: Collection[str] = ()) -> NewField:
    """Read *text*; NewCodeError says what is wrong with it.

    *entities* are the classes that a field may refer to, *classes* the others of the same file, such as enums.
    """
    name, colon, rest = text.partition(":")
    name = name.strip()
    if not colon or not rest.strip():
        raise NewCodeError(f"{text!r} is no field; write name:type, for example title:str")
    _refuse_name(name)
    annotation, equals, default = rest.partition("=")
    reading = _Reading(text, frozenset(entities), frozenset(classes))
    source = reading.annotation(annotation.strip())
    given = default_source(text, default, source, reading.enums) if equals else None
    if reading.optional and given is None:
        given = "None"
    return NewField(name, source, given, frozenset(reading.imports), reading.target, reading.optional)


def _refuse_name(name: str) -> None:
    if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
        raise NewCodeError(f"{name!r} cannot be the name of a field; use letters, digits and _")
    if name.startswith("_"):
        raise NewCodeError(f"{name!r} would be working state, which is never stored; leave out the _")


class _Reading:
    """Goes through one annotation, and gathers what it needs."""

    def __init__(self, text: str, entities: frozenset[str], classes: frozenset[str]) -> None:
        self._text, self._entities, self._classes = text, entities, classes
        self.imports: set[tuple[str, str]] = set()
        self.enums: set[str] = set()
        self.target = ""
        self.optional = False

    def annotation(self, text: str) -> str:
        """Return the annotation as source."""
        if text.endswith("?"):
            text = f"{text[:-1]}|None"
        try:
            tree = ast.parse(text, mode="eval").body
        except SyntaxError:
            raise NewCodeError(f"{self._text!r}: {text!r} is no type; {self._known(text)}") from None
        parts = list(_members(tree))
        self.optional = any(_is_none(part) for part in parts)
        return " | ".join(self._one(part, is_alone=True) for part in parts)

    def _one(self, node: ast.expr, *, is_alone: bool = False) -> str:
        if _is_none(node):
            return "None"
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in HOLDERS:
            inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            return f"{node.value.id}[{', '.join(self._one(part) for part in inner)}]"
        if isinstance(node, ast.Constant) and node.value is Ellipsis:
            return "..."
        if isinstance(node, ast.BinOp):
            return " | ".join(self._one(part) for part in _members(node))
        if isinstance(node, ast.Name):
            return self._named(node.id, is_alone=is_alone)
        raise NewCodeError(f"{self._text!r}: {ast.unparse(node)!r} is no type here; {self._known('')}")

    def _named(self, name: str, *, is_alone: bool) -> str:
        if name in self._entities:
            if not is_alone or self.target:
                raise NewCodeError(f"{self._text!r}: a field refers to one {name}, not to several")
            self.target = name
        elif name in self._classes:
            self.enums.add(name)
        elif name in SCALARS:
            name, module = SCALARS[name]
            if module:
                self.imports.add((module, name))
        elif name in HOLDERS:
            raise NewCodeError(f"{self._text!r}: say what is in the {name}, for example {name}[str]")
        else:
            raise NewCodeError(f"{self._text!r}: there is no type {name!r}; {self._known(name)}")
        return name

    def _known(self, wrong: str) -> str:
        return hint(wrong, {*SCALARS, *HOLDERS, *self._entities, *self._classes})


def _members(node: ast.expr) -> list[ast.expr]:
    """Return the members of ``A | B``, or the one type there is."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_members(node.left), *_members(node.right)]
    return [node]


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
