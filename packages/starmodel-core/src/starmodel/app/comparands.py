"""Values that fields are tested against, read by the codec: each becomes what its field holds, or is refused."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from types import NoneType
from typing import TYPE_CHECKING, Any, NamedTuple, Union, get_args, get_origin

from starmodel.core.annotations import may_hold_several, members_of
from starmodel.core.entity import Entity, fields_of
from starmodel.core.errors import DefinitionError, InvalidError, QueryError
from starmodel.core.parameters import Parameter

if TYPE_CHECKING:
    from starmodel.core.ports import Binder, Codec

__all__ = ["NOT_GIVEN", "Tested", "as_written", "from_json", "from_text"]

NOT_GIVEN = object()
"""What a blank text stands for wherever text does not fit: no test at all, as in a form that was not filled in."""


class Tested(NamedTuple):
    """A test as it was asked for: *name* is how it was called, *path* leads to the *field* of *kind*."""

    name: str
    path: str
    kind: type[Entity]
    field: str
    operator: str


def from_text(test: Tested, text: str, codec: Codec) -> Any:
    """Return what *text* stands for in *test*, one choice for ``in``; :data:`NOT_GIVEN` for a blank.

    InvalidError or QueryError names the test when it is none of the field's values.
    """
    several = may_hold_several(fields_of(test.kind)[test.field].annotation)
    if several and test.operator not in ("contains", "isnull"):
        raise QueryError(f"{test.name!r} cannot be asked for: it holds several values; test {test.path}.contains")
    return _read(test, text, codec, is_text=True)


def from_json(test: Tested, value: Any, codec: Codec) -> Any:
    """Return what a *value* out of JSON stands for in *test*; raises as :func:`from_text` does."""
    if test.operator != "in":
        return _read(test, value, codec, is_text=False)
    if not isinstance(value, list | tuple | set | frozenset):
        raise QueryError(f"'in' takes a list of values for {test.name!r}, not {value!r}")
    return [_read(test, choice, codec, is_text=False) for choice in value]


def as_written(value: Any, codec: Codec) -> str | None:
    """Return a value as the text of an address; ``None`` for one that has no short text."""
    plain = codec.plain(value)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if plain is None:
        return ""
    return str(plain) if isinstance(plain, str | int | float) else None


def _read(test: Tested, value: Any, codec: Codec, *, is_text: bool) -> Any:
    if value is None and test.operator != "isnull":
        return None
    bind = _binder(codec, test.kind, test.field, _SORTS.get(test.operator, "value"))  # type: ignore[arg-type]  # both hash by what they are
    if bind is None:
        raise QueryError(f"{test.name!r} cannot be asked for: {_WHY.get(test.operator, _WHY_NOT_COMPARED)}")
    try:
        bound = bind({"value": value}, text=is_text)
    except InvalidError as error:
        problems = [replace(problem, loc=(test.name, *problem.loc[1:])) for problem in error.problems]
        raise InvalidError(problems) from None
    return bound.get("value", NOT_GIVEN)


_SORTS = {"isnull": "truth", "startswith": "text", "contains": "part"}
"""What a value is read as, where that is not what the field holds."""

_WHY = {
    "startswith": "only text starts with something",
    "contains": "only text and lists of plain values contain something",
}
_WHY_NOT_COMPARED = "it holds whole entities, of which only isnull can be tested"


@lru_cache(maxsize=1024)
def _binder(codec: Codec, kind: type[Entity], field: str, sort: str) -> Binder | None:
    """Return what reads a value that the field is tested against; ``None`` where it cannot be tested so.

    A constraint of the field is left out: whoever asks for prices above -1 is right, also where none is below 0.
    """
    whole = fields_of(kind)[field].annotation
    if sort == "truth":
        bare: Any = bool
    elif _holds_entities(whole):  # of which somebody could find out more than is shown
        return None
    else:
        bare = _part(whole) if sort == "part" else _union(members_of(whole))
    if sort == "text":
        bare = str if str in members_of(whole) or bare is Any else None
    if bare is None:
        return None
    try:
        return codec.binder(field, [Parameter("value", bare, optional=True)])
    except DefinitionError:  # a type that only its marks teach the codec to read
        return codec.binder(field, [Parameter("value", whole, optional=True)])


def _part(annotation: Any) -> Any:
    """Return the type of what the field can contain: text, or a part of its list, set, tuple or dict, else ``None``."""
    wholes = [member for member in members_of(annotation) if member is not NoneType]
    if Any in wholes:
        return Any
    parts = [str if whole is str else _parts_of(whole) for whole in wholes if whole is str or may_hold_several(whole)]
    return _union(members_of(_union(parts))) if parts else None


def _parts_of(container: Any) -> Any:
    kinds = [kind for kind in get_args(container) if kind is not Ellipsis] or [Any]
    return _union(kinds) if get_origin(container) is tuple else kinds[0]


def _union(members: Any) -> Any:
    union: Any = Union
    return Any if Any in members else union[tuple(members)]


def _holds_entities(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Entity):
        return True
    return any(_holds_entities(part) for part in get_args(annotation))
