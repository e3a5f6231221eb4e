"""A project names its module of entities, and need not list them again."""

from __future__ import annotations

from types import ModuleType

import pytest

from starmodel.bootstrap import entities_in

CODE = """
from starmodel.core import Entity, event
from elsewhere import Borrowed

class _Base(Entity):
    name: str

class Zebra(_Base): pass
class Ant(_Base): pass
Alias = Ant
class Other: pass
"""


@pytest.fixture
def module(monkeypatch):
    def module(name, code):
        made = ModuleType(name)
        monkeypatch.setitem(__import__("sys").modules, name, made)
        exec(code, vars(made))
        return made

    module("elsewhere", "from starmodel.core import Entity\nclass Borrowed(Entity): pass")
    return module


def test_what_a_module_defines_is_found_once_in_its_order(module):
    assert [kind.__name__ for kind in entities_in(module("mine", CODE))] == ["Zebra", "Ant"]


def test_a_package_owns_what_its_own_modules_define(module):
    module("shop.parts", "from starmodel.core import Entity\nclass Part(Entity): pass")
    shop = module("shop", "from shop.parts import Part\nfrom elsewhere import Borrowed")
    assert [kind.__name__ for kind in entities_in(shop)] == ["Part"]


def test_several_modules_are_one_list(module):
    one, two = module("one", CODE), module("two", CODE)
    assert [kind.__module__ for kind in entities_in(one, two)] == ["one", "one", "two", "two"]
