"""Lucide's icons, drawn by the server: no script, no flash, and nothing for a patch to lose."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from fastcore.xml import NotStr

__all__ = ["Icons"]

_FILE: Final = Path(__file__).parent / "built" / "icons.json"
_SVG: Final = (
    '<svg class="mk-icon{more}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
    'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{shapes}</svg>'
)


_TURNING: Final = frozenset({
    "arrow-left", "arrow-right", "chevron-left", "chevron-right",
    "undo", "undo-2", "redo", "redo-2", "log-in", "log-out",
})  # fmt: skip
"""Those that point along the line of reading: a page that is read from the right shows them the other way round."""


class Icons(Mapping[str, str]):
    """What stands inside the ``<svg>`` of each icon, by Lucide's name for it; read when it is first wanted."""

    def __init__(self, file: Path = _FILE) -> None:
        self._file, self._shapes = file, dict[str, str]()

    def drawn(self, name: str) -> NotStr | str:
        """Return an icon that those who listen do not hear; ``""`` for a name that there is none of."""
        shapes = self._all().get(name)
        return (
            "" if shapes is None else NotStr(_SVG.format(shapes=shapes, more=" mk-turns" if name in _TURNING else ""))
        )

    def __getitem__(self, name: str) -> str:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, str]:
        if not self._shapes:
            self._shapes = json.loads(self._file.read_text("utf-8"))
        return self._shapes
