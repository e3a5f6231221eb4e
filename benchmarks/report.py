"""The numbers as Markdown, with the machine they were taken on."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

__all__ = ["Table", "machine", "write_between_markers"]

START, END = "<!-- benchmarks start -->", "<!-- benchmarks end -->"
STACK = ("starmodel-core", "uvicorn", "uvloop", "httptools", "starlette", "python-fasthtml", "pydantic", "sqlalchemy")


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; the first column is text, the others are numbers."""

    title: str
    columns: list[str]
    rows: list[list[str]]

    def __str__(self) -> str:
        rule = ["---", *["---:"] * (len(self.columns) - 1)]
        lines = [f"| {' | '.join(cells)} |" for cells in (self.columns, rule, *self.rows)]
        return "\n".join([f"### {self.title}", "", *lines, ""])


def machine() -> str:
    """Return where and when the numbers were taken."""
    stack = ", ".join(f"{name} {version(name)}" for name in STACK)
    return (
        f"Taken on {datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores ({_processor()}), {platform.system()}, "
        f"{platform.python_implementation()} {platform.python_version()}, {stack}."
    )


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", path.read_text(encoding="utf-8")) if path.exists() else None
    return found[1] if found else platform.machine()


def write_between_markers(page: Path, text: str) -> None:
    """Put *text* between the two markers of *page*; the words around it are written by hand."""
    before, start, rest = page.read_text(encoding="utf-8").partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise RuntimeError(f"{page} needs the two lines {START} and {END}")
    page.write_text(f"{before}{START}\n\n{text}\n{END}{after}", encoding="utf-8")
