"""The compiled style sheet: it knows every class, can be read, and is not heavy."""

from __future__ import annotations

import ast
import gzip
import importlib.util
import json
import re
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from fastcore.xml import to_xml

from starmodel.adapters.ui_monster import MonsterKit, Theme
from starmodel.adapters.ui_monster.style.themes import Colour, contrast
from starmodel.testing.ui.document import parsed
from starmodel.testing.ui.samples import DRAWINGS

PACKAGE = Path(__file__).parent.parent / "src/starmodel/adapters/ui_monster"
BUILT = PACKAGE / "built"

# Words in MonsterUI that have no rule in the style sheets that it loads either: hooks for scripts, parts of names.
WITHOUT_A_RULE = {
    *(
        "button",
        "js-upload",
        "link",
        "loading-large",
        "loading-medium",
        "loading-small",
        "loading-xsmall",
        "navbar-bold",
    ),
    *(
        "navbar-underline",
        "p-0.4",
        "px]",
        "uk-article",
        "uk-article-meta",
        "uk-article-title",
        "uk-block",
        "uk-codeblock",
    ),
    *("uk-drop-close", "uk-grid", "uk-nav-subtitle", "uk-parent", "uk-section", "uk-section-large", "uk-section-small"),
    *("uk-section-xlarge", "uk-section-xsmall", "uk-text-nowrap"),
}


@cache
def known() -> frozenset[str]:
    css = (BUILT / "monster.css").read_text("utf-8")
    return frozenset(name.replace("\\", "") for name in re.findall(r"\.((?:[\w-]|\\.)+)", css))


def monsterui_classes() -> set[str]:
    """Return what MonsterUI writes into classes: the words of its arguments called cls, and of its enums."""
    found: set[str] = set()
    for module in ("franken", "daisy"):
        path = importlib.util.find_spec(f"monsterui.{module}").origin
        for node in ast.walk(ast.parse(Path(path).read_text("utf-8"))):
            values = [node.value] if isinstance(node, ast.keyword) and (node.arg or "").endswith("cls") else []
            if isinstance(node, ast.ClassDef):
                values = [assigned.value for assigned in node.body if isinstance(assigned, ast.Assign)]
            for constant in (c for value in values for c in ast.walk(value) if isinstance(c, ast.Constant)):
                found |= set(str(constant.value).split()) if isinstance(constant.value, str) else set()
    return {word for word in found if re.fullmatch(r"[a-z][\w\-:/\[\].]*[\w\]]", word)}


def test_every_class_that_the_kit_writes_has_a_rule():
    kit = MonsterKit()
    pages = [parsed(to_xml(drawn(kit), indent=False)) for drawn in DRAWINGS.values()]
    written = {name for page in pages for element in page for name in (element.get("class") or "").split()}
    assert "uk-btn-primary" in written
    assert written - known() == set()


def test_every_class_that_monsterui_writes_has_a_rule():
    classes = monsterui_classes()
    assert {"uk-card", "alert-info", "space-y-3"} & classes
    assert classes - known() - WITHOUT_A_RULE == set()


@pytest.mark.parametrize(
    "name",
    [
        *(
            "p-4",
            "-mt-2",
            "gap-x-1.5",
            "ms-auto",
            "w-1/2",
            "max-w-2xl",
            "grid-cols-3",
            "md:grid-cols-2",
            "lg:flex",
            "sm:hidden",
        ),
        *(
            "text-lg",
            "font-semibold",
            "text-rose-600",
            "bg-sky-100",
            "border-zinc-300",
            "dark:bg-zinc-900",
            "hover:bg-blue-50",
        ),
        *(
            "bg-primary",
            "text-muted-foreground",
            "border-border",
            "divide-border",
            "rounded-xl",
            "shadow-lg",
            "focus:ring-2",
        ),
        *(
            "group-hover:opacity-100",
            "disabled:opacity-50",
            "sr-only",
            "animate-spin",
            "line-clamp-2",
            "rtl:rotate-180",
        ),
    ],
)
def test_there_are_classes_for_pages_of_ones_own(name):
    assert name in known()


def colours_of(theme: str) -> dict[str, dict[str, Colour]]:
    text = (BUILT / "themes" / f"{theme}.css").read_text("utf-8")
    rules = dict(re.findall(r"(:root|\.dark)\{(.*)\}", text))
    return {
        mode: {k: Colour.read(v) for k, v in re.findall(r"--([\w-]+):([\d.]+ [\d.]+% [\d.]+%);", rules[mode])}
        for mode in rules
    }


@pytest.mark.parametrize("mode", [":root", ".dark"])
@pytest.mark.parametrize("theme", get_args(Theme))
def test_every_pair_of_colours_can_be_read(theme, mode):
    colours = colours_of(theme)[mode]
    pairs = [
        (f"{name}-foreground", name) for name in ("primary", "secondary", "accent", "destructive", "card", "popover")
    ]
    texts = ("foreground", "muted-foreground", "link", "tone-info", "tone-success", "tone-warning", "tone-danger")
    pairs += [(text, ground) for text in texts for ground in ("background", "card", "muted")]
    weak = {pair: ratio for pair in pairs if (ratio := contrast(colours[pair[0]], colours[pair[1]])) < 4.5}
    assert weak == {}
    assert contrast(colours["ring"], colours["background"]) >= 3
    assert contrast(colours["control"], colours["background"]) >= 3


def test_contrast_is_measured_as_wcag_does():
    black, white, grey = Colour(0, 0, 0), Colour(0, 0, 100), Colour(0, 0, 46.3)  # #767676, the lightest that passes
    assert contrast(black, white) == contrast(white, black) == pytest.approx(21)
    assert contrast(grey, white) == pytest.approx(4.54, abs=0.02)


def test_a_page_takes_few_kilobytes():
    kit = MonsterKit()
    files = [*kit.styles.values(), *kit.scripts.values()]
    assert sum(len(gzip.compress(path.read_bytes(), 9)) for path in files) < 60_000


def test_our_own_rules_read_from_either_side():
    css = re.sub(r"/\*.*?\*/", "", (PACKAGE / "style" / "kit.css").read_text("utf-8"), flags=re.DOTALL)
    sided = re.findall(
        r"(?<![\w-])(?:(?:margin|padding|border)-(?:left|right)|left|right|text-align:\s*(?:left|right))[\w-]*\s*:", css
    )
    four = re.findall(
        r"(?:margin|padding|inset): *((?:[\w.%-]+\([^;]*?\)|[\w.%-]+)(?: (?:[\w.%-]+\([^;]*?\)|[\w.%-]+)){3})[;}]", css
    )
    uneven = [sides for sides in four if len(set(re.split(r" (?![^(]*\))", sides)[1::2])) > 1]
    assert sided + uneven == []


def test_the_licences_come_along():
    manifest = json.loads((BUILT / "manifest.json").read_text("utf-8"))
    assert set(manifest["carries"]) == {"franken-ui", "daisyui", "tailwindcss", "lucide-static"}
    for name in manifest["carries"]:
        assert "Permission" in (BUILT / "licences" / f"{name}.txt").read_text("utf-8")
