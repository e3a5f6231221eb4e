"""What a person says about changes that a comparison cannot understand: renamed, dropped, what to fill in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starmodel.adapters.persistence.sqlmodel.columns import table_name

from .errors import MigrationError

__all__ = ["Choices"]

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Choices:
    """``--rename``, ``--drop``, ``--default`` and ``--allow-loss``, in terms of tables and columns."""

    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[Place, str] = field(default_factory=dict)
    drops: frozenset[Place] = frozenset()
    defaults: Mapping[Place, Any] = field(default_factory=dict)
    allow_loss: bool = False

    @classmethod
    def read(
        cls,
        names: Mapping[str, str],
        *,
        rename: Iterable[str] = (),
        drop: Iterable[str] = (),
        default: Iterable[str] = (),
        allow_loss: bool = False,
    ) -> Choices:
        """Return the choices as typed: ``Todo.name=title``, ``Todo.note`` or ``Old``, ``Todo.note=text``.

        *names* are the tables of the entities there are; those that are gone had theirs by the same rule.
        """
        tables, columns = {}, {}
        for text in rename:
            old, new = _pair("--rename", text)
            table, column = _place(old, names)
            if column:
                columns[table, column] = new.rpartition(".")[2]
            else:
                tables[table] = _place(new, names)[0]
        return cls(
            tables,
            columns,
            frozenset(_place(text, names) for text in drop),
            {_column(text, names): _value(value) for text, value in (_pair("--default", one) for one in default)},
            allow_loss,
        )

    def drops_table(self, table: str) -> bool:
        """Tell whether the table may go with all that is in it."""
        return self.allow_loss or (table, "") in self.drops

    def drops_column(self, table: str, column: str) -> bool:
        """Tell whether the column may go with all that is in it."""
        return self.allow_loss or (table, column) in self.drops


def _pair(option: str, text: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not equals or not left.strip():
        example = "Todo.name=title" if option == "--rename" else "Todo.note=text"
        raise MigrationError(f"{option} {text} is not OLD=NEW; write for example {option} {example}")
    return left.strip(), right.strip()


def _place(text: str, names: Mapping[str, str]) -> Place:
    entity, _, column = text.strip().partition(".")
    return names.get(entity, table_name(entity)), column


def _column(text: str, names: Mapping[str, str]) -> Place:
    table, column = _place(text, names)
    if not column:
        raise MigrationError(f"--default {text}=... names no field; write for example --default Todo.note=text")
    return table, column


def _value(text: str) -> Any:
    """Return what was typed: a JSON value, or else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text
