"""The settings of plugins in ``.env.example``, each between two marks, so that they can be taken away again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from .registry import Setting

__all__ = ["read_example", "with_settings", "without_settings", "write_example"]

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
KNOWN = re.compile(r"^\s*#?\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=", re.MULTILINE)


def with_settings(text: str, plugin: str, settings: Iterable[Setting]) -> str:
    """Return *text* with those of *settings* that it does not tell of yet, at its end."""
    known = set(KNOWN.findall(text))
    lines = []
    for one in settings:
        if one.name not in known and NAME.fullmatch(one.name):
            known.add(one.name)
            lines += ["", f"# {_flat(one.doc)}", _line(one)]
    if not lines:
        return text
    block = [_begin(plugin), *lines[1:], _end(plugin), ""]
    gap = "" if not text else ("\n" if text.endswith("\n") else "\n\n")
    return text + gap + "\n".join(block)


def without_settings(text: str, plugin: str) -> str:
    """Return *text* without what :func:`with_settings` added for *plugin*."""
    begin, end = re.escape(_begin(plugin)), re.escape(_end(plugin))
    return re.sub(rf"(?:\A|\n?)^{begin}$.*?^{end}$\n?", "", text, flags=re.MULTILINE | re.DOTALL)


def read_example(file: Path) -> str:
    """Return what the file says, with its own ends of lines; ``""`` where there is none."""
    return file.read_bytes().decode("utf-8", errors="surrogateescape") if file.is_file() else ""


def write_example(file: Path, text: str) -> None:
    """Write the file, whole or not at all; without a text it goes."""
    if not text:
        file.unlink(missing_ok=True)
        return
    draft = file.with_name(f".{file.name}.starmodel")
    draft.write_bytes(text.encode("utf-8", errors="surrogateescape"))
    if file.exists():
        draft.chmod(file.stat().st_mode)
    draft.replace(file)


def _line(one: Setting) -> str:
    default = "" if one.secret or one.default is None else _flat(one.default)
    return f"{one.name}={default}" if one.required else f"# {one.name}={default}"


def _flat(text: str) -> str:
    """Return *text* in one line, since a second one would be read as a setting."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _begin(plugin: str) -> str:
    return f"# plugin {plugin}: what it is set by"


def _end(plugin: str) -> str:
    return f"# end of plugin {plugin}"
