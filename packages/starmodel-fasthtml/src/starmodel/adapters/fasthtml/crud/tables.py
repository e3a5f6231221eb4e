"""CSV as people have it: in whatever encoding and with whatever between its cells, read a line at a time."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .words import later

__all__ = ["DELIMITERS", "ENCODINGS", "Dialect", "Line", "dialect_of", "lines_of"]

ENCODINGS = ("utf-8", "utf-16", "cp1252")
DELIMITERS = {",": later("Comma"), ";": later("Semicolon"), "\t": later("Tab"), "|": later("Bar")}
_HEAD = 64 * 1024
_LONGEST_LINE = 1024 * 1024
_MOST_CELLS = 500


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
    """Return what divides the first lines into the same number of cells most often."""
    lines = text.splitlines()[: 20 if whole else -1][:20]

    def fit(delimiter: str) -> tuple[int, int]:
        try:
            rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            return 0, 0
        width = len(rows[0]) if rows else 0
        return (sum(len(row) == width for row in rows), width) if width > 1 else (0, 0)

    best = max(DELIMITERS, key=fit)
    return best if fit(best) != (0, 0) else ","


def lines_of(path: Path, dialect: Dialect) -> Iterator[Line]:
    """Yield the records of a file, blank lines left out; one that cannot be read has its problem, and others follow."""
    encoding = "utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        reader = csv.reader(iter(lambda: file.readline(_LONGEST_LINE), ""), delimiter=dialect.delimiter)
        while True:
            number = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Line(number, [], f"cannot be read: {error}; is a quotation mark missing?")
                continue
            if len(cells) > _MOST_CELLS:
                yield Line(number, [], f"has {len(cells)} cells; {_MOST_CELLS} is the most")
            elif any(cells):
                yield Line(number, cells)
