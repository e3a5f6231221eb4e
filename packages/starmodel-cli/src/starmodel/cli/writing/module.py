"""One source file of a project: read once, added to, and written whole; nothing else in it changes by a byte."""

from __future__ import annotations

import ast
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

from .errors import NewCodeError
from .imports import lines_in, with_import

__all__ = ["SourceModule"]


class SourceModule:
    """The text of a file, and what was found in it.  Every change gives a new one; :meth:`write` keeps it."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text
        try:
            self.tree = ast.parse(text, str(path))
        except SyntaxError as error:
            raise NewCodeError(f"{path}:{error.lineno} cannot be read by Python: {error.msg}; mend it first") from error

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the file at *path*; NewCodeError when it is not there or is no Python."""
        try:
            with path.open(encoding="utf-8", newline="") as file:
                return cls(path, file.read())
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise NewCodeError(f"{path} cannot be read: {reason}; name another file with --file") from error

    @property
    def classes(self) -> dict[str, ast.ClassDef]:
        """The classes that it defines, by name."""
        return {node.name: node for node in self.tree.body if isinstance(node, ast.ClassDef)}

    @property
    def blocks(self) -> dict[str, ast.ClassDef | ast.FunctionDef]:
        """The classes and the functions that it defines, by name."""
        return {node.name: node for node in self.tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}

    @property
    def entities(self) -> list[str]:
        """Those of them that derive from Entity, as far as the file itself shows."""
        known = {"Entity", "BaseTable"}
        found = []
        for name, node in self.classes.items():
            if known & {_last_name(base) for base in node.bases}:
                known.add(name)
                found.append(name)
        return found

    @property
    def names(self) -> set[str]:
        """Every name that its top level binds."""
        return set(_bound(self.tree.body))

    def importing(self, wanted: Iterable[tuple[str, str]]) -> SourceModule:
        """Return it with ``from module import name`` for each of *wanted* that it does not have."""
        text = self.text
        for module, name in sorted(wanted):
            text = with_import(self.path, text, module, name)
        return SourceModule(self.path, text)

    def with_class(self, source: str) -> SourceModule:
        """Return it with the class of *source* behind its last entity, else at its end."""
        entities = self.entities
        after = _end(self.classes[entities[-1]]) if entities else None
        return self._with_lines(source, after, blank=2)

    def with_inner(self, owner: str, source: str) -> SourceModule:
        """Return it with *source*, written without indentation, at the end of the class or function *owner*."""
        body = self.blocks[owner].body
        indent = " " * body[0].col_offset
        lines = [f"{indent}{line}" if line else "" for line in source.splitlines()]
        return self._with_lines("\n".join(lines), _end(body[-1]), blank=1)

    def write(self) -> None:
        """Put it in place of the file, whole or not at all."""
        mode = self.path.stat().st_mode if self.path.exists() else 0o644
        handle, name = tempfile.mkstemp(prefix=f".{self.path.name}-", dir=self.path.parent)
        draft = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(self.text)
            draft.chmod(mode)
            draft.replace(self.path)
        finally:
            draft.unlink(missing_ok=True)

    def _with_lines(self, source: str, after: int | None, *, blank: int) -> SourceModule:
        """Return it with *source* behind the line numbered *after*, *blank* empty lines around it."""
        newline = "\r\n" if "\r\n" in self.text else "\n"
        lines = lines_in(self.text)
        place = len(lines) if after is None else after
        if place and not lines[place - 1].endswith(("\n", "\r")):
            lines[place - 1] += newline
        head, tail = "".join(lines[:place]), "".join(lines[place:])
        if after is None:
            blank = max(0, blank - _trailing_blank(lines)) if head.strip() else 0
        added = newline * blank + source.rstrip("\n").replace("\n", newline) + newline
        return SourceModule(self.path, head + added + tail)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _trailing_blank(lines: list[str]) -> int:
    count = 0
    for line in reversed(lines):
        if line.strip():
            break
        count += 1
    return count


def _bound(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.If | ast.Try):
            yield from _bound([child for child in ast.walk(node) if isinstance(child, ast.stmt) and child is not node])
        else:
            yield from (
                one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
            )
