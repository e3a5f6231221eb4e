"""What a list asks for as a file: CSV, JSON or a spreadsheet, read and sent a stretch at a time."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import IO, TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from starmodel.adapters.fasthtml.replies import NO_STORE
from starmodel.app import walk
from starmodel.core.ui import Link

from .asking import ListCall
from .cells import cell_text
from .panels import with_pairs
from .workbook import Workbook

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from starmodel.core.entity import Entity

    from .call import PageCall
    from .fields import FieldShape
    from .shape import Shape

__all__ = ["EXPORTS", "Export", "export_csv", "export_json", "export_links", "export_xlsx"]

EXPORTS = ("csv", "xlsx", "json")
_CHUNK = 64 * 1024
_TEMPORAL = (date, time, timedelta)
_TURN = 200
"""So many rows are written before others get their turn."""

Row = Mapping[str, Any]


class Export(NamedTuple):
    """What is to be written: the columns, and the rows in stretches, as a codec writes them for JSON.

    *labels* are what people call the columns; *numeric* ones hold numbers, those with *none* texts or nothing.
    """

    columns: Sequence[str]
    labels: Sequence[str]
    numeric: frozenset[str]
    none: frozenset[str]
    rows: AsyncIterator[Sequence[Row]]


def export_links(call: PageCall) -> list[Any]:
    """Return the ways to the files of what a list shows now."""
    names = {"csv": "CSV", "xlsx": "Excel", "json": "JSON"}
    pairs = [pair for pair in call.pairs if pair[0] not in ("after", "before", "limit")]
    return [
        call.kit.link(Link(label=names[kind], href=with_pairs(f"{call.path}/export.{kind}", pairs)), tone="quiet")
        for kind in EXPORTS
    ]


async def export_csv(call: PageCall, shape: Shape) -> ASGIApp:
    """Return the rows as CSV (RFC 4180), in UTF-8 with the mark by which Excel knows it: without, it reads Latin-1."""
    return _sent(call, shape, "csv", "text/csv; charset=utf-8", _csv)


async def export_json(call: PageCall, shape: Shape) -> ASGIApp:
    """Return the rows as one JSON list of objects."""
    return _sent(call, shape, "json", "application/json", _json)


async def export_xlsx(call: PageCall, shape: Shape) -> ASGIApp:
    """Return the rows as a spreadsheet: it is made in a temporary file, a row at a time, and sent when it is whole."""
    media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _sent(call, shape, "xlsx", media, _xlsx, timed=True)


def _sent(
    call: PageCall,
    shape: Shape,
    ending: str,
    media: str,
    write: Callable[[Export], AsyncIterator[bytes]],
    *,
    timed: bool = False,
) -> ASGIApp:
    """Return what sends a file; in one that is *timed*, dates, times and spans are as a clock in the reader's zone."""
    asked = ListCall.of(call, shape)
    columns = ["id", *(asked.columns if call.first("columns") else shape.fields)]
    name = f"{call.words.label(shape.plural)} {datetime.now(UTC):%Y-%m-%d}.{ending}"
    ascii_name = shape.name.lower().encode("ascii", "ignore").decode() or "list"  # the header holds no other letters
    plain = f"{ascii_name}-{datetime.now(UTC):%Y-%m-%d}.{ending}"
    headers = {
        "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        NO_STORE[0].decode(): NO_STORE[1].decode(),
        "content-type": media,
    }
    if call.scope["method"] == "HEAD":
        return Response(headers=headers)
    known = {name: shape.fields[name] for name in columns if name in shape.fields}
    labels = [call.words.label(known[name].label) if name in known else call.words("Id") for name in columns]
    numeric = frozenset(name for name, one in known.items() if one.numeric)
    none = frozenset(name for name, one in known.items() if one.has_none)
    rows = _rows(call, shape, asked, [name for name, one in known.items() if timed and _is_temporal(one)])
    return StreamingResponse(write(Export(columns, labels, numeric, none, rows)), 200, headers)


def _is_temporal(field: FieldShape) -> bool:
    return isinstance(field.kind, type) and issubclass(field.kind, _TEMPORAL)


async def _rows(call: PageCall, shape: Shape, asked: ListCall, timed: Sequence[str]) -> AsyncIterator[list[Row]]:
    application = call.runtime.app
    async for stretch in walk(application, shape.kind, asked.query, actor=call.read.actor):
        entities = [stored.entity for stored in stretch]
        for start in range(0, len(entities), _TURN):
            yield [_shown(call, one, timed) for one in entities[start : start + _TURN]]
            await asyncio.sleep(0)


def _shown(call: PageCall, entity: Entity, timed: Sequence[str]) -> Row:
    """Return the public fields as JSON holds them; *timed* ones as what they are, moments as the reader's clock."""
    shown = call.runtime.app.codec.dump(entity, public=True)
    for name in timed:
        value = getattr(entity, name)
        shown[name] = call.words.local(value).replace(tzinfo=None) if isinstance(value, datetime) else value
    return shown


async def _csv(export: Export) -> AsyncIterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text)
    text.write("\ufeff")
    writer.writerow(export.columns)
    yield _taken(text)
    async for rows in export.rows:
        writer.writerows([_cells(export, row) for row in rows])
        yield _taken(text)


def _cells(export: Export, row: Row) -> list[str]:
    numeric, none = export.numeric, export.none
    return [cell_text(row.get(name), numeric=name in numeric, has_none=name in none) for name in export.columns]


def _taken(text: io.StringIO) -> bytes:
    data = text.getvalue().encode("utf-8", "backslashreplace")
    text.seek(0)
    text.truncate()
    return data


async def _json(export: Export) -> AsyncIterator[bytes]:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
    opening = "["
    async for rows in export.rows:
        lines = [encode({name: row.get(name) for name in export.columns}) for row in rows]
        if lines:
            yield (opening + "\n" + ",\n".join(lines)).encode("utf-8", "backslashreplace")
            opening = ","
    yield b"[]\n" if opening == "[" else b"\n]\n"


async def _xlsx(export: Export) -> AsyncIterator[bytes]:
    with tempfile.TemporaryDirectory(prefix="starmodel-export-") as folder, tempfile.TemporaryFile() as file:
        book = Workbook(file, folder, export.columns, export.labels, export.numeric)
        async for rows in export.rows:
            await asyncio.to_thread(book.add, rows)
        await asyncio.to_thread(book.close)
        for chunk in _chunks(file):
            yield chunk


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk
