"""What a docstring becomes on a page of the reference."""

from __future__ import annotations

import importlib.util

import pytest

from .pages import ROOT


@pytest.fixture(scope="module")
def as_markdown():
    spec = importlib.util.spec_from_file_location("roles", ROOT / "docs" / ".hooks" / "roles.py")
    roles = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(roles)
    return roles.as_markdown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("see :class:`~starmodel.core.Entity`", "see [`Entity`][starmodel.core.Entity]"),
        ("see :class:`starmodel.core.Entity`", "see [`starmodel.core.Entity`][starmodel.core.Entity]"),
        ("see :meth:`dump`", "see `dump`"),
        ("see :mod:`starmodel.testing`", "see `starmodel.testing`"),
        ("::\n\n    x = 1", "\n\n    x = 1"),
        ("As in::\n\n    x = 1", "As in:\n\n    x = 1"),
        ("a :: b", "a :: b"),
    ],
)
def test_roles_and_literal_blocks_become_markdown(as_markdown, written, shown):
    assert as_markdown(written) == shown
