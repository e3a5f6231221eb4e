"""Public is what `__all__` says: the list and the real names never drift apart."""

from __future__ import annotations

import pytest

from house.layout import PACKAGES, modules
from house.public_names import untrue_all

PUBLIC = [
    (name, path)
    for package in PACKAGES
    for name, path in modules(package.src)
    if not any(part.startswith("_") for part in name.split("."))
]


@pytest.mark.parametrize(("name", "path"), PUBLIC, ids=[name for name, _ in PUBLIC])
def test_all_lists_exactly_the_public_names(name, path):
    package = name if path.name == "__init__.py" else None
    complaints = untrue_all(path.read_text(), package=package)
    assert not complaints, "\n".join(complaints)


def test_every_wheel_was_looked_at():
    seen = [path for _, path in PUBLIC]
    assert [package.name for package in PACKAGES if not any(path.is_relative_to(package.src) for path in seen)] == []


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("def shown(): ...", "no __all__, but shown"),
        ("__all__ = []\nclass Shown: ...", "Shown is public but not in __all__"),
        ("__all__ = []\nif True:\n    async def late(): ...", "late is public but not in __all__"),
        ("__all__ = ['gone']", "gone is in __all__ but not a name of the module"),
        ("__all__ = ['path']\nfrom os import path", "path is in __all__ but not a name of the module"),
        ("__all__ = ['a', 'a']\na = 1", "a is twice in __all__"),
    ],
)
def test_a_wrong_list_is_noticed(source, complaint):
    assert untrue_all(source) == [complaint]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "import os\n_hidden = 1",
        "__all__ = ['f']\ndef f(): ...",
        "__all__ = ['LIMIT']\nLIMIT, INNER = 1, 2",
        "__all__ = ['Command']\nfrom starmodel.core import Command, Entity",
        "__all__ = []\nif TYPE_CHECKING:\n    class Seen: ...",
        "__all__ = ['late']\ndef __getattr__(name): ...",
    ],
)
def test_a_true_list_passes(source):
    assert untrue_all(source) == []


def test_a_package_shows_what_it_imports_from_its_own_modules():
    source = "from .entity import Entity\nfrom starmodel.core.events import event\nfrom os import path\n"
    assert untrue_all(source + "__all__ = ['Entity', 'event']", package="starmodel.core") == []
    complaints = untrue_all(source + "__all__ = ['Entity']", package="starmodel.core")
    assert complaints == ["event is public but not in __all__"]
