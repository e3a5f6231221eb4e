"""The command ``starmodel css``: a style sheet for the classes of an application that the kit's own does not have."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from starmodel.core.errors import StarModelError

from .toolchain import ToolchainError, compiled, installed

__all__ = ["OwnStylesError", "css", "own_styles", "words_in"]

_HERE: Final = Path(__file__).parent
_LOCK: Final = _HERE.parent / "built" / "vendor.lock.toml"
_PASSED_OVER: Final = frozenset({"__pycache__", "build", "dist", "node_modules", "site-packages", "venv"})
_SOURCE: Final = "@tailwind components;\n@tailwind utilities;"


class OwnStylesError(StarModelError, RuntimeError):
    """The style sheet could not be made; the text says what to do."""

    code = "own_styles"


def css(source: Path = Path(), target: Path = Path("static/own.css")) -> None:
    """Compile the Tailwind and daisyUI classes of your Python files into a style sheet.

    Give it to the kit: MonsterKit(extra={"own.css": Path("static/own.css")}).
    """
    if not source.exists():
        raise OwnStylesError(
            f"there is nothing at {str(source)!r}; name a folder or a file: starmodel css --source app"
        )
    words = sorted({word for file in _files(source) for word in words_in(_text(file), str(file))})
    try:
        made = own_styles(words, Path(".starmodel", "style"))
    except ToolchainError as error:
        raise OwnStylesError(f'{error}\npip install "starmodel-monsterui[css]" brings Node along') from error
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(made, "utf-8")
    print(f"{target}: {len(made.encode()) / 1000:.1f} kB")  # noqa: T201  (a command answers by printing)


def own_styles(words: Iterable[str], tools: Path) -> str:
    """Return the rules of those *words* that are classes; Tailwind and what it needs are kept in *tools*."""
    modules = installed(_LOCK, tools.resolve())
    listed = modules.parent / "words.txt"
    listed.write_text("\n".join(words), "utf-8")
    return compiled(modules, _SOURCE, _HERE / "own.config.cjs", content=[listed])


def words_in(source: str, name: str = "<source>") -> set[str]:
    """Return every word in the strings of Python *source*, but for its docstrings: a class must stand there as a whole.

    :class:`OwnStylesError` when it is not Python.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise OwnStylesError(f"{name}, line {error.lineno}: {error.msg}; mend it and try again") from error
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in said)
    return {word for node in strings if isinstance(node.value, str) for word in node.value.split()}


def _files(source: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
        return
    for file in sorted(source.rglob("*.py")):
        parts = file.relative_to(source).parts
        if not any(part in _PASSED_OVER or part.startswith(".") for part in parts):
            yield file


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OwnStylesError(f"{file} cannot be read: {error}") from error
