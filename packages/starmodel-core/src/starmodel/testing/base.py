"""What every contract suite shares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from starmodel.core.changes import Commit
from starmodel.core.errors import DefinitionError

__all__ = ["Contract", "bare"]

_OURS = "starmodel.testing."


@pytest.mark.anyio
class Contract:
    """Base of the published suites: they may be extended, and loosened only in the open.

    A subclass gives the fixtures its suite asks for, and says by class attributes what its adapter cannot do.  A test
    that an adapter cannot pass is replaced by one that is marked ``xfail(reason=...)``, and by nothing else.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        guard = "test_contract_is_kept_whole"
        if guard in vars(cls):
            raise DefinitionError(f"{cls.__name__} replaces {guard}: that test is what makes the suite worth its name")

    @pytest.fixture
    def anyio_backend(self) -> str:
        """Run the suite on asyncio, so that its users need no setting of pytest."""
        return "asyncio"

    def test_contract_is_kept_whole(self) -> None:
        """An adapter may ``xfail`` a test with a reason; it may not replace or remove one."""
        replaced = [name for name, published in _published(type(self)) if _is_replaced(type(self), name, published)]
        if replaced:
            pytest.fail(
                f"{type(self).__name__} replaces {', '.join(replaced)}: "
                "mark what the adapter cannot do with @pytest.mark.xfail(reason=...) instead"
            )


def _published(cls: type[Contract]) -> list[tuple[str, Any]]:
    ours = [base for base in cls.__mro__ if base.__module__.startswith(_OURS)]
    return [(name, value) for base in ours for name, value in vars(base).items() if name.startswith("test_")]


def _is_replaced(cls: type[Contract], name: str, published: Any) -> bool:
    current = getattr(cls, name, None)
    if current is published:
        return False
    marks = getattr(current, "pytestmark", [])
    return not any(mark.name == "xfail" and mark.kwargs.get("reason") for mark in marks)


def bare(commit: Commit) -> Commit:
    """Return *commit* as a log keeps it and a bus carries it: without snapshots, which stay where they were made."""
    changes = tuple(replace(change, snapshot=None) for change in commit.changes)
    return replace(commit, changes=changes, replayed=False)
