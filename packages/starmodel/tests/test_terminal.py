"""The program that comes with the distribution itself."""

from __future__ import annotations

import sys

import pytest

from starmodel.bootstrap.terminal import main


def test_it_is_the_command_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["starmodel", "--version"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code in (0, None)
    assert "starmodel" in capsys.readouterr().out


def test_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "starmodel.cli", None)
    with pytest.raises(SystemExit, match=r'pip install "starmodel\[all\]"'):
        main()
