"""The parts of the codec suite put together."""

from __future__ import annotations

from .carrying import CarryingContract
from .checking import CheckingContract

__all__ = ["CodecContract"]


class CodecContract(CarryingContract, CheckingContract):
    """What every codec must do.

    Subclass it, give it a codec, and run pytest::

        class TestMyCodec(CodecContract):
            @pytest.fixture
            def codec(self):
                return MyCodec()

    It looks at names, types and visibility.  What a codec makes of constraints inside ``Annotated`` is its own.
    """
