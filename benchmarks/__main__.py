"""Run every benchmark and write what came out into the documentation: ``python -m benchmarks``."""

from __future__ import annotations

from pathlib import Path

from . import command, fanout, lists, nodes, pieces, redis, sql
from .report import machine, write_between_markers

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


def main() -> None:
    tables = [command.measure(), fanout.measure(), nodes.measure(), *pieces.measure()]
    tables += [*sql.measure(), redis.measure(), *lists.measure()]
    text = "\n".join([machine(), "", *map(str, tables)])
    print(text)
    write_between_markers(PAGE, text)


if __name__ == "__main__":
    main()
