"""The encoder: what it writes, and what it refuses to write."""

from __future__ import annotations

import html
import json
import pickle

import pytest
from fasthtml.components import Button, to_xml
from hypothesis import given
from hypothesis import strategies as st

from starmodel.adapters.fasthtml import wire
from starmodel.adapters.fasthtml.wire import (
    SilentAttributeError,
    WireError,
    WireNameError,
    WireValueError,
    check_attributes,
    comment_frame,
    elements_frame,
    event_frame,
    js,
    signals_frame,
)
from starmodel.core.errors import StarModelError

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
LINE_BREAKS = ["\n", "\r", "\r\n"]
TEXT_THAT_LOOKS_LIKE_A_BREAK = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg"


def parse(frame: bytes) -> dict[str, list[str]]:
    """Read one frame as the WHATWG describes it."""
    text = frame.decode()
    assert text.endswith("\n\n")
    fields: dict[str, list[str]] = {}
    for line in text[:-2].replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        name, _, value = line.partition(":")
        fields.setdefault(name, []).append(value.removeprefix(" "))
    return fields


def test_a_patch_of_elements_is_the_shortest_frame_there_is():
    assert elements_frame("<b id='x'>1</b>") == b"event: datastar-patch-elements\ndata: elements <b id='x'>1</b>\n\n"


def test_a_patch_names_its_id_its_place_and_its_mode():
    frame = parse(elements_frame("<li>", selector="#list > li", mode="append", event_id="e-5"))
    assert frame == {
        "id": ["e-5"],
        "event": ["datastar-patch-elements"],
        "data": ["selector #list > li", "mode append", "elements <li>"],
    }


@given(ANY_TEXT)
def test_html_has_as_many_lines_in_the_frame_as_it_has(text):
    lines = parse(elements_frame(text))["data"]
    assert "\n".join(line.removeprefix("elements ") for line in lines) == text.replace("\r\n", "\n").replace("\r", "\n")


def test_only_real_line_breaks_are_line_breaks():
    assert len(parse(elements_frame(TEXT_THAT_LOOKS_LIKE_A_BREAK))["data"]) == 1
    assert len(parse(elements_frame(f"{TEXT_THAT_LOOKS_LIKE_A_BREAK}\nz"))["data"]) == 2
    assert comment_frame(TEXT_THAT_LOOKS_LIKE_A_BREAK).count(b"\n") == 2
    for end in LINE_BREAKS:
        assert parse(elements_frame(f"a{end}b"))["data"] == ["elements a", "elements b"]


@pytest.mark.parametrize("char", ["\n", "\r", "\0"])
def test_a_field_cannot_be_forged(char):
    for forge in (
        lambda: elements_frame("x", selector=f"a{char}b"),
        lambda: elements_frame("x", event_id=f"a{char}b"),
        lambda: signals_frame({}, event_id=f"a{char}b"),
        lambda: event_frame(f"a{char}b", {}),
        lambda: event_frame("x", {}, event_id=f"a{char}b"),
    ):
        with pytest.raises(WireNameError, match="cannot be sent; use text without line breaks"):
            forge()


def test_a_mode_is_one_of_datastars_and_has_the_selector_it_needs():
    with pytest.raises(WireNameError, match="one of after, append"):
        elements_frame("x", mode="morph")
    with pytest.raises(WireNameError, match="together with a selector"):
        elements_frame("x", mode="append")
    assert b"mode replace" in elements_frame("<i id='x'>", mode="replace")


def test_signals_travel_as_one_line_of_json():
    assert signals_frame({"a": 1, "b": {"c_d": ["x\n", True]}}, only_if_missing=True, event_id="7") == (
        b"id: 7\nevent: datastar-patch-signals\ndata: onlyIfMissing true\n"
        b'data: signals {"a":1,"b":{"c_d":["x\\n",true]}}\n\n'
    )


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,5}", fullmatch=True), ANY_TEXT | st.integers(-9, 9) | st.booleans()
    )
)
def test_signals_come_out_as_they_went_in(values):
    [line] = parse(signals_frame(values))["data"]
    assert json.loads(line.removeprefix("signals ")) == values


@pytest.mark.parametrize("name", ["", "1a", "a-b", "a.b", "a__b", "__proto__", "a b", "ä", "a\n", 5, None])
def test_a_name_that_datastar_reads_otherwise_is_refused(name):
    with pytest.raises(WireNameError, match="letters, digits and single underscores"):
        signals_frame({name: 1})
    with pytest.raises(WireNameError):
        signals_frame({"fine": [{name: 1}]})


