"""What can be chosen about the look, and the files that each choice takes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from starmodel.core.errors import StarModelError, hint

__all__ = ["Density", "Mode", "Radius", "SettingError", "Theme", "script_files", "style_files"]

Theme: TypeAlias = Literal[
    "zinc", "slate", "stone", "gray", "neutral", "red", "rose", "orange", "green", "blue", "yellow", "violet",
]  # fmt: skip
"""The colour of what stands out, and the grey that goes with it; those of Franken UI, every pair of them readable."""

Radius: TypeAlias = Literal["none", "small", "medium", "large"]
Density: TypeAlias = Literal["comfortable", "compact"]

Mode: TypeAlias = Literal["system", "light", "dark"]
"""``system`` follows the visitor's system until the visitor chooses; the other two leave nothing to choose."""

_HERE: Final = Path(__file__).parent
_BUILT: Final = _HERE / "built"
_USUAL: Final = ("medium", "comfortable")  # what monster.css says already


class SettingError(StarModelError, ValueError):
    """A choice about the look is none of those that there are."""

    code = "setting"

    def __init__(self, name: str, value: object, known: tuple[str, ...]) -> None:
        self.name, self.value, self.known = name, value, known
        super().__init__(f"{name}={value!r} is not a setting of the MonsterUI kit; {hint(str(value), list(known))}")


def style_files(theme: Theme, radius: Radius, density: Density) -> Mapping[str, Path]:
    """Return the style sheets of a look by name, in the order in which a page takes them."""
    _check("theme", theme, get_args(Theme))
    _check("radius", radius, get_args(Radius))
    _check("density", density, get_args(Density))
    chosen = [("radius", radius), ("density", density)]
    tuned = {
        f"{name}-{value}.css": _HERE / "style" / "choices" / f"{name}-{value}.css"
        for name, value in chosen
        if value not in _USUAL
    }
    return {
        f"theme-{theme}.css": _BUILT / "themes" / f"{theme}.css",
        "monster.css": _BUILT / "monster.css",
        **tuned,
    }


def script_files(mode: Mode) -> Mapping[str, Path]:
    """Return the script that sets light or dark before the page is painted; the light mode needs none."""
    _check("mode", mode, get_args(Mode))
    name = {"system": "theme.js", "dark": "dark.js"}.get(mode)
    return {} if name is None else {name: _HERE / "scripts" / name}


def _check(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise SettingError(name, value, known)
