"""The table of settings tells of every variable that is read, and of no other."""

from __future__ import annotations

import re

from starmodel.bootstrap import Settings
from starmodel.cli.checks.settings import KNOWN

from .pages import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
TOLD = set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE.partition("## Settings")[2], re.MULTILINE))


def test_the_table_is_what_the_settings_are_read_from():
    assert set(re.findall(r"``([A-Z_]+)``:", Settings.__doc__)) == TOLD


def test_a_slip_of_the_pen_is_noticed_in_each_of_them():
    assert {*KNOWN} == {*TOLD, "FORWARDED_ALLOW_IPS"}  # which is the server's own
