"""Adapters by name: found by entry point, imported when they are asked for and not before."""

from __future__ import annotations

import sys

import pytest

from starmodel.app import Registry
from starmodel.core.errors import AdapterNotFoundError, DuplicateAdapterError

GROUP = "starmodel.trial"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a distribution that offers one adapter."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def install(distribution, name, *, code="ADAPTER = object()\n", target="ADAPTER"):
        module = distribution.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(code)
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {module}:{target}\n")
        return module

    yield install
    for module in set(sys.modules) - before:
        sys.modules.pop(module)


def test_an_installed_adapter_is_found_by_its_name(install):
    module = install("one-store", "one")
    assert Registry(GROUP).get("one") is sys.modules[module].ADAPTER


def test_nothing_is_imported_before_it_is_asked_for(install):
    module = install("one-store", "one", code="raise RuntimeError('imported')")
    registry = Registry(GROUP)
    assert registry.names() == ["one"]
    assert module not in sys.modules
    with pytest.raises(RuntimeError, match="imported"):
        registry.get("one")


def test_an_adapter_is_loaded_once(install):
    install("one-store", "one", code="class Made: pass\nADAPTER = Made()\n")
    registry = Registry(GROUP)
    assert registry.get("one") is registry.get("one")


def test_an_unknown_name_is_an_error_that_says_what_there_is(install):
    install("one-store", "memory")
    with pytest.raises(AdapterNotFoundError, match=r"'memori' in starmodel.trial; did you mean 'memory'.*, or install"):
        Registry(GROUP).get("memori")


def test_with_nothing_installed_the_error_says_so():
    with pytest.raises(AdapterNotFoundError, match="there is none, or install the package"):
        Registry(GROUP).get("one")


def test_two_packages_of_one_name_are_refused_by_their_names(install):
    install("one-store", "one")
    install("other-store", "one")
    with pytest.raises(DuplicateAdapterError, match=r"one-store and other-store both offer 'one'.*uninstall one"):
        Registry(GROUP).get("one")


def test_one_added_by_hand_wins(install):
    install("one-store", "one")
    registry = Registry(GROUP)
    registry.add("one", mine := object())
    registry.add("two", mine)
    assert registry.get("one") is mine
    assert registry.names() == ["one", "two"]
