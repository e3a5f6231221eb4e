"""Plugins are found by what their distributions say, and nothing of theirs runs."""

from __future__ import annotations

import sys

from starmodel.plugins import discover


def test_a_plugin_is_found_with_its_distribution_and_version(install):
    install("weather-board", "", name="weather", version="3.4")
    (found,) = [plugin for plugin in discover() if plugin.name == "weather"]
    assert (found.distribution, found.version, found.point.value) == ("weather-board", "3.4", "weather_board")


def test_finding_a_plugin_does_not_import_it(install):
    install("explosive", "raise SystemExit('imported')")
    assert "explosive" in {plugin.name for plugin in discover()}
    assert "explosive" not in sys.modules


def test_plugins_are_sorted_by_distribution_and_not_by_the_order_of_installing(install):
    for distribution in ("Zebra", "ape", "monkey_x", "monkey-y"):
        install(distribution, "")
    names = [plugin.name for plugin in discover() if plugin.name in {"Zebra", "ape", "monkey_x", "monkey-y"}]
    assert names == ["ape", "monkey_x", "monkey-y", "Zebra"]
