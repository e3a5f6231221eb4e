"""How entities of one class are written as JSON, and read back: every value as it was."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from functools import cached_property
from typing import Any, Generic, TypeVar, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PydanticSchemaGenerationError,
    PydanticUserError,
    ValidationError,
    create_model,
)
from pydantic_core import PydanticSerializationError

from starmodel.core.annotations import marks_in
from starmodel.core.entity import Entity, fields_of
from starmodel.core.errors import DefinitionError, InvalidError, Problem
from starmodel.core.frozen import freeze
from starmodel.core.marks import Was
from starmodel.core.query import Stored
from starmodel.core.records import revived_by
from starmodel.core.secrecy import secret_fields

from .errors import UnreadableError
from .indexes import Index, indexes_of, sort_of

__all__ = ["Shape", "Shapes"]

E = TypeVar("E", bound=Entity)

_CONFIG = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", hide_input_in_errors=True)
_BEGIN, _SHAPE = b'{"_version":', b',"_shape":"'


class Shape(Generic[E]):
    """How one class is kept: a document holds its version, a digest of the names of its fields, and the fields."""

    def __init__(self, kind: type[E]) -> None:
        self.kind, self.name = kind, kind.__entity_name__
        self.infos = fields_of(kind)
        self.fields = kind.__entity_fields__
        self.secret = secret_fields(kind)
        self.digest = hashlib.blake2b(" ".join(self.fields).encode(), digest_size=4).hexdigest()
        self._keys = {name: f"p{number}" for number, name in enumerate(self.fields)}

    @property
    def ttl(self) -> int | None:
        """Milliseconds after a commit until an entity expires."""
        seconds = self.kind.__entity_config__.get("ttl")
        return None if seconds is None else max(1, round(seconds * 1000))

    @cached_property
    def indexes(self) -> tuple[Index, ...]:
        """The indexes that are kept for the class."""
        return indexes_of(self.kind)

    @cached_property
    def indexable(self) -> frozenset[str]:
        """The fields that an index can be kept of."""
        return frozenset(name for name, info in self.infos.items() if sort_of(info.annotation))

    @cached_property
    def _model(self) -> type[BaseModel]:
        """The fields as a model: numbered ones, so that a field may be called anything."""
        for info in self.infos.values():
            _resolve(info.annotation, set())
        fields: dict[str, Any] = {
            key: (self.infos[name].annotation, Field(alias=name, default=None)) for name, key in self._keys.items()
        }
        try:
            return create_model(f"{self.name} document", __config__=_CONFIG, **fields)
        except (PydanticSchemaGenerationError, PydanticUserError) as error:
            raise DefinitionError(f"pydantic cannot read the fields of {self.kind.__name__}: {error}") from error

    # -- writing ---------------------------------------------------------------------------------------------------

    def document(self, entity: Entity) -> bytes:
        """Return the fields of *entity* as a document, without what stands at its beginning; see :meth:`whole`."""
        return self.plain({name: getattr(entity, name) for name in self.fields})[1:]

    def plain(self, values: Mapping[str, Any]) -> bytes:
        """Return the values of some fields as JSON; InvalidError for what cannot be kept."""
        problems = [
            Problem((name,), why, "unstorable") for name, value in values.items() if (why := _misfit(value)) is not None
        ]
        if problems:
            raise InvalidError(problems)
        keys = self._keys
        model = self._model.model_construct(set(map(keys.__getitem__, values)))
        model.__dict__.update({keys[name]: value for name, value in values.items()})
        try:
            written: bytes = model.__pydantic_serializer__.to_json(
                model, by_alias=True, exclude_unset=True, warnings=False
            )
        except PydanticSerializationError:
            raise InvalidError([Problem((), _HALF, "unstorable")]) from None  # that one repeats the values
        return written

    def with_rest(self, document: bytes, there: bytes) -> tuple[bytes, bool]:
        """Return *document* with the fields of the one that is *there* which this version of the class does not know.

        Also whether there are any.
        """
        known = {"_version", "_shape", *self.fields, *self._renamed}
        rest = {name: value for name, value in json.loads(there).items() if name not in known}
        if not rest:
            return document, False
        return document[:-1] + b"," + _json(rest)[1:], True

    # -- reading ---------------------------------------------------------------------------------------------------

    def stored(self, document: bytes, id: str) -> Stored[E]:
        """Return the snapshot in *document*; UnreadableError when it holds none."""
        version, comma, _ = document.removeprefix(_BEGIN).partition(b",")
        if not document.startswith(_BEGIN) or not comma or not version.isdigit():
            raise UnreadableError(self.name, id)
        try:
            values = self._read(document)
        except (ValidationError, ValueError, KeyError):
            raise UnreadableError(self.name, id) from None  # that one may repeat the values
        return Stored(self.kind.__entity_restored__(values), int(version))

    def _read(self, document: bytes) -> dict[str, Any]:
        model = self._model.__pydantic_validator__.validate_json(document)
        found, there = model.__dict__, model.__pydantic_fields_set__
        if len(there) == len(self.fields):
            return {name: freeze(found[key]) for name, key in self._keys.items()}
        plain = json.loads(document)
        return {
            name: freeze(found[key]) if key in there else self._missing(name, plain) for name, key in self._keys.items()
        }

    def _missing(self, name: str, plain: Mapping[str, Any]) -> Any:
        """Return a field that an older version of the class did not write: by its old name, or its default."""
        for old, new in self._renamed.items():
            if new == name and old in plain:
                return self._revived_one(name, plain[old])
        default = self.infos[name].default
        if default is None:
            raise KeyError(name)
        return freeze(default())

    def revived(self, values: Mapping[str, Any], /) -> tuple[dict[str, Any], set[str]]:
        """Return the field values that :meth:`plain` made *values* of, and the names of those that fit no longer."""
        return revived_by(
            self._revived_one, values, fields=self.infos, secret=self.secret, present_name=self.present_name
        )

    def _revived_one(self, name: str, value: Any) -> Any:
        if value is None or (type(value) in (str, bool) and self.infos[name].annotation is type(value)):
            return value
        model = self._model.__pydantic_validator__.validate_json(_json({name: value}))
        return freeze(model.__dict__[self._keys[name]])

    def present_name(self, written: str) -> str:
        """Return what the field that was called *written* is called now; ``Was`` tells."""
        return written if written in self.infos else self._renamed.get(written, written)

    @cached_property
    def _renamed(self) -> dict[str, str]:
        return {
            mark.name: name
            for name, info in self.infos.items()
            for mark in marks_in(info.annotation)
            if isinstance(mark, Was)
        }


class Shapes:
    """The shapes of one store, by class and by name."""

    def __init__(self) -> None:
        self._by_kind: dict[type[Entity], Shape[Any]] = {}
        self._by_name: dict[str, Shape[Any]] = {}

    def of(self, kind: type[E]) -> Shape[E]:
        """Return the shape of *kind*, made when it is first asked for."""
        shape = self._by_kind.get(kind)
        if shape is None:
            shape = Shape(kind)
            _ = shape.indexes  # or a refusal, before anything is kept
            self._by_kind[kind] = shape
            self._by_name[shape.name] = shape
        return shape

    def named(self, name: str) -> Shape[Any] | None:
        """Return the shape of the class called *name*, if it is known."""
        return self._by_name.get(name)


_json_text = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_HALF = "holds half of a surrogate pair, which is no letter; remove it"


def _json(value: Any) -> bytes:
    return _json_text(value).encode()


def _misfit(value: Any) -> str | None:
    """Return why JSON cannot hold *value*, ``None`` when it can."""
    if isinstance(value, str):
        is_odd = not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value)
        return _HALF if is_odd else None
    if isinstance(value, float | Decimal):
        is_odd = not math.isfinite(value)
        return "is no finite number, which has no place in an order; use None for what is not known" if is_odd else None
    return next((why for part in _parts(value) if (why := _misfit(part)) is not None), None)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return [*value, *value.values()]
    return value if isinstance(value, list | tuple | AbstractSet) else ()


def _resolve(annotation: Any, seen: set[type[Entity]]) -> None:
    """Resolve the annotations of every entity in *annotation*; pydantic would wait for a name that is missing."""
    for part in get_args(annotation):
        _resolve(part, seen)
    if isinstance(annotation, type) and issubclass(annotation, Entity) and annotation not in seen:
        seen.add(annotation)
        for info in fields_of(annotation).values():
            _resolve(info.annotation, seen)