def test_our_own_reserved_signal_is_a_name():
    assert b'{"_sm":' in signals_frame({"_sm": {"go": "/x"}})


def test_none_is_refused_because_it_deletes():
    with pytest.raises(WireValueError, match=r'signal a\.due is None.*send "" instead, or a flag has_due'):
        signals_frame({"a": {"due": None}})
    with pytest.raises(WireValueError, match="has_0"):
        signals_frame({"a": [None]})


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -float("inf"), b"x", {1}, object(), "\ud800", 2**53, -(2**53)]
)
def test_a_value_without_an_exact_form_in_the_browser_is_refused(value):
    for write in (js, lambda it: signals_frame({"a": it}), lambda it: event_frame("sm-x", [it])):
        with pytest.raises(WireValueError):
            write(value)
        with pytest.raises(WireValueError):
            write({"deep": [value]})


def test_a_half_character_in_html_is_refused():
    with pytest.raises(WireValueError, match="lone surrogate"):
        elements_frame("a\udc00")


def test_the_largest_exact_integer_and_long_digits_in_text_are_fine():
    assert json.loads(js([2**53 - 1, "12345678901234567890"])) == [2**53 - 1, "12345678901234567890"]


def test_a_structure_that_holds_itself_is_refused():
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(WireValueError):
        js(loop)


def test_an_event_of_our_own_is_json_and_may_hold_null():
    assert event_frame("sm-hello", {"fresh": True, "x": None}, event_id="e-1") == (
        b'id: e-1\nevent: sm-hello\ndata: {"fresh":true,"x":null}\n\n'
    )


def test_a_comment_stays_a_comment():
    assert comment_frame() == b": \n\n"
    assert comment_frame("a\ndata: x\r\ry") == b": a\n: data: x\n: \n: y\n\n"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | ANY_TEXT,
        lambda it: st.lists(it) | st.dictionaries(ANY_TEXT, it),
    )
)
def test_a_literal_is_json_of_the_same_value_without_one_unsafe_character(value):
    literal = js(value)
    assert not set(literal) & set("@$<>&'`;\u2028\u2029\U0001f595\U0001f680")
    assert '\\"' not in literal
    assert "\\\\" not in literal
    assert json.loads(literal.replace('["__proto__"]:', '"__proto__":')) == value


def test_a_literal_survives_both_kinds_of_attribute():
    literal = js({"a": 'it\'s "so" <b>&amp;</b>'})
    assert html.unescape(html.escape(literal)) == literal
    button = to_xml(Button("x", **{"data-on:click": f"@send('/x', {literal})"}))
    assert f"data-on:click=\"@send('/x', {literal}" not in button
    assert button.count("<") == 2


def test_a_key_cannot_become_the_prototype():
    assert js({"__proto__": {"a": 1}}) == '{["__proto__"]:{"a":1}}'
    assert js('"__proto__":') == '"\\u0022__proto__\\u0022:"'


@pytest.mark.parametrize(
    "name",
    [
        *("on-click", "on-click__prevent", "on-intersection", "bind-x", "signals-x", "class-x"),
        *("attr-x", "computed-x", "style-x", "indicator-x", "ref-x"),
    ],
)
def test_the_dash_form_is_refused_and_the_colon_form_is_told(name):
    right = f"data-{name.replace('-', ':', 1)}"
    with pytest.raises(SilentAttributeError, match=f"write '{right}' instead of 'data-{name}'") as caught:
        check_attributes(["id", f"data-{name}"])
    assert caught.value.wrong == {f"data-{name}": right}


def test_what_datastar_1_knows_is_let_through():
    fine = (
        "on:click on:click__prevent bind:x bind signals signals:x signals__ifmissing on-intersect "
        "on-intersect__once.half on-interval on-interval__duration.1s on-signal-patch on-signal-patch-filter "
        "on-signal-patch__debounce.1s class:a-b preserve-attr ignore-morph json-signals init close-on-done onboard-x"
    )
    check_attributes(["class", "on-click", *(f"data-{name}" for name in fine.split())])


def test_every_refusal_is_one_of_ours_and_can_be_pickled():
    for error in (WireNameError("a", "b", "c"), WireValueError("a", "b", "c"), SilentAttributeError({"a": "b"})):
        assert isinstance(error, WireError)
        assert isinstance(error, StarModelError)
        assert isinstance(error, ValueError)
        again = pickle.loads(pickle.dumps(error))
        assert (str(again), vars(again)) == (str(error), vars(error))


def test_nothing_else_is_public():
    assert wire.__all__ == sorted(wire.__all__)
