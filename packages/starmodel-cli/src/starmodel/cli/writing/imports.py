"""Put an import where it belongs in a file, without touching any other line of it."""

from __future__ import annotations

import ast
import io
import sys
from pathlib import Path

from .errors import NewCodeError

__all__ = ["lines_in", "with_import"]


def lines_in(text: str) -> list[str]:
    """Return the lines of a source with their ends, as Python counts them: a form feed ends none."""
    return list(io.StringIO(text, newline=""))


def with_import(path: Path, text: str, module: str, name: str) -> str:
    """Return *text* with ``from module import name``; NewCodeError when the file uses *name* for something else."""
    body = ast.parse(text).body
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in imports:
        for alias in node.names:
            if (alias.asname or alias.name).partition(".")[0] != name:
                continue
            if isinstance(node, ast.ImportFrom) and node.module == module and alias.name == name:
                return text
            raise NewCodeError(
                f"{path}:{node.lineno} imports another {name!r} than that of {module}; import that one under another "
                "name, with `as`"
            )
    for node in imports:
        if isinstance(node, ast.ImportFrom) and node.module == module and not node.level:
            line = _joined(text, node, name)
            if line is not None:
                return _replaced(text, node.lineno, line)
    return _with_line(text, body, imports, module, f"from {module} import {name}")


def _joined(text: str, node: ast.ImportFrom, name: str) -> str | None:
    """Return the line of *node* with *name* in it; ``None`` when it is of a shape that is better left alone."""
    line = lines_in(text)[node.lineno - 1]
    plain = f"from {node.module} import {', '.join(_spelt(alias) for alias in node.names)}"
    if node.end_lineno != node.lineno or line.rstrip() != plain:
        return None
    names = sorted([*map(_spelt, node.names), name], key=_order)
    joined = f"from {node.module} import {', '.join(names)}"
    return joined if len(joined) <= 120 else None


def _spelt(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _order(name: str) -> tuple[int, str]:
    """Constants first, then classes, then functions, as sorters of imports have it."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2), name


def _replaced(text: str, number: int, line: str) -> str:
    lines = lines_in(text)
    old = lines[number - 1]
    lines[number - 1] = line + old[len(old.rstrip("\r\n")) :]
    return "".join(lines)


def _with_line(
    text: str, body: list[ast.stmt], imports: list[ast.Import | ast.ImportFrom], module: str, line: str
) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = lines_in(text)
    place, before, after = _place(body, imports, module)
    if place and place <= len(lines) and not lines[place - 1].endswith(("\n", "\r")):
        lines[place - 1] += newline
    lines.insert(place, newline * before + line + newline * (1 + after))
    return "".join(lines)


def _place(body: list[ast.stmt], imports: list[ast.Import | ast.ImportFrom], module: str) -> tuple[int, int, int]:
    """Return behind which line it goes, and how many empty lines before and after it."""
    rank = _rank(module)
    top = [node for node in imports if node in body[: _first_code(body)]]
    same = [node for node in top if _rank(_module_of(node)) == rank]
    smaller = [node for node in same if _module_of(node) <= module]
    if smaller:
        return smaller[-1].end_lineno or smaller[-1].lineno, 0, 0
    if same:
        return same[0].lineno - 1, 0, 0
    lower = [node for node in top if _rank(_module_of(node)) < rank]
    if lower:
        return lower[-1].end_lineno or lower[-1].lineno, 1, 0
    if top:
        return top[0].lineno - 1, 0, 1
    if body and _is_docstring(body[0]):
        return body[0].end_lineno or body[0].lineno, 1, 0
    return 0, 0, 0 if not body else 2


def _first_code(body: list[ast.stmt]) -> int:
    for index, node in enumerate(body):
        if not isinstance(node, ast.Import | ast.ImportFrom) and not (index == 0 and _is_docstring(node)):
            return index
    return len(body)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _module_of(node: ast.Import | ast.ImportFrom) -> str:
    if isinstance(node, ast.ImportFrom):
        return "." * node.level + (node.module or "")
    return node.names[0].name


def _rank(module: str) -> int:
    """The future first, then the standard library, others, and the project's own."""
    if module == "__future__":
        return 0
    if module.startswith("."):
        return 3
    return 1 if module.partition(".")[0] in sys.stdlib_module_names else 2
