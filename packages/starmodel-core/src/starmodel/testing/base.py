"""What every contract suite shares."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from starmodel.core.changes import Commit
from starmodel.core.errors import DefinitionError

__all__ = ["Contract", "bare"]

_OURS = "starmodel.testing."
_GUARD = "test_contract_is_kept_whole"
_TAKES_THE_GUARD_ALONG = ("skip", "xfail")


class _KeptWhole(ABCMeta):
    """Looks at a suite each time pytest makes an instance of it: when it collects the tests, and before each of them.

    What takes away the guarding test, a mark on the class among it, cannot be noticed by that test.
    """

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        _refuse_without_guard(cls)
        return super().__call__(*args, **kwargs)


@pytest.mark.anyio
class Contract(metaclass=_KeptWhole):
    """Base of the published suites: they may be extended, and loosened only in the open.

    A subclass gives the fixtures its suite asks for, and says by class attributes what its adapter cannot do.  A test
    that an adapter cannot pass is replaced by one that is marked ``xfail(reason=...)``, and by nothing else.  Where a
    suite cannot run at all, for want of a server perhaps, its class is marked ``skipif(..., reason=...)``.
    """

    __published__: ClassVar[Mapping[str, Any]] = {}
    """The tests of this one suite as they were published."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__.startswith(_OURS):
            cls.__published__ = _tests_in(cls)
        _refuse_without_guard(cls)

    @pytest.fixture
    def anyio_backend(self) -> str:
        """Run the suite on asyncio, so that its users need no setting of pytest."""
        return "asyncio"

    def test_contract_is_kept_whole(self) -> None:
        """An adapter may ``xfail`` a test with a reason; it may not replace, skip or remove one."""
        bent = [name for name, published in _published(type(self)).items() if _is_bent(type(self), name, published)]
        if bent:
            pytest.fail(
                f"{type(self).__name__} replaces {', '.join(bent)}: "
                "mark what the adapter cannot do with @pytest.mark.xfail(reason=...) instead"
            )


_GUARDING: Callable[..., None] = vars(Contract)[_GUARD]


def _tests_in(cls: type) -> dict[str, Any]:
    """Return the tests of *cls* as they are now: what becomes of them later is compared with these."""
    return {name: value for base in reversed(cls.__mro__) for name, value in vars(base).items() if name[:5] == "test_"}


def _published(cls: type) -> dict[str, Any]:
    """Return what was published of every suite that *cls* is made of."""
    return {name: test for base in reversed(cls.__mro__) for name, test in vars(base).get("__published__", {}).items()}


def _refuse_without_guard(cls: type) -> None:
    """DefinitionError when the guarding test of *cls* would not run, or could not fail."""
    if getattr(cls, _GUARD, None) is not _GUARDING or _marks(_GUARDING):
        raise DefinitionError(f"{cls.__name__} replaces {_GUARD}: that test is what makes the suite worth its name")
    for base in cls.__mro__:
        for mark in _marks(base):
            if mark.name in _TAKES_THE_GUARD_ALONG:
                raise DefinitionError(
                    f"{base.__name__} is marked {mark.name} as a whole: say skipif(..., reason=...) of a suite that "
                    "cannot run everywhere, and xfail(reason=...) of each test that the adapter cannot pass"
                )


def _is_bent(cls: type, name: str, published: Any) -> bool:
    current = getattr(cls, name, None)
    marks = _marks(current)
    if any(mark.name in ("skip", "skipif") for mark in marks):
        return True
    loosened = [mark for mark in marks if mark.name == "xfail"]
    if not loosened:
        return current is not published
    return not all(mark.kwargs.get("reason") for mark in loosened)


def _marks(marked: object) -> list[pytest.Mark]:
    """Return the marks of a test or of a class itself, however they were written down."""
    found: Any = getattr(marked, "__dict__", {}).get("pytestmark", [])
    every: Sequence[Any] = found if isinstance(found, list | tuple) else [found]
    return [getattr(one, "mark", one) for one in every]


def bare(commit: Commit) -> Commit:
    """Return *commit* as a log keeps it and a bus carries it: without snapshots, which stay where they were made."""
    changes = tuple(replace(change, snapshot=None) for change in commit.changes)
    return replace(commit, changes=changes, replayed=False)
