"""Which words of a program may be classes, and what is said when that cannot be found out."""

from __future__ import annotations

from pathlib import Path

import pytest

from starmodel.adapters.ui_monster.style import own
from starmodel.adapters.ui_monster.style.own import OwnStylesError, css, words_in
from starmodel.adapters.ui_monster.style.toolchain import ToolchainError


def test_words_are_looked_for_in_strings_alone():
    source = '''
"""p-1 in a docstring"""
def page(flex): # p-2 in a comment
    return Div(f"p-3 {flex} p-4", cls=("p-5", "p-6 p-7"))
'''
    assert words_in(source) == {"p-3", "p-4", "p-5", "p-6", "p-7"}


def test_what_is_not_python_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("broken.py").write_text("x = (")
    with pytest.raises(OwnStylesError, match=r"broken\.py, line 1"):
        css()
    Path("broken.py").write_bytes(b"x = '\xff'")
    with pytest.raises(OwnStylesError, match=r"broken\.py cannot be read"):
        css()


def test_nothing_there_is_an_error(tmp_path):
    with pytest.raises(OwnStylesError, match="starmodel css --source app"):
        css(tmp_path / "nowhere")


def test_without_node_the_error_names_the_extra(tmp_path, monkeypatch):
    def missing(*_):
        raise ToolchainError("no Node")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(own, "installed", missing)
    with pytest.raises(OwnStylesError, match=r"starmodel-monsterui\[css\]"):
        css()
    assert not (tmp_path / "static").exists()
