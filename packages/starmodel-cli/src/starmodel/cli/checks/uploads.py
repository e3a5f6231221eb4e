"""Whether the files that are sent to the application can be kept, and are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from .facts import Facts
from .finding import Found, Rule

__all__ = ["RULES"]


def _folder(facts: Facts) -> Path | None:
    """Return the folder of uploaded files; ``None`` where nothing is sent, or something else keeps it."""
    folder = getattr(facts.application.files.store, "folder", None) if _kinds(facts) and facts.application else None
    return folder if isinstance(folder, Path) else None


def _kinds(facts: Facts) -> list[str]:
    if facts.application is None:
        return []
    catalog = facts.application.catalog
    return [kind.__entity_name__ for kind in catalog if catalog.takes_files(kind)]


def _unwritable(facts: Facts) -> Iterator[Found]:
    folder = _folder(facts)
    if folder is None:
        return
    folder = facts.folder / folder
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        advice = "let the user of the application write there, or name another folder: STARMODEL_FILES=/srv/files"
        yield Found("uploaded files cannot be kept: their folder cannot be written", advice, str(folder))


def _exposed(facts: Facts) -> Iterator[Found]:
    folder = _folder(facts)
    if folder is not None and (facts.folder / folder).resolve().is_relative_to(facts.folder / "static"):
        advice = "name another folder: STARMODEL_FILES=/srv/files"
        yield Found("uploaded files are in a folder that browsers are served from", advice, str(folder))


def _ephemeral(facts: Facts) -> Iterator[Found]:
    kinds = _kinds(facts)
    if kinds and facts.application and type(facts.application.files.store).__name__ == "MemoryFileStore":
        advice = "give the application a DirectoryFileStore: create_app(..., files=DirectoryFileStore(folder))"
        yield Found(f"the files of {', '.join(kinds)} end with the process", advice)


RULES = (
    Rule("uploads.unwritable", "error", _unwritable, deploy=True),
    Rule("uploads.served", "error", _exposed),
    Rule("uploads.ephemeral", "error", _ephemeral, deploy=True),
)
