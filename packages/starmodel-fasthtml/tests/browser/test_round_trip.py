"""What the encoder writes means the same in Chromium, read by the real Datastar."""

from __future__ import annotations

import html
import json

import pytest
from fasthtml.components import I, P, to_xml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from starmodel.adapters.fasthtml.wire import elements_frame, js, signals_frame

HOSTILE = [
    "@send('/x')", "mail me@home(now)", "@peek(", "$x", "${$x}", "$n.m", "'", '"', "`", "\\", "\\u0041", '\\"',
    "</script><script>bad()</script>",
    "<!--", "]]>", "&quot;", "&amp;", "&#39;", "\u2028data: elements x", "\u2029", "\x85", "\r", "\n", "\r\n\r\n",
    "\t", ";", "//", "/*", "/a;b/",
    "return 1", "(() => 1)()", "function(){}", "😀", "👩‍👩‍👧", "\ufeff", "\u202e", "\x00", "\x1b", "\x7f", "🖕JS_",
    "_DS🚀", "__escaped0", "__proto__",
    "</body></html>", "<svg></svg>", "data: x", "event: x", "\uffff", "{{", "}", "é", "ﷺ",
]  # fmt: skip
PIECES = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)


def many_texts(count: int) -> list[str]:
    texts = [*HOSTILE, "".join(HOSTILE)]

    @settings(max_examples=count, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(PIECES, min_size=1, max_size=8).map("".join))
    def collect(text):
        texts.append(text)

    collect()
    return texts


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return many_texts(300)


def assert_same(found: list[object], texts: list[object]) -> None:
    assert len(texts) > 300
    assert len(found) == len(texts)
    wrong = sorted(
        ((text, got) for text, got in zip(texts, found, strict=True) if text != got), key=lambda it: len(str(it[0]))
    )
    assert wrong[:3] == []


def as_parsed(text: str) -> str:
    """What an HTML parser keeps of a text: it drops NUL and has one kind of line break."""
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")


def test_text_in_a_patch_of_elements(tab, stage, texts):
    page = tab.open('<div id="all"></div>', live="A")
    stage.push(elements_frame(f'<div id="all">{"".join(to_xml(P(text)) for text in texts)}</div>'))
    page.wait_for_selector("#all p")
    assert_same(
        page.evaluate("[...document.querySelectorAll('#all p')].map(el => el.textContent)"),
        [f"{as_parsed(t)}" for t in texts],
    )
    tab.assert_clean()


def test_text_in_signals(tab, stage, texts):
    page = tab.open('<i data-signals="{got: {}}"></i>', live="A")
    stage.push(
        signals_frame({"got": {f"t{i}": text for i, text in enumerate(texts)}})
        + elements_frame("<i id=done></i>", selector="main", mode="append")
    )
    page.wait_for_selector("#done", state="attached")
    assert_same(page.evaluate(SIGNALS, stage.assets.url("datastar.js")), texts)
    tab.assert_clean()


SIGNALS = "async (url) => { const {root} = await import(url); return Object.keys(root.got).map(key => root.got[key]) }"


def test_text_as_a_literal_in_an_attribute_of_signals(tab, stage, texts):
    def attribute(i: int, text: str) -> str:
        return to_xml(I(**{"data-signals": js({"got": {f"t{i}": text}})}))

    page = tab.open("".join(attribute(i, text) for i, text in enumerate(texts)))
    tab.wait(
        f"(async () => (({SIGNALS})('{stage.assets.url('datastar.js')}')))().then(all => all.length === {len(texts)})"
    )
    assert_same(page.evaluate(SIGNALS, stage.assets.url("datastar.js")), texts)
    tab.assert_clean()


def test_text_as_an_argument_of_an_action_in_both_kinds_of_quotes(tab, stage, texts):
    def elements(text: str) -> str:
        call = f"el.got = [{js(text)}, {js({text: [text]})}]; 'and; more'"
        return to_xml(I(**{"data-on:click": call})) + f'<i data-on:click="{html.escape(call)}"></i>'

    page = tab.open("".join(map(elements, texts)))
    found = page.evaluate("JSON.stringify([...document.querySelectorAll('i')].map(el => (el.click(), el.got)))")
    assert_same(json.loads(found), [[text, {text: [text]}] for text in texts for _ in "ab"])
    tab.assert_clean()
