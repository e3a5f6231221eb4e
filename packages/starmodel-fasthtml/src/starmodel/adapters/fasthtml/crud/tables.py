"""CSV as people have it: in whatever encoding and with whatever between its cells, read a line at a time."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO

from .words import later

__all__ = ["DELIMITERS", "ENCODINGS", "Dialect", "Line", "dialect_of", "lines_of"]

ENCODINGS = {"utf-8": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252"}
"""What people call each encoding."""
DELIMITERS = {",": later("Comma"), ";": later("Semicolon"), "\t": later("Tab"), "|": later("Bar")}
_HEAD = 64 * 1024
_LONGEST_LINE = 1024 * 1024
_MOST_CELLS = 500
_COMPARED = 20


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written; *assumed* says that its bytes are no UTF-8, so that its encoding is only likely."""

    encoding: str
    delimiter: str
    assumed: bool = False


class Line(NamedTuple):
    """One record: the number of the line that it begins in, and its cells; a *problem* where it could not be read."""

    number: int
    cells: list[str]
    problem: str = ""


def dialect_of(path: Path, encoding: str = "", delimiter: str = "") -> Dialect:
    """Return how a file is written, as far as its bytes tell; what is given is believed."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    likely = _encoding(path, head)
    chosen = encoding if encoding in ENCODINGS else likely
    text = head.decode("utf-8-sig" if chosen == "utf-8" else chosen, "replace")
    chosen_delimiter = delimiter if delimiter in DELIMITERS else _delimiter(text, whole=len(head) < _HEAD)
    return Dialect(chosen, chosen_delimiter, assumed=not encoding and likely == "cp1252")


def _encoding(path: Path, head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8" if _is_utf8(path) else "cp1252"


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_LONGEST_LINE):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(text: str, *, whole: bool) -> str:
    """Return what divides most of the first records into as many cells as the very first one has."""

    def fit(delimiter: str) -> tuple[float, int]:
        rows = list(itertools.islice(_rows(text, delimiter), _COMPARED))
        if not whole and 1 < len(rows) < _COMPARED:
            rows.pop()  # it may be cut off
        width = len(rows[0]) if rows else 0
        return (sum(len(row) == width for row in rows) / len(rows), width) if width > 1 else (0, 0)

    best = max(DELIMITERS, key=fit)
    return best if fit(best) != (0, 0) else ","


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the records of a text that are not blank, as far as they can be read."""
    with contextlib.suppress(csv.Error):
        yield from (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row)


def lines_of(path: Path, dialect: Dialect) -> Iterator[Line]:
    """Yield the records of a file, blank lines left out; a line that cannot be read has its problem, others follow."""
    encoding = "utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        source = _Lines(file)
        reader = csv.reader(source, delimiter=dialect.delimiter)
        while True:
            number = source.begin()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                source.read_again()
                yield Line(number, [], f"cannot be read: {error}; is a quotation mark missing?")
                continue
            if source.ended_inside:
                source.read_again()
                yield Line(number, [], "cannot be read: a quotation mark in it is never closed")
            elif len(cells) > _MOST_CELLS:
                yield Line(number, [], f"has {len(cells)} cells; {_MOST_CELLS} is the most")
            elif any(cells):
                yield Line(number, cells)


class _Lines:
    """The lines of a file for a reader of records, which may be given those once more that a bad one has swallowed."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._number = file, 0
        self._read: list[str] = []
        self._again: deque[str] = deque()
        self.ended_inside = False
        """Whether the file has ended within the record that was begun last."""

    def begin(self) -> int:
        """Begin a record, and return the number of its line."""
        self._read.clear()
        self.ended_inside = False
        return self._number + 1

    def read_again(self) -> None:
        """Read all lines of the record once more, but its first."""
        self._again.extendleft(reversed(self._read[1:]))
        self._number -= len(self._read) - 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._file.readline(_LONGEST_LINE)
        if not line:
            self.ended_inside = bool(self._read)
            raise StopIteration
        self._read.append(line)
        self._number += 1
        return line
