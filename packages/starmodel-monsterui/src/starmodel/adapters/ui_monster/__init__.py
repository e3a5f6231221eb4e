"""The default kit: pages drawn with MonsterUI, whose styles and icons are on board."""

from __future__ import annotations

from .icons import Icons
from .kit import MonsterKit
from .settings import Density, Mode, Radius, SettingError, Theme

__all__ = ["Density", "Icons", "Mode", "MonsterKit", "Radius", "SettingError", "Theme"]
