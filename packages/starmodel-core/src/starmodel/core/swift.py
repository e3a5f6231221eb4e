"""Frozen dataclasses that are made as fast as plain ones: every command makes a dozen of them."""

from __future__ import annotations

from dataclasses import MISSING, fields
from functools import wraps
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["swift"]

T = TypeVar("T")

_FREE = {"__slots__": (), "__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
_MADE = """\
def made({declared}):
    if type(self) is not _kind_:
        return _plain_({passed})
    _become_(self, _twin_)
    {assigned}
    self.__class__ = _kind_
"""


def swift(kind: type[T]) -> type[T]:
    """Let a frozen dataclass with slots fill itself in by assignments; its own way is a call of a function each.

    Meanwhile it is of a twin class that is not frozen, and nobody sees it before it is of *kind* again.  Subclasses are
    made in the usual way.  TypeError for a class without slots, or with a ``__post_init__``.
    """
    if "__slots__" not in kind.__dict__ or hasattr(kind, "__post_init__"):
        raise TypeError(f"{kind.__name__} must be a dataclass with slots and without __post_init__")
    plain: Any = kind.__init__
    parameters = signature(plain).parameters
    factories = {
        one.name: one.default_factory
        for one in fields(kind)  # type: ignore[arg-type]  # it is a dataclass
        if one.default_factory is not MISSING
    }
    names: dict[str, Any] = {"_kind_": kind, "_plain_": plain, "_become_": object.__dict__["__class__"].__set__}
    names["_twin_"] = type(kind.__name__, (kind,), dict(_FREE))
    names |= {f"_no_{name}": parameters[name].default for name in factories}
    names |= {f"_new_{name}": factory for name, factory in factories.items()}
    exec(_source(parameters, factories), names)  # noqa: S102  (names of fields alone, as dataclasses do it)
    made = names["made"]
    made.__defaults__, made.__kwdefaults__ = plain.__defaults__, plain.__kwdefaults__
    kind.__init__ = wraps(plain)(made)  # type: ignore[method-assign]  # as dataclasses do
    return kind


def _source(parameters: Mapping[str, Parameter], factories: Iterable[str]) -> str:
    """Return the code of an ``__init__`` that takes *parameters*, the first of which is ``self``."""
    placed = [name for name, one in parameters.items() if one.kind is not Parameter.KEYWORD_ONLY]
    named = [name for name in parameters if name not in placed]
    values = {name: name for name in list(parameters)[1:]}
    values |= {name: f"_new_{name}() if {name} is _no_{name} else {name}" for name in factories}
    return _MADE.format(
        declared=", ".join([*placed, *(["*"] if named else []), *named]),
        passed=", ".join([*placed, *(f"{name}={name}" for name in named)]),
        assigned="\n    ".join(f"self.{name} = {value}" for name, value in values.items()),
    )
