"""A wheel is built alone, so what two builders do alike is written twice; it stays the same all the same."""

from __future__ import annotations

import pytest

from house.layout import ROOT

BUILDERS = {name: (ROOT / f"packages/starmodel-{name}/hatch_build.py").read_text() for name in ("fasthtml", "rest")}


def without_its_name(name: str, source: str) -> str:
    return source.replace(f"starmodel-{name} ", "starmodel-NAME ").replace(f"adapters/{name}/", "adapters/NAME/")


def test_browser_files_of_others_come_into_both_wheels_in_one_way():
    assert len({without_its_name(name, source) for name, source in BUILDERS.items()}) == 1


@pytest.mark.parametrize("name", BUILDERS)
def test_a_change_of_one_alone_is_noticed(name):
    changed = {**BUILDERS, name: BUILDERS[name].replace("sha256", "md5")}
    assert len({without_its_name(one, source) for one, source in changed.items()}) == 2
