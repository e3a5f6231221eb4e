"""A stored file as the value of a field: what is known of it, what a field accepts, and how one is called.

::

    class Person(Entity):
        name: str
        photo: Annotated[File | None, Accept("image/*", max_bytes=5_000_000)] = None
"""

from __future__ import annotations

import dataclasses
import mimetypes
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, get_args

from .annotations import field_hints, members_of
from .entity import Entity, fields_of
from .errors import DefinitionError

__all__ = [
    "RASTER_IMAGES",
    "Accept",
    "File",
    "accept_of",
    "clean_name",
    "file_fields",
    "size_text",
    "with_addresses",
    "with_file_schemas",
]

RASTER_IMAGES = frozenset({"image/avif", "image/bmp", "image/gif", "image/jpeg", "image/png", "image/webp"})
"""The types that a browser shows by itself and that can hold no script; no SVG, which can."""

_LONGEST_NAME = 200
_USUAL_MOST = 10 * 1024 * 1024
_PARTS = 1000
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


@dataclass(frozen=True, slots=True)
class File:
    """A file that a :class:`~starmodel.core.file_store.FileStore` keeps under *key*.

    *name* is what its sender called it, cleaned; *size* is in bytes; *type* is its media type.
    """

    key: str = field(repr=False)  # errors and logs are no place for it
    name: str
    size: int
    type: str

    @property
    def told(self) -> dict[str, Any]:
        """What anybody who may see the file is told of it: all but its key."""
        return {"name": self.name, "size": self.size, "type": self.type}

    @property
    def is_image(self) -> bool:
        """True for what a page may show as a picture."""
        return self.type in RASTER_IMAGES


@dataclass(frozen=True, slots=True)
class Accept:
    """Which files a field takes: *types* as in HTML's ``accept`` (``"image/*,.pdf"``), and at most *max_bytes*."""

    types: str = "*/*"
    max_bytes: int = field(default=_USUAL_MOST, kw_only=True)

    def __post_init__(self) -> None:
        if not self._wanted or any("/" not in one and not one.startswith(".") for one in self._wanted):
            raise DefinitionError(f'Accept({self.types!r}) must name types ("image/*", "application/pdf") or ".pdf"')
        if self.max_bytes < 1:
            raise DefinitionError(f"Accept(max_bytes={self.max_bytes!r}) must be a number of bytes")

    @property
    def _wanted(self) -> list[str]:
        return [part.strip().lower() for part in self.types.split(",") if part.strip()]

    def takes(self, name: str, media: str) -> bool:
        """Tell whether a file called *name* and of this *media* type is one that is taken."""
        return any(_fits(wanted, name.lower(), media.lower()) for wanted in self._wanted)

    def problem_with(self, file: File) -> str:
        """Return what is wrong with *file* in this place, ``""`` for nothing."""
        if file.size > self.max_bytes:
            return self.too_large
        return "" if self.takes(file.name, file.type) else self.refused(file.type)

    @property
    def too_large(self) -> str:
        """What is said about a file that is too large."""
        return f"is larger than {size_text(self.max_bytes)}, the most that is taken here; choose a smaller one"

    def refused(self, media: str) -> str:
        """Return what is said about a file of another *media* type."""
        return f"is of the type {media}, and only {', '.join(self._wanted)} is taken here; choose another one"


def _fits(wanted: str, name: str, media: str) -> bool:
    if wanted.startswith("."):
        return name.endswith(wanted)
    return wanted in ("*/*", media) or (wanted.endswith("/*") and media.startswith(wanted[:-1]))


# -- which fields hold files -------------------------------------------------------------------------------------------

_KNOWN: dict[type[Entity], Mapping[str, Accept]] = {}


def file_fields(kind: type[Entity]) -> Mapping[str, Accept]:
    """Return what each field of *kind* that holds a file accepts; DefinitionError for a file where none can be."""
    known = _KNOWN.get(kind)
    if known is None:
        found = {name: accept_of(info.annotation, f"{kind.__name__}.{name}") for name, info in fields_of(kind).items()}
        known = _KNOWN[kind] = {name: accept for name, accept in found.items() if accept is not None}
    return known


