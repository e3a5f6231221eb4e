"""A spreadsheet that is written a row at a time: numbers, dates and times in it can be reckoned with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import IO, Any

from .cells import exact_number

__all__ = ["Workbook"]

_SHEET_ROWS = 1_048_576
_CELL = 32_767
_FIRST_YEAR = 1900
"""With its first day the days of a spreadsheet begin to count; what was before can only be text."""
_FORMATS: Mapping[type, str] = {
    datetime: "yyyy-mm-dd hh:mm:ss",
    date: "yyyy-mm-dd",
    time: "hh:mm:ss",
    timedelta: "[h]:mm:ss",
}
_WIDTHS: Mapping[type, int] = {datetime: 19, date: 11, time: 9, timedelta: 11}
"""In letters: a cell that is too small for a date shows nothing but signs."""


class Workbook:
    """What is written into *file*; what does not fit on one sheet goes on on the next.

    *labels* stand above the *columns*; those of *numeric* ones hold numbers as text.
    """

    def __init__(
        self, file: IO[bytes], folder: str, columns: Sequence[str], labels: Sequence[str], numeric: frozenset[str]
    ) -> None:
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
        self._formats = {kind: self._book.add_format({"num_format": text}) for kind, text in _FORMATS.items()}
        self._columns, self._labels, self._numeric = columns, labels, numeric
        self._begin()

    def _begin(self) -> None:
        self._sheet, self._row = self._book.add_worksheet(), 1
        self._widths: dict[int, int] = {}
        self._sheet.freeze_panes(1, 0)
        for number, label in enumerate(self._labels):
            self._sheet.write_string(0, number, label, self._bold)

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write *rows* below what is there."""
        for row in rows:
            if self._row >= _SHEET_ROWS:
                self._begin()
            for number, name in enumerate(self._columns):
                self._write(number, row.get(name), numeric=name in self._numeric)
            self._row += 1

    def _write(self, number: int, value: Any, *, numeric: bool) -> None:
        if value is None or value == "":
            return
        if type(value) in _FORMATS:
            self._write_time(number, value)
            return
        exact = exact_number(value) if numeric or not isinstance(value, str) else None
        if isinstance(value, bool):
            self._sheet.write_boolean(self._row, number, value)
        elif exact is not None:
            self._sheet.write_number(self._row, number, exact)
        else:
            self._sheet.write_string(self._row, number, _fitting(value))

    def _write_time(self, number: int, value: date | time | timedelta) -> None:
        """Write a date, a time or a span as the number that spreadsheets have for it, as text where they have none."""
        kind = type(value)
        if not _can_be_counted(value):
            text = f"-{-value}" if isinstance(value, timedelta) else str(value)
            self._sheet.write_string(self._row, number, text)
            return
        if number not in self._widths:
            self._widths[number] = max(_WIDTHS[kind], len(self._labels[number]))
            self._sheet.set_column(number, number, self._widths[number])
        self._sheet.write_datetime(self._row, number, value, self._formats[kind])

    def close(self) -> None:
        """Write what holds the sheets together."""
        self._book.close()


def _can_be_counted(value: date | time | timedelta) -> bool:
    if isinstance(value, timedelta):
        return value >= timedelta(0)
    return value.tzinfo is None if isinstance(value, time) else value.year >= _FIRST_YEAR


def _fitting(plain: Any) -> str:
    """Return the text of a cell, which holds so much and no more; nothing is run there, so nothing is guarded."""
    text = plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    text = text.encode("utf-8", "backslashreplace").decode()
    if len(text) <= _CELL:
        return text
    note = f" […{len(text)} characters in all; the CSV has them]"
    return text[: _CELL - len(note)] + note
