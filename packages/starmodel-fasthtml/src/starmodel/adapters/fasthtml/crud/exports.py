"""What a list asks for as a file: CSV, JSON or a spreadsheet, read and sent a stretch at a time."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from starmodel.adapters.fasthtml.replies import NO_STORE
from starmodel.app import walk
from starmodel.core.ui import Link

from .asking import ListCall
from .cells import cell_text, exact_number
from .panels import with_pairs

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from starmodel.core.entity import Entity

    from .call import PageCall
    from .shape import Shape

__all__ = ["EXPORTS", "Export", "export_csv", "export_json", "export_links", "export_xlsx"]

EXPORTS = ("csv", "xlsx", "json")
_CHUNK = 64 * 1024
_SHEET_ROWS = 1_048_576
_CELL = 32_767
_TURN = 200
"""So many rows are written before others get their turn."""

Row = Mapping[str, Any]


class Export(NamedTuple):
    """What is to be written: the columns, and the rows in stretches, as a codec writes them for JSON."""

    columns: Sequence[str]
    numeric: frozenset[str]
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
    return _sent(call, shape, "xlsx", media, _xlsx)


def _sent(
    call: PageCall, shape: Shape, ending: str, media: str, write: Callable[[Export], AsyncIterator[bytes]]
) -> ASGIApp:
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
    numeric = frozenset(name for name in columns if name in shape.fields and shape.fields[name].numeric)
    return StreamingResponse(write(Export(columns, numeric, _rows(call, shape, asked))), 200, headers)


async def _rows(call: PageCall, shape: Shape, asked: ListCall) -> AsyncIterator[list[Row]]:
    application = call.runtime.app
    async for stretch in walk(application, shape.kind, asked.query, actor=call.read.actor):
        entities = [stored.entity for stored in stretch]
        for start in range(0, len(entities), _TURN):
            yield [_shown(call, one) for one in entities[start : start + _TURN]]
            await asyncio.sleep(0)


def _shown(call: PageCall, entity: Entity) -> Row:
    shown: Row = call.runtime.app.codec.dump(entity, public=True)
    return shown


async def _csv(export: Export) -> AsyncIterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text)
    text.write("\ufeff")
    writer.writerow(export.columns)
    yield _taken(text)
    async for rows in export.rows:
        writer.writerows(
            [[cell_text(row.get(name), numeric=name in export.numeric) for name in export.columns] for row in rows]
        )
        yield _taken(text)


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
        book = _Workbook(file, folder, export)
        async for rows in export.rows:
            await asyncio.to_thread(book.add, rows)
        await asyncio.to_thread(book.close)
        for chunk in _chunks(file):
            yield chunk


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk


class _Workbook:
    """A spreadsheet that is written a row at a time; what does not fit on one sheet goes on on the next."""

    def __init__(self, file: IO[bytes], folder: str, export: Export) -> None:
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415  (untyped; slow to import, seldom asked for)

        self._book = xlsxwriter.Workbook(file, options)
        self._bold = self._book.add_format({"bold": True})
        self._columns, self._numeric, self._row = export.columns, export.numeric, 0
        self._begin()

    def _begin(self) -> None:
        self._sheet, self._row = self._book.add_worksheet(), 1
        self._sheet.freeze_panes(1, 0)
        for number, name in enumerate(self._columns):
            self._sheet.write_string(0, number, name, self._bold)

    def add(self, rows: Sequence[Row]) -> None:
        """Write *rows* below what is there."""
        for row in rows:
            if self._row >= _SHEET_ROWS:
                self._begin()
            for number, name in enumerate(self._columns):
                self._write(number, row.get(name), numeric=name in self._numeric)
            self._row += 1

    def _write(self, number: int, plain: Any, *, numeric: bool) -> None:
        if plain is None or plain == "":
            return
        exact = exact_number(plain) if numeric or not isinstance(plain, str) else None
        if isinstance(plain, bool):
            self._sheet.write_boolean(self._row, number, plain)
        elif exact is not None:
            self._sheet.write_number(self._row, number, exact)
        else:
            self._sheet.write_string(self._row, number, _fitting(plain))

    def close(self) -> None:
        """Write what holds the sheets together."""
        self._book.close()


def _fitting(plain: Any) -> str:
    """Return the text of a cell, which holds so much and no more; nothing is run there, so nothing is guarded."""
    text = plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    text = text.encode("utf-8", "backslashreplace").decode()
    if len(text) <= _CELL:
        return text
    note = f" […{len(text)} characters in all; the CSV has them]"
    return text[: _CELL - len(note)] + note