def accept_of(annotation: Any, where: str = "a field") -> Accept | None:
    """Return what a value of this *annotation* accepts, ``None`` when it is no file.

    DefinitionError for files in lists and in other values: *where* says which place that is.
    """
    kinds = [kind for kind in members_of(annotation) if kind is not NoneType]
    if kinds == [File]:
        return next((mark for mark in _marks(annotation) if isinstance(mark, Accept)), Accept())
    if any(_holds_file(kind, set()) for kind in kinds):
        raise DefinitionError(
            f"{where} holds a File inside of something else, and a file is a field of its own: "
            "write File or File | None; for several files make an entity that has one, and refer to what it belongs to"
        )
    return None


def _marks(annotation: Any) -> Iterator[Any]:
    yield from reversed(getattr(annotation, "__metadata__", ()))
    for part in get_args(annotation):
        yield from _marks(part)


def _holds_file(annotation: Any, seen: set[Any]) -> bool:
    if annotation is File:
        return True
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation) and len(seen) < _PARTS:
        if annotation in seen or issubclass(annotation, Entity):  # an entity is looked at by itself
            return False
        seen.add(annotation)
        names = [one.name for one in dataclasses.fields(annotation)]
        return any(_holds_file(hint, seen) for hint in field_hints(annotation, names).values())
    return any(_holds_file(part, seen) for part in get_args(annotation))


def with_addresses(kind: type[Entity], id: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return the public *data* of an entity with the address of each file in place of its key."""
    for name in file_fields(kind):
        file = data.get(name)
        if file is not None:
            told = {part: value for part, value in file.items() if part != "key"}
            data[name] = {**told, "url": f"/{kind.__entity_name__.lower()}/{id}/files/{name}"}
    return data


_SHOWN: Mapping[str, Any] = {
    "title": "File",
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "size": {"type": "integer", "description": "Bytes."},
        "type": {"type": "string", "description": "The media type."},
        "url": {"type": "string", "format": "uri-reference", "description": "Where it is."},
    },
    "required": ["name", "size", "type", "url"],
    "additionalProperties": False,
}
_SENT: Mapping[str, Any] = {
    "type": "string",
    "format": "file-reference",
    "description": "The reference that the address for its upload answers.",
}


def with_file_schemas(properties: dict[str, Any], annotations: Mapping[str, Any], *, sent: bool) -> dict[str, Any]:
    """Return the properties of a JSON Schema with files as they are shown, or as they are *sent*: by references."""
    for name in properties.keys() & annotations.keys():
        accept = accept_of(annotations[name], name)
        if accept is not None:
            one = dict(_SENT if sent else _SHOWN)
            if sent:
                one["description"] += f" It takes {accept.types}, up to {size_text(accept.max_bytes)}."
            may_be_none = NoneType in members_of(annotations[name])
            properties[name] = {"anyOf": [one, {"type": "null"}]} if may_be_none else one
    return properties


# -- words -------------------------------------------------------------------------------------------------------------


def size_text(size: int) -> str:
    """Return a number of bytes as people write it: ``5 MB``, ``1.4 kB``, ``1 MiB`` for what is one exactly."""
    for unit, many in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if size >= many and size % many == 0:
            return f"{size // many} {unit}"
    for unit, many in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= many:
            return f"{size / many:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} bytes"


def clean_name(name: str, media: str = "") -> str:
    """Return the last part of a path without what is not to be seen: no control character, nothing that turns text.

    At most 200 bytes of UTF-8, its ending kept; ``file`` with the ending of its *media* type for one that has none.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    seen = "".join(char for char in last if unicodedata.category(char) not in _UNSEEN)
    stem, dot, ending = " ".join(seen.split()).strip(". ").rpartition(".")
    if not stem:
        stem, dot, ending = ending, "", ""
    if len(ending.encode()) > 20:
        stem, dot, ending = f"{stem}.{ending}", "", ""
    stem = stem.encode()[: _LONGEST_NAME - len((dot + ending).encode())].decode(errors="ignore").strip(". ")
    return stem + dot + ending if stem else "file" + (mimetypes.guess_extension(media) or "")
