"""The page of the hooks has each hook that there is, called as it is specified."""

from __future__ import annotations

import re

from starmodel.plugins import PluginHost

from .pages import ROOT

PAGE = (ROOT / "docs" / "plugins" / "hooks.md").read_text(encoding="utf-8")


def test_every_hook_stands_on_the_page_as_it_is_specified():
    told = sorted(re.findall(r"^### (.*starmodel_.*)$", PAGE, re.MULTILINE))
    specified = [
        f"{'await ' if one.is_async else ''}{one.name}({', '.join(one.arguments)})" for one in PluginHost().hooks
    ]
    assert told == sorted(specified)
