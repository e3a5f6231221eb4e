"""What can be chosen about the look."""

from __future__ import annotations

from typing import get_args

import pytest
from fastcore.xml import to_xml

from starmodel.adapters.ui_monster import Density, Icons, MonsterKit, Radius, SettingError, Theme
from starmodel.core.ui import Frame


def switch_of(kit: MonsterKit) -> bool:
    return "sm-theme" in to_xml(kit.page(Frame(brand="B"), []))


@pytest.mark.parametrize("theme", get_args(Theme))
def test_every_theme_has_its_colours(theme):
    kit = MonsterKit(theme=theme)
    assert kit.styles[f"theme-{theme}.css"].read_text("utf-8").startswith(":root{--background:")


@pytest.mark.parametrize(
    "look",
    [{"radius": radius} for radius in get_args(Radius)] + [{"density": density} for density in get_args(Density)],
)
def test_every_choice_has_its_file(look):
    assert all(path.is_file() for path in MonsterKit(**look).styles.values())


def test_the_usual_look_takes_two_style_sheets():
    assert list(MonsterKit().styles) == ["theme-blue.css", "monster.css"]


@pytest.mark.parametrize("wrong", [{"theme": "violett"}, {"radius": "huge"}, {"density": "dense"}, {"mode": "auto"}])
def test_a_choice_that_there_is_not_says_which_there_are(wrong):
    [(name, value)] = wrong.items()
    with pytest.raises(SettingError, match=f"{name}='{value}' is not a setting of the MonsterUI kit"):
        MonsterKit(**wrong)


def test_a_slip_of_the_pen_gets_a_hint():
    with pytest.raises(SettingError, match="'violet'"):
        MonsterKit(theme="violett")


def test_a_visitor_may_choose_light_or_dark_unless_the_application_has():
    assert [switch_of(MonsterKit(mode=mode)) for mode in ("system", "light", "dark")] == [True, False, False]
    assert [list(MonsterKit(mode=mode).scripts) for mode in ("system", "light", "dark")] == [
        ["theme.js"],
        [],
        ["dark.js"],
    ]


def test_own_style_sheets_have_the_last_word(tmp_path):
    own = tmp_path / "own.css"
    own.write_text(":root { --primary: 300 50% 40%; }")
    kit = MonsterKit(density="compact", extra={"own.css": own})
    assert list(kit.styles)[-1] == "own.css"
    assert kit.styles["own.css"] == own


def test_icons_are_found_by_the_names_that_they_have_and_had():
    icons = Icons()
    assert icons["ellipsis"] == icons["more-horizontal"]
    assert len(icons) == len(set(icons)) > 1500
    assert "<path" in str(icons.drawn("plus"))
    assert icons.drawn("no-such-icon") == ""
