"""Take the colour themes out of Franken UI's style sheet, one file for each, and mend what cannot be read in them."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

__all__ = ["Colour", "contrast", "split_themes"]

_THEME: Final = re.compile(r"(\.dark)?\.uk-theme-([a-z]+)\{([^{}]*)\}")
_VARIABLE: Final = re.compile(r"--([\w-]+):\s*((?:url\((?:\"[^\"]*\"|[^)]*)\)|[^;])*)")
_PICTURES: Final = ("uk-form-checkbox", "uk-form-radio", "uk-divider-icon", "uk-list-bullet")
READABLE: Final = 4.5  # WCAG 2.2, success criterion 1.4.3
VISIBLE: Final = 3.0  # 1.4.11: what shows where a control is


class Colour(NamedTuple):
    """Hue in degrees, saturation and lightness in percent, as the themes write them."""

    hue: float
    saturation: float
    lightness: float

    @classmethod
    def read(cls, text: str) -> Colour:
        """Return the colour that ``"221.2 83.2% 53.3%"`` writes."""
        hue, saturation, lightness = (float(part.rstrip("%")) for part in text.split())
        return cls(hue, saturation, lightness)

    def __str__(self) -> str:
        return f"{self.hue:g} {self.saturation:g}% {self.lightness:g}%"

    def luminance(self) -> float:
        """Return the relative luminance, as WCAG defines it."""
        a = self.saturation / 100 * min(self.lightness / 100, 1 - self.lightness / 100)

        def channel(n: int) -> float:
            k = (n + self.hue / 30) % 12
            value = self.lightness / 100 - a * max(-1, min(k - 3, 9 - k, 1))
            return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

        return 0.2126 * channel(0) + 0.7152 * channel(8) + 0.0722 * channel(4)

    def against(self, *others: Colour, least: float) -> Colour:
        """Return this colour, made darker or lighter in small steps until it stands out from all *others*."""
        step = -0.5 if sum(other.luminance() for other in others) / len(others) > 0.3 else 0.5
        colour = self
        while not all(contrast(colour, other) >= least for other in others) and 0 < colour.lightness < 100:
            colour = colour._replace(lightness=round(min(100, max(0, colour.lightness + step)), 1))
        return colour


def contrast(one: Colour, other: Colour) -> float:
    """Return how well two colours can be told apart, from 1 to 21, as WCAG defines it."""
    dark, light = sorted((one.luminance(), other.luminance()))
    return (light + 0.05) / (dark + 0.05)


def split_themes(core: str) -> tuple[str, dict[str, str]]:
    """Return Franken UI's style sheet without its themes, and each theme as a style sheet of its own."""
    themes: dict[str, str] = {}
    for dark, name, body in _THEME.findall(core):
        colours = _mended(dict(_VARIABLE.findall(body)), dark=bool(dark))
        rule = "".join(f"--{key}:{value};" for key, value in colours.items())
        themes[name] = themes.get(name, "") + f"{'.dark' if dark else ':root'}{{{rule}}}\n"
    return _THEME.sub("", core), themes


def _mended(theme: dict[str, str], *, dark: bool) -> dict[str, str]:
    """Return the variables of a theme, those kept that our rules use, with every pair readable.

    To Franken's own come ``--link`` (text in the theme's colour), ``--control`` (the edge of a control) and the
    colours of the four levels, ``--tone-info`` and so on.
    """
    kept = {key: value.strip() for key, value in theme.items() if not key.startswith(_PICTURES)}
    read = {key: Colour.read(value) for key, value in kept.items() if re.fullmatch(r"[\d.]+ [\d.]+% [\d.]+%?", value)}
    background, muted = read["background"], read["muted"]
    if dark:  # black on black shows no edges: lift what lies above the page
        hue, saturation, _ = background
        background = Colour(hue, min(saturation, 24), 7)
        card = Colour(hue, min(saturation, 20), 9.5)
        muted = Colour(hue, min(muted.saturation, 18), 15)
        read |= {
            "background": background,
            "card": card,
            "popover": Colour(hue, min(saturation, 18), 12),
            "muted": muted,
        }
        read |= {"secondary": muted, "accent": muted, "border": Colour(hue, min(saturation, 14), 20)}
        read |= {"input": read["border"]}
    tinted = Colour(muted.hue, muted.saturation, muted.lightness)
    read["primary"] = read["primary"].against(read["primary-foreground"], least=READABLE)
    read["muted-foreground"] = read["muted-foreground"].against(background, tinted, least=READABLE + 0.3)
    read["ring"] = read["primary"].against(background, least=VISIBLE)
    read["destructive"] = Colour(0, 72, 60) if dark else Colour(0, 74, 46)
    read["destructive-foreground"] = Colour(0, 0, 100)
    read["destructive"] = read["destructive"].against(read["destructive-foreground"], least=READABLE)
    base = {"link": read["primary"], "tone-info": Colour(213, 80, 50), "tone-success": Colour(152, 65, 35)}
    base |= {"tone-warning": Colour(32, 90, 42), "tone-danger": Colour(0, 72, 48)}
    for name, colour in base.items():
        read[name] = colour.against(background, tinted, least=READABLE + 0.3)
    read["control"] = Colour(muted.hue, min(muted.saturation, 12), 50).against(background, least=VISIBLE)
    return kept | {key: str(value) for key, value in read.items()}
