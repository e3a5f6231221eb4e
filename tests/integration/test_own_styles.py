"""`starmodel css`: the classes of an application, compiled with the tools that the lock pins."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from starmodel.adapters.ui_monster import MonsterKit
from starmodel.adapters.ui_monster.style.own import css

TOOLS = Path(__file__).parents[2] / ".cache" / "style"

PAGE = '''
"""A page with p-[77px] in what it says of itself."""
def page(wide: bool):
    return Div("rotate-[17deg] hover:bg-primary/35", cls=f"w-[13rem] md:w-[26rem] {'p-4' if wide else 'columns-4'}")
'''


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(".starmodel").mkdir()
    TOOLS.mkdir(parents=True, exist_ok=True)
    Path(".starmodel", "style").symlink_to(TOOLS)
    Path("app").mkdir()
    Path("app", "pages.py").write_text(PAGE)
    Path("venv").mkdir()
    Path("venv", "other.py").write_text("x = 'p-[99px]'")
    return tmp_path


def test_the_classes_that_a_page_writes_get_their_rules(project, capsys):
    css()
    own, text = Path("static/own.css"), Path("static/own.css").read_text("utf-8")
    written = {name.replace("\\", "") for name in re.findall(r"\.((?:[\w-]|\\.)+)", text)}
    assert {"rotate-[17deg]", "hover:bg-primary/35", "w-[13rem]", "md:w-[26rem]", "p-4", "columns-4"} <= written
    assert not {"p-[77px]", "p-[99px]", "gap-2"} & written
    assert "hsl(var(--primary)" in text
    assert text.index("width:13rem") < text.index("width:26rem")  # narrow before wide
    assert capsys.readouterr().out.startswith("static/own.css: ")
    assert list(MonsterKit(extra={"own.css": own}).styles)[-1] == "own.css"
