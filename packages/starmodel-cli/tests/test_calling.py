"""What is typed for an argument: text as in a form, JSON for a value that has parts."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from starmodel.cli.calling import command_of
from starmodel.core import Entity
from starmodel.core.errors import InvalidError
from starmodel.testing import application


@dataclass(frozen=True)
class Line:
    what: str
    many: int = 1


class Invoice(Entity):
    first: Line | None = None
    lines: list[Line] = []
    extra: dict[str, int] = {}
    tags: list[str] = []
    note: str = ""


def read(*words):
    return command_of(application(Invoice), "Invoice.create", words).args


@pytest.mark.parametrize(
    ("words", "args"),
    [
        (['first={"what": "a"}'], {"first": {"what": "a"}}),
        (['extra={"a": 1}'], {"extra": {"a": 1}}),
        (['lines={"what": "a"}'], {"lines": [{"what": "a"}]}),
        (['lines={"what": "a"}', 'lines={"what": "b"}'], {"lines": [{"what": "a"}, {"what": "b"}]}),
        (['lines=[{"what": "a"}, {"what": "b"}]'], {"lines": [{"what": "a"}, {"what": "b"}]}),
        (["lines=[]"], {"lines": []}),
        (["tags=a"], {"tags": ["a"]}),
        (["tags=[1, 2"], {"tags": ["[1, 2"]}),
        (['note={"a": 1}'], {"note": '{"a": 1}'}),
    ],
)
def test_an_argument_is_read_as_its_type_is_written(words, args):
    assert read(*words) == args


@pytest.mark.parametrize(
    ("text", "why"),
    [("[1,", "is not JSON: Expecting value"), ("[" * 100_000, "nested too deeply"), ('[{"a": NaN}]', "NaN")],
)
def test_what_is_no_json_is_said_so(text, why):
    with pytest.raises(InvalidError, match=why):
        read(f"lines={text}")
