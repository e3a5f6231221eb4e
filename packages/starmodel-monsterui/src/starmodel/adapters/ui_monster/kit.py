"""The kit as a whole: what it draws with, and what it was told about the look."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import final

from .forms import Forms
from .frames import Frames
from .icons import Icons
from .lists import Lists
from .settings import Density, Mode, Radius, Theme, script_files, style_files
from .words import Words

__all__ = ["MonsterKit"]


@final
class MonsterKit(Frames, Lists, Forms, Words):
    """Draw pages with MonsterUI; implements :class:`starmodel.core.ui.UIAdapter`.

    *theme* is the colour of what stands out, *radius* how round corners are, *density* how much air there is, *mode*
    whether the visitor's system says light or dark, and the visitor may choose (``"system"``), or the application
    says.  *extra* are style sheets of the application's own, by name, which come last and so have the last word.
    :class:`~starmodel.adapters.ui_monster.SettingError` for a choice that there is not.
    """

    def __init__(
        self,
        *,
        theme: Theme = "blue",
        radius: Radius = "medium",
        density: Density = "comfortable",
        mode: Mode = "system",
        extra: Mapping[str, Path] | None = None,
    ) -> None:
        super().__init__(Icons(), mode)
        self.styles: Mapping[str, Path] = {**style_files(theme, radius, density), **(extra or {})}
        self.scripts: Mapping[str, Path] = script_files(mode)
