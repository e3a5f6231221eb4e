"""Whether `__all__` tells the truth about a module."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["untrue_all"]

OWN = "starmodel"


def untrue_all(source: str, *, package: str | None = None) -> list[str]:
    """Compare `__all__` with the public names of *source*; name the *package* if it is the `__init__.py` of one.

    Public names are functions and classes without a leading underscore, and what a package imports from its own
    modules: `__all__` must list each.  It may list assigned names, what comes from our other modules, and what a
    module-level `__getattr__` serves.
    """
    tree = ast.parse(source)
    listed = _listed(tree)
    needed = {name for name in _needed(tree, package) if not name.startswith("_")}
    if listed is None:
        return [f"no __all__, but {', '.join(sorted(needed))}"] if needed else []
    known = {*_defined(tree), *_assigned(tree), *_imported(tree, OWN)}
    unknown = set() if "__getattr__" in known else set(listed) - known
    return [
        *(f"{name} is public but not in __all__" for name in sorted(needed - set(listed))),
        *(f"{name} is in __all__ but not a name of the module" for name in sorted(unknown)),
        *(f"{name} is twice in __all__" for name in sorted({name for name in listed if listed.count(name) > 1})),
    ]


def _needed(tree: ast.Module, package: str | None) -> Iterator[str]:
    yield from _defined(tree)
    if package is not None:
        yield from _imported(tree, package)


def _listed(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and "__all__" in _targets(node):
            return [str(name) for name in ast.literal_eval(node.value)]
    return None


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module's top level, those under `if` and `try` too, but not what only checkers see."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.dump(node.test):
            yield from _statements([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            handlers = [inner for handler in node.handlers for inner in handler.body]
            yield from _statements([*node.body, *handlers, *node.orelse, *node.finalbody])


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in _statements(tree.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def _assigned(tree: ast.Module) -> Iterator[str]:
    for node in _statements(tree.body):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            yield from _targets(node)


def _targets(node: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    flat = [inner for target in targets for inner in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return [target.id for target in flat if isinstance(target, ast.Name)]


def _imported(tree: ast.Module, package: str) -> Iterator[str]:
    """Yield the names that come from modules of *package*; a relative import always does."""
    for node in _statements(tree.body):
        if isinstance(node, ast.ImportFrom) and (node.level or f"{node.module}.".startswith(f"{package}.")):
            yield from (alias.asname or alias.name for alias in node.names)
