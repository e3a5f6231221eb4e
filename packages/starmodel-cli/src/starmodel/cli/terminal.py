"""Write for people in colour where there is a terminal, and for machines as JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["fail", "say", "say_json", "table", "warn", "working"]

_ANY_WIDTH = 10_000


def say(text: str) -> None:
    """Write a line of plain text to standard output, at once, whatever reads it."""
    print(text, flush=True)  # noqa: T201 - this is the output of the program


def say_json(document: object) -> None:
    """Write one JSON document to standard output."""
    say(json.dumps(document, indent=2, ensure_ascii=False))


def table(columns: list[str], rows: list[list[str]]) -> None:
    """Write rows under headings, as wide as the terminal allows, and whole: long cells are folded, but in a pipe."""
    width = os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else _ANY_WIDTH
    plain = _plain_table(columns, rows)
    if plain is not None and max(map(len, plain)) <= width:
        say("\n".join(plain))
    else:
        _rich_table(columns, rows, width)


def _plain_table(columns: list[str], rows: list[list[str]]) -> list[str] | None:
    """Return the lines of a table that needs no folding; ``None`` for letters whose width nobody knows without Rich."""
    cells = [columns, *rows]
    if not all(cell.isascii() and cell.isprintable() for row in cells for cell in row):
        return None
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    head, *lines = ["   ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
    return ["", head, "─" * (sum(widths) + 3 * len(widths) - 3), *lines, ""]


def _rich_table(columns: list[str], rows: list[list[str]], width: int) -> None:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - takes as long to import as all the rest
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    grid = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        grid.add_row(*(Text(cell, overflow="fold") for cell in row))
    Console(width=width).print(grid)


def warn(text: str) -> None:
    """Write a warning to standard error."""
    _signal("⚠", "yellow", text)


def fail(text: str) -> int:
    """Write an error to standard error, and return the exit code that goes with it."""
    _signal("✘", "bold red", text)
    return 1


@contextmanager
def working(text: str) -> Iterator[None]:
    """Show on standard error that something takes its time, to people at a terminal only."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 - takes as long to import as all the rest

    with Console(file=sys.stderr).status(f"{text} …"):
        yield


def _signal(sign: str, style: str, text: str) -> None:
    from rich.console import Console  # noqa: PLC0415 - takes as long to import as all the rest
    from rich.text import Text  # noqa: PLC0415

    # A Text, since brackets in an error are not markup; soft, so that a path is never broken in two.
    Console(file=sys.stderr).print(Text.assemble((sign, style), " ", text), soft_wrap=True)
