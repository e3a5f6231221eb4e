"""What the parts of the codec suite share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from starmodel.core.entity import Entity
from starmodel.core.errors import InvalidError
from starmodel.core.events import events_of
from starmodel.core.parameters import parameters_of
from starmodel.core.ports import Binder, Codec
from starmodel.testing.base import Contract

from .samples import Account

__all__ = ["CodecSuite", "binder_of", "places", "refused", "through_json"]


class CodecSuite(Contract):
    """The fixture of the codec suite."""

    @pytest.fixture
    def codec(self) -> Codec:
        """Make a codec: every subclass gives this fixture."""
        raise NotImplementedError(f"give {type(self).__name__} a fixture codec that returns a codec")


def binder_of(codec: Codec, name: str, kind: type[Entity] = Account) -> Binder:
    """Return the compiled check of an event's arguments."""
    return codec.binder(f"{kind.__name__}.{name}", parameters_of(kind, events_of(kind)[name]))


def through_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return *data* as the other side of a wire gets it; fails when it is no JSON."""
    text = json.dumps(data, allow_nan=False, ensure_ascii=False).encode()
    back: dict[str, Any] = json.loads(text)
    return back


def refused(call: Any, *args: Any, **options: Any) -> InvalidError:
    """Return the InvalidError that the call raises; fails when it raises none."""
    with pytest.raises(InvalidError) as refusal:
        call(*args, **options)
    assert refusal.value.problems, "an InvalidError says what is wrong"
    return refusal.value


def places(error: InvalidError) -> list[tuple[str | int, ...]]:
    """Return where the problems are."""
    return sorted((problem.loc for problem in error.problems), key=repr)
