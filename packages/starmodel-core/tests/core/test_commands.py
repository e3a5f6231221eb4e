"""A Command is a record: it goes to JSON and back, and a bad one is refused with every reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel.core import Command, InvalidError
from starmodel.core.commands import COMMAND_SCHEMA

FULL = Command(
    entity="Todo",
    event="rename",
    args={"title": "Straße 🎉", "n": 1},
    entity_id="a",
    id="c1",
    actor="ada",
    at=datetime(2025, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    base_version=4,
)


def locations(text):
    with pytest.raises(InvalidError) as caught:
        Command.from_json(text)
    return {".".join(map(str, problem.loc)): problem for problem in caught.value.problems}


def record(**changes):
    return json.dumps({"id": "c1", "entity": "Todo", "event": "rename", **changes})


def test_a_command_survives_the_way_to_json_and_back():
    assert Command.from_json(FULL.to_json()) == FULL


def test_what_is_left_out_has_its_default():
    assert Command.from_json(record()) == Command(id="c1", entity="Todo", event="rename")


def test_the_version_of_the_record_is_always_written():
    assert json.loads(FULL.to_json())["schema"] == COMMAND_SCHEMA == 1


def test_bytes_are_read_like_text():
    assert Command.from_json(FULL.to_json().encode()) == FULL


def test_a_field_of_a_newer_version_that_does_not_matter_is_ignored():
    assert Command.from_json(record(colour="red")).id == "c1"


def test_values_json_does_not_know_are_written_by_the_given_function():
    command = Command(entity="T", event="e", args={"price": Decimal("1.5")})
    assert json.loads(command.to_json(default=str))["args"] == {"price": "1.5"}


def test_a_number_json_does_not_know_is_not_written():
    with pytest.raises(ValueError, match="not JSON compliant"):
        Command(entity="T", event="e", args={"n": float("nan")}).to_json()


def test_a_number_json_does_not_know_is_not_read_either():
    assert "NaN" in str(locations('{"id": "c", "entity": "T", "event": "e", "args": {"n": NaN}}')[""])


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", "null", b"\xff", "[" * 100_000, '{"id": ' + "1" * 5000 + "}"])
def test_what_is_no_json_object_is_refused(text):
    assert locations(text)[""].code == "json"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", 1),
        ("entity", None),
        ("event", ["x"]),
        ("args", [1]),
        ("args", None),
        ("actor", 3),
        ("entity_id", 3),
        ("base_version", "4"),
        ("base_version", True),
        ("base_version", 1.5),
        ("at", 3),
        ("at", "yesterday"),
        ("at", "2025-01-02T03:04:05"),
        ("schema", "1"),
        ("schema", True),
        ("schema", 0),
    ],
)
def test_a_wrong_value_is_refused_by_name(field, value):
    assert locations(record(**{field: value})).keys() == {field}


def test_every_wrong_value_is_named_at_once():
    assert locations(record(id=1, at=2, args=3)).keys() == {"id", "at", "args"}


def test_what_must_be_there_is_named():
    assert locations("{}").keys() == {"id", "entity", "event"}


def test_a_record_of_a_future_version_is_refused():
    problem = locations(record(schema=2))["schema"]
    assert "this version reads up to 1; update StarModel" in problem.message


def test_a_time_that_says_no_zone_is_refused_since_it_means_nothing_elsewhere():
    assert "with its offset from UTC" in locations(record(at="2025-01-02T03:04:05"))["at"].message


def test_aiming_a_command_changes_nothing_else():
    assert FULL.on("b") == Command.from_json(record(**{**json.loads(FULL.to_json()), "entity_id": "b"}))
    assert FULL.entity_id == "a"


def test_a_repr_shows_the_names_of_the_arguments_and_not_their_values():
    text = repr(Command(entity="Account", event="sign_in", args={"password": "geheim"}, entity_id="a", id="c1"))
    assert text == "<command Account.sign_in(password) on 'a', id 'c1'>"
    assert repr(Command(entity="Account", event="create")) == "<command Account.create()>"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values, max_size=4), st.text(), st.none() | st.text())
def test_any_json_value_survives(args, event, entity_id):
    command = Command(entity="T", event=event, args=args, entity_id=entity_id)
    assert Command.from_json(command.to_json()) == command


@given(st.text() | st.binary() | json_values.map(json.dumps))
def test_whatever_is_read_gives_a_command_or_says_what_is_wrong(text):
    try:
        outcome = Command.from_json(text)
    except InvalidError as error:
        outcome = error.problems
    assert outcome
