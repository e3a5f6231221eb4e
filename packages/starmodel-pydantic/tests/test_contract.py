"""The codec over pydantic keeps the contract of codecs."""

from __future__ import annotations

import pytest

from starmodel.adapters.pydantic import PydanticCodec
from starmodel.testing import CodecContract


class TestPydanticCodec(CodecContract):
    @pytest.fixture
    def codec(self):
        return PydanticCodec()
