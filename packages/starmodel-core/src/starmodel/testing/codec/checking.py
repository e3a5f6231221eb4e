"""Contract of a codec's way in: parse and bind, and what comes from people who mean no good."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from starmodel.core.errors import InvalidError
from starmodel.core.ports import Codec

from .base import CodecSuite, binder_of, places, refused, through_json
from .samples import Account, Invoice, Level, Line

__all__ = ["CheckingContract"]

WRONG: tuple[tuple[Mapping[str, Any], tuple[str | int, ...]], ...] = (
    ({"title": 5}, ("title",)),
    ({"title": None}, ("title",)),
    ({"number": "many"}, ("number",)),
    ({"number": 1.5}, ("number",)),
    ({"number": [1]}, ("number",)),
    ({"ratio": "half"}, ("ratio",)),
    ({"paid": "perhaps"}, ("paid",)),
    ({"price": "1,5"}, ("price",)),
    ({"day": "yesterday"}, ("day",)),
    ({"day": "2025-02-30"}, ("day",)),
    ({"at": "noon"}, ("at",)),
    ({"key": "123"}, ("key",)),
    ({"level": "highest"}, ("level",)),
    ({"size": "xl"}, ("size",)),
    ({"lines": "a"}, ("lines",)),
    ({"lines": {}}, ("lines",)),
    ({"lines": [{"what": "a"}, {"what": "b", "pieces": "two"}]}, ("lines", 1, "pieces")),
    ({"lines": [{}]}, ("lines", 0, "what")),
    ({"line": {"pieces": 1}}, ("line", "what")),
    ({"counts": {"a": "x"}}, ("counts", "a")),
    ({"counts": []}, ("counts",)),
    ({"pair": [1, 2]}, ("pair", 1)),
    ({"number": True}, ("number",)),
    ({"ratio": False}, ("ratio",)),
    ({"price": True}, ("price",)),
    ({"span": True}, ("span",)),
    ({"either": True}, ("either",)),
    ({"rest": [1, True]}, ("rest", 1)),
    ({"counts": {"a": True}}, ("counts", "a")),
    ({"lines": [{"what": "a", "pieces": True}]}, ("lines", 0, "pieces")),
    ({"unheard_of": 1}, ("unheard_of",)),
)


def _nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


HOSTILE: Mapping[str, Any] = {
    "nan": math.nan,
    "infinity": math.inf,
    "minus infinity": -math.inf,
    "a long int": 10**4000,
    "an int too big for a float": -(10**400),
    "a lone surrogate": "\ud800",
    "a lone surrogate in text": "a\udfffb",
    "too many digits": "9" * 5000,
    "a huge exponent": "1e999999999",
    "nan as text": "NaN",
    "a signalling nan as text": "sNaN",
    "infinity as text": "-Infinity",
    "NUL": "\0",
    "blanks": " " * 10,
    "deep beyond recursion": _nested(10_000),
    "deep": _nested(100),
    "objects": {"a": {"b": {}}},
    "lists": [[]],
    "no fields": {},
    "no items": [],
    "a blank key": {"": ""},
    "a surrogate key": {"\ud800": 1},
    "nan inside": {"a": [math.nan]},
    "__class__": {"__class__": "x"},
    "__dict__": {"__dict__": {}},
    "__init__": {"__init__": 1},
}
"""What a JSON reader or a form may hand in."""

ODD_NAMES = ("__class__", "__dict__", "__init__", "self", "cls", "_note", "model_config", "evolve", "", "id; drop")


class CheckingContract(CodecSuite):
    """The way in."""

    @pytest.mark.parametrize(("fields", "loc"), WRONG, ids=repr)
    def test_a_problem_says_where_it_is(self, codec: Codec, fields: Mapping[str, Any], loc: tuple[Any, ...]) -> None:
        found = places(refused(codec.parse, Invoice, {"title": "t", **fields}))
        assert [place[: len(loc)] for place in found] == [loc] * len(found)

    @pytest.mark.parametrize("id", ["../../etc/passwd", "", "a b", "x" * 65, "é", 5, None, ["a"]], ids=repr)
    def test_what_is_no_id_is_refused(self, codec: Codec, id: Any) -> None:
        refused(codec.parse, Account, {"id": id, "owner": "ada"})
        refused(codec.load, Account, {"id": id, "owner": "ada"})

    def test_a_missing_field_is_named(self, codec: Codec) -> None:
        assert places(refused(codec.parse, Invoice, {})) == [("title",)]

    def test_every_wrong_field_is_named_at_once(self, codec: Codec) -> None:
        data = {"title": 5, "number": "x", "lines": [{"what": 1}, {"what": "b", "price": "x"}]}
        places_found = {place[:3] for place in places(refused(codec.parse, Invoice, data))}
        assert places_found == {("title",), ("number",), ("lines", 0, "what"), ("lines", 1, "price")}

    def test_a_broken_business_rule_is_told_in_its_own_words(self, codec: Codec) -> None:
        error = refused(codec.parse, Account, {"owner": "ada", "age": -1})
        assert [problem.message for problem in error.problems] == ["the age must not be negative"]

    @pytest.mark.parametrize("data", [None, [], "x", 5, [["owner", "ada"]]], ids=repr)
    def test_only_an_object_can_be_parsed(self, codec: Codec, data: Any) -> None:
        refused(codec.parse, Account, data)

    def test_a_refused_value_is_never_repeated(self, codec: Codec) -> None:
        parsed = refused(codec.parse, Account, {"owner": "ada", "password": ["hunter2"], "age": "hunter2"})
        bound = refused(binder_of(codec, "befriend"), {"friend": "f", "note": {"hunter2": "hunter2"}})
        assert "hunter2" not in str(parsed) + repr(parsed.problems) + str(bound) + repr(bound.problems)

    def test_a_default_is_fresh_each_time(self, codec: Codec) -> None:
        first, second = codec.parse(Account, {"owner": "a"}), codec.parse(Account, {"owner": "b"})
        for account in (first, second):
            with pytest.raises(TypeError):
                account.tags.append("x")
        assert (first.tags, second.tags) == ([], [])

    def test_arguments_are_converted(self, codec: Codec) -> None:
        args = {
            "text": "t",
            "number": 3,
            "when": "2025-01-02",
            "level": "high",
            "lines": [{"what": "a", "price": "1.5"}],
        }
        assert binder_of(codec, "set_all")(args) == {
            "text": "t",
            "number": 3,
            "when": date(2025, 1, 2),
            "level": Level.HIGH,
            "lines": [Line("a", 1, Decimal("1.5"))],
        }

    def test_arguments_that_are_unknown_missing_or_wrong_are_named(self, codec: Codec) -> None:
        args = {"number": "x", "nope": 1, "lines": [{"what": 1}]}
        assert places(refused(binder_of(codec, "set_all"), args)) == [
            ("lines", 0, "what"),
            ("nope",),
            ("number",),
            ("text",),
        ]

    @pytest.mark.parametrize("text", [False, True])
    def test_yes_is_no_number(self, codec: Codec, text: bool) -> None:  # noqa: FBT001  (pytest)
        args = {"text": "t", "number": True, "ratio": False, "maybe": True, "flag": True}
        error = refused(partial(binder_of(codec, "set_all"), text=text), args)
        assert places(error) == [("maybe",), ("number",), ("ratio",)]
        lines = [{"what": "a", "pieces": 2}, {"what": "b", "pieces": True}]
        error = refused(partial(binder_of(codec, "set_all"), text=text), {"text": "t", "number": 1, "lines": lines})
        assert places(error) == [("lines", 1, "pieces")]

    def test_an_event_without_arguments_takes_none(self, codec: Codec) -> None:
        assert binder_of(codec, "nothing")({}) == {}
        assert places(refused(binder_of(codec, "nothing"), {"x": 1})) == [("x",)]

    def test_an_entity_is_named_by_its_id(self, codec: Codec) -> None:
        assert binder_of(codec, "befriend")({"friend": "id-1"}) == {"friend": "id-1"}
        assert places(refused(binder_of(codec, "befriend"), {"friend": {"owner": "eve"}})) == [("friend",)]

    def test_an_optional_entity_is_named_by_its_id_or_left_empty(self, codec: Codec) -> None:
        bind, needed = binder_of(codec, "set_all"), {"text": "t", "number": 1}
        assert [bind({**needed, "other": id})["other"] for id in ("id-1", None)] == ["id-1", None]
        assert bind({**needed, "other": ""}, text=True).get("other") is None

    def test_creation_asks_for_what_has_no_default_and_refuses_what_is_private(self, codec: Codec) -> None:
        create = binder_of(codec, "create")
        assert create({"owner": "ada", "password": "p"}) == {"owner": "ada", "password": "p"}
        assert places(refused(create, {"margin": 1})) == [("margin",), ("owner",)]
        assert places(refused(create, {"owner": "ada", "id": "mine"})) == [("id",)]

    def test_an_update_takes_any_of_the_fields_and_invents_none(self, codec: Codec) -> None:
        update = binder_of(codec, "update")
        assert update({}) == {}
        assert update({"tags": ["a"]}) == {"tags": ["a"]}
        assert places(refused(update, {"margin": 1})) == [("margin",)]

    def test_text_of_a_form_is_converted(self, codec: Codec) -> None:
        args = {"text": "5", "number": "-3", "ratio": "1.5", "flag": "true", "maybe": "7", "level": "high"}
        wanted = {"text": "5", "number": -3, "ratio": 1.5, "flag": True, "maybe": 7, "level": Level.HIGH}
        assert binder_of(codec, "set_all")({**args, "when": "2025-01-02"}, text=True) == {
            **wanted,
            "when": date(2025, 1, 2),
        }

    @pytest.mark.parametrize(
        ("word", "value"), [("true", True), ("on", True), ("1", True), ("false", False), ("off", False)]
    )
    def test_a_checkbox_is_understood(self, codec: Codec, word: str, value: bool) -> None:  # noqa: FBT001  (pytest)
        assert binder_of(codec, "set_all")({"text": "t", "number": "1", "flag": word}, text=True)["flag"] is value

    def test_a_blank_form_field_is_nothing_where_text_does_not_fit(self, codec: Codec) -> None:
        blank = {"text": "", "number": "5", "ratio": "", "flag": "", "maybe": "", "word": "", "when": "", "level": ""}
        bound = binder_of(codec, "set_all")(blank, text=True)
        assert (bound["text"], bound["number"], bound["word"]) == ("", 5, "")
        assert (bound.get("maybe"), bound.get("when")) == (None, None)
        assert not bound.keys() & {"ratio", "flag", "level"}

    def test_the_parts_of_a_value_are_read_as_text_too(self, codec: Codec) -> None:
        lines = [{"what": "tea", "pieces": "2", "price": ""}, {"what": "", "pieces": ""}]
        bound = binder_of(codec, "set_all")({"text": "t", "number": "1", "lines": lines}, text=True)
        assert bound["lines"] == [Line("tea", 2), Line("")]

    def test_a_value_with_nothing_in_its_parts_is_none_where_that_is_a_value(self, codec: Codec) -> None:
        create = binder_of(codec, "create", Invoice)
        blank = {"what": "", "pieces": "", "price": ""}
        assert create({"title": "t", "line": blank}, text=True)["line"] is None
        assert create({"title": "t", "line": {**blank, "pieces": "3"}}, text=True)["line"] == Line("", 3)

    def test_a_blank_form_field_that_is_needed_is_missing(self, codec: Codec) -> None:
        assert places(refused(binder_of(codec, "set_all"), {"text": "", "number": ""}, text=True)) == [("number",)]

    def test_a_wrong_form_field_is_named(self, codec: Codec) -> None:
        error = refused(binder_of(codec, "set_all"), {"text": "", "number": "1.5", "flag": "maybe", "x": ""}, text=True)
        assert places(error) == [("flag",), ("number",), ("x",)]

    @pytest.mark.parametrize("hostile", HOSTILE)
    def test_a_hostile_value_is_refused_or_harmless(self, codec: Codec, hostile: str) -> None:
        value = HOSTILE[hostile]
        for name in Invoice.__entity_fields__:
            self._parse(codec, {"title": "t", name: value})
        for name in ("text", "number", "ratio", "flag", "maybe", "when", "level", "lines", "other"):
            for text in (False, True):
                self._bind(codec, "set_all", {"text": "t", "number": 1, name: value}, text=text)
        self._bind(codec, "take_anything", {"what": value}, text=False)

    @pytest.mark.parametrize("name", ODD_NAMES, ids=ascii)
    def test_an_odd_name_is_unexpected(self, codec: Codec, name: str) -> None:
        assert places(refused(codec.parse, Account, {"owner": "ada", name: 1})) == [(name,)]
        assert places(refused(binder_of(codec, "nothing"), {name: 1})) == [(name,)]
        assert places(refused(binder_of(codec, "update"), {name: 1})) == [(name,)]

    def _parse(self, codec: Codec, data: Mapping[str, Any]) -> None:
        """Parse: what is let in can be sent out again."""
        try:
            invoice = codec.parse(Invoice, data)
        except InvalidError:
            return
        assert codec.load(Invoice, through_json(codec.dump(invoice))) == invoice

    def _bind(self, codec: Codec, event: str, args: Mapping[str, Any], *, text: bool) -> None:
        """Bind: what is let in can be kept in a command."""
        try:
            bound = binder_of(codec, event)(args, text=text)
        except InvalidError:
            return
        through_json(codec.plain(bound))
