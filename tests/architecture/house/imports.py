"""What a source file imports, and whether it may."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["foreign_imports"]

OWN = "starmodel"
# annotationlib came with Python 3.14; an older interpreter does not list it
STANDARD = sys.stdlib_module_names | {"annotationlib"}


def foreign_imports(source: str) -> list[str]:
    """Return every import in *source*, wherever it stands, that is neither of the standard library nor ours."""
    roots = ((line, name.partition(".")[0]) for line, name in _imports(ast.parse(source)))
    return [f"line {line} imports {root}" for line, root in roots if root != OWN and root not in STANDARD]


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, node.module or ""
