"""The fields of a form as values inside of values: what their names may say, and what they may not."""

from __future__ import annotations

import pytest

from starmodel.adapters.fasthtml.nesting import read_names
from starmodel.core.errors import InvalidError


def nested(sent, lists=(), parts=("address", "tags", "lines", "a")):
    return read_names(sent, lists).nested([*parts, *lists])


def test_dotted_names_are_parts_of_values():
    sent = {"title": "t", "address.city": "Rome", "address.at.lat": "1", "lines.0.what": "tea", "lines.1.what": "jam"}

    assert nested(sent) == {
        "title": "t",
        "address": {"city": "Rome", "at": {"lat": "1"}},
        "lines": [{"what": "tea"}, {"what": "jam"}],
    }


def test_a_name_with_a_dot_is_itself_where_nothing_has_parts():
    assert nested({"title.x": "1"}) == {"title.x": "1"}


def test_items_come_in_the_order_of_their_numbers_and_gaps_close():
    assert nested({"tags.10": "c", "tags.2": "b", "tags.0": "a"}) == {"tags": ["a", "b", "c"]}


def test_items_that_were_left_blank_are_none():
    sent = {"tags.0": "", "tags.1": "b", "lines.0.what": "", "lines.0.done": "false", "lines.1.what": "x"}

    assert nested(sent) == {"tags": ["b"], "lines": [{"what": "x"}]}


def test_a_list_is_in_the_form_also_when_nothing_is_in_it():
    assert nested({"tags.": ""}) == {"tags": []}
    assert nested({"tags.": "", "tags": ["a", "b"]}, lists=["tags"]) == {"tags": ["a", "b"]}
    assert nested({"address.tags.": ""}) == {"address": {"tags": []}}


def test_one_choice_of_several_is_a_list():
    assert nested({"tags.": "", "tags": "a"}) == {"tags": ["a"]}


def test_parts_that_are_as_they_were_drawn_for_nothing_are_nothing():
    drawn = {"a.price.": "currency=EUR", "a.price.currency": "EUR", "a.name": "x"}

    assert nested({**drawn, "a.price.amount": ""}) == {"a": {"name": "x", "price": None}}
    assert nested({**drawn, "a.price.amount": "5"})["a"]["price"] == {"currency": "EUR", "amount": "5"}


def test_an_item_that_is_as_it_was_drawn_is_left_out():
    assert nested({"lines.0.": "pieces=1", "lines.0.pieces": "1", "lines.0.what": "", "lines.": ""}) == {"lines": []}


def test_of_several_values_the_last_counts_where_one_is_wanted():
    assert nested({"done": ["false", "on"], "a.done": ["false", "on"]}) == {"done": "on", "a": {"done": "on"}}


@pytest.mark.parametrize(
    "name", ["tags.1000", "tags.999999999", "tags.²", f"a{'.a' * 12}", f"lines.0{'.0' * 40}"], ids=ascii
)
def test_names_that_count_or_go_too_far_are_refused(name):
    with pytest.raises(InvalidError):
        nested({name: "x"})


@pytest.mark.parametrize("sent", [{"a": "1", "a.b": "2"}, {"a.b.c": "1", "a.b": "2"}, {"a.b": "1", "a.b.c": "2"}])
def test_a_value_is_not_sent_both_whole_and_in_parts(sent):
    with pytest.raises(InvalidError, match="both as a whole and in parts"):
        nested(sent)


@pytest.mark.parametrize(
    ("hint", "text", "value"),
    [
        ("blank=none", " ", None),
        ("blank=none", "x", "x"),
        ("zone=Europe/Berlin", "2026-05-05T10:00", "2026-05-05T10:00:00+02:00"),
        ("zone=Europe/Berlin", "2026-05-05T10:00Z", "2026-05-05T10:00Z"),
        ("zone=Nowhere/At_all", "2026-05-05T10:00", "2026-05-05T10:00"),
        ("zone=../../etc/passwd", "2026-05-05T10:00", "2026-05-05T10:00"),
        ("zone=UTC", "soon", "soon"),
        ("was=exact&text=about", "about", "exact"),
        ("was=exact&text=about", "other", "other"),
        ("json=1", '{"a": [1]}', {"a": [1]}),
    ],
)
def test_a_form_says_how_a_text_is_read(hint, text, value):
    assert nested({"x": text, "x@": hint}) == {"x": value}


def test_a_blank_may_be_nothing_given_or_be_refused():
    assert nested({"x": "", "x@": "blank=skip"}) == {}
    form = read_names({"x": " ", "x@": "blank=refuse"}, ())
    assert form.flat == {}
    assert [str(problem) for problem in form.problems] == ["x: is required"]


def test_what_is_no_json_is_said_so_at_its_field():
    form = read_names({"a.b": "{", "a.b@": "json=1"}, ())

    assert [(problem.loc, problem.code) for problem in form.problems] == [(("a", "b"), "json")]
    assert "a.b" not in form.flat


def test_whoever_takes_theirs_sends_nothing_for_the_field():
    sent = {"title": "mine", "title?": "theirs", "a.b": "1", "a?": "theirs", "a.": "x=1", "note": "n", "note?": "yours"}

    assert nested(sent) == {"note": "n"}


def test_what_was_typed_for_a_reference_stands_beside_its_id():
    form = read_names({"owner_id": "7", "owner_id~": "Ada ", "owner_id@": "named=Eve"}, ())

    assert form.flat == {"owner_id": "7"}
    assert form.typed == {"owner_id": ("Ada", "Eve")}


def test_items_are_counted_as_they_are_read():
    form = read_names({"tags.0": "", "tags.3": "a", "tags.9": "b", "lines.2.what": "x"}, ())

    assert form.indexes("tags") == [3, 9]
    assert form.indexes("lines") == [2]
    assert form.indexes("nothing") == []
