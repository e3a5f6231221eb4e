"""Contract of forms: every control is labelled, bound to its help and its errors, and sends what it shows."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

import pytest

from starmodel.core.ui import REMOVE, TAKES_AWAY, Link, UIAdapter, Widget

from .base import Draw, UISuite, keeps
from .document import Element
from .samples import ATTRIBUTES, HOSTILE, PLAIN_WIDGETS, blank_list, group, sample_field

__all__ = ["AskingContract"]

_EVERY = pytest.mark.parametrize("widget", PLAIN_WIDGETS)
_TYPES: dict[Widget, str] = {"datetime": "datetime-local", "reference": "text"}


def _shown(control: Element) -> str:
    """Return what a browser would show in a control; it drops one line break at the start of a text area."""
    return control.text.removeprefix("\n") if control.tag == "textarea" else control.get("value") or ""


class AskingContract(UISuite):
    """Forms and what they hold."""

    @_EVERY
    def test_a_label_is_bound_to_its_control(self, kit: UIAdapter, draw: Draw, widget: Widget) -> None:
        page = draw(kit.field(sample_field(widget, label=HOSTILE)))
        control = page.id("f")
        assert control.get("name") == "item.f"
        assert HOSTILE in page.name_of(control)

    @_EVERY
    def test_a_hidden_label_is_still_heard(self, kit: UIAdapter, draw: Draw, widget: Widget) -> None:
        page = draw(kit.field(sample_field(widget, label=HOSTILE, hide_label=True)))
        assert HOSTILE in page.name_of(page.id("f"))

    @_EVERY
    def test_help_and_errors_are_bound_to_their_control(self, kit: UIAdapter, draw: Draw, widget: Widget) -> None:
        page = draw(kit.field(sample_field(widget, help=HOSTILE, errors=[HOSTILE, "Another."], required=True)))
        control = page.id("f")
        assert (control.get("aria-describedby") or "").split() == ["f-help", "f-error"]
        assert control.get("aria-invalid") == "true"
        assert "required" in control.attributes
        assert page.id("f-help").text == HOSTILE
        assert HOSTILE in page.id("f-error").text
        assert "Another." in page.id("f-error").text

    @_EVERY
    def test_a_field_without_errors_says_nothing_of_any(self, kit: UIAdapter, draw: Draw, widget: Widget) -> None:
        control = draw(kit.field(sample_field(widget))).id("f")
        assert not {"aria-describedby", "aria-invalid", "required"} & control.attributes.keys()

    @_EVERY
    def test_the_attributes_of_a_field_are_those_of_its_control(
        self, kit: UIAdapter, draw: Draw, widget: Widget
    ) -> None:
        assert keeps(draw(kit.field(sample_field(widget, attributes=ATTRIBUTES))).id("f"))

    @pytest.mark.parametrize("widget", ["text", "email", "url", "number", "date", "time", "datetime", "reference"])
    def test_an_input_shows_its_value(self, kit: UIAdapter, draw: Draw, widget: Widget) -> None:
        field = sample_field(widget)
        control = draw(kit.field(field)).id("f")
        assert control.get("type") == _TYPES.get(widget, widget)
        assert _shown(control) == field.value

    @pytest.mark.parametrize("value", [HOSTILE, "two\nlines", "\nfirst line empty", "</textarea><b>", ""])
    def test_a_text_area_shows_its_value(self, kit: UIAdapter, draw: Draw, value: str) -> None:
        assert _shown(draw(kit.field(sample_field("textarea", value=value))).id("f")) == value

    def test_a_checkbox_is_checked_by_true_alone(self, kit: UIAdapter, draw: Draw) -> None:
        boxes = [draw(kit.field(sample_field("checkbox", value=value))).id("f") for value in ("true", "", "false")]
        assert [box.get("type") for box in boxes] == ["checkbox"] * 3
        assert ["checked" in box.attributes for box in boxes] == [True, False, False]

    def test_a_select_marks_what_is_chosen(self, kit: UIAdapter, draw: Draw) -> None:
        options = draw(kit.field(sample_field("select", value="b"))).id("f").all("option")
        assert [option.get("value") for option in options] == ["a", "b", ""]
        assert [option.text for option in options] == ["One", HOSTILE, "None"]
        assert ["selected" in option.attributes for option in options] == [False, True, False]

    def test_a_select_may_take_several(self, kit: UIAdapter, draw: Draw) -> None:
        select = draw(kit.field(sample_field("select", multiple=True, values=("a", "")))).id("f")
        assert "multiple" in select.attributes
        assert ["selected" in option.attributes for option in select.all("option")] == [True, False, True]

    def test_a_hidden_field_shows_nothing(self, kit: UIAdapter, draw: Draw) -> None:
        page = draw(kit.field(sample_field("hidden", value=HOSTILE)))
        assert page.text.strip() == ""
        assert page.one("input", type="hidden", name="item.f").get("value") == HOSTILE

    def test_a_file_shows_the_one_that_is_there_and_how_to_take_it_away(self, kit: UIAdapter, draw: Draw) -> None:
        current = Link(label=HOSTILE, href="/f?a=1&b='2'")
        page = draw(kit.field(sample_field("file", current=current, preview="/p.png?x=1&y", remove=HOSTILE)))
        part = page.one(data_sm_file=True)
        assert part.id("f").get("type") == "file"
        assert (part.one("a", href=current.href).text, part.one("img").get("src")) == (HOSTILE, "/p.png?x=1&y")
        assert part.one("img").get("alt") == ""
        box = part.one("input", type="checkbox")
        assert (box.get("name"), box.get("value"), page.name_of(box)) == ("item.f", REMOVE, HOSTILE)
        assert TAKES_AWAY.keys() <= box.attributes.keys()

    def test_a_file_that_must_be_there_cannot_be_taken_away(self, kit: UIAdapter, draw: Draw) -> None:
        field = sample_field("file", current=Link(label="a.pdf", href=""), required=True)
        page = draw(kit.field(field))
        assert "a.pdf" in page.text
        assert not page.all("input", type="checkbox")
        assert not page.all("img")

    def test_a_file_has_room_for_its_way(self, kit: UIAdapter, draw: Draw) -> None:
        part = draw(kit.field(sample_field("file", label=HOSTILE, cancel=HOSTILE))).one(data_sm_file=True)
        assert "data-ignore-morph" in part.one(data_sm_chosen=True).attributes
        bar, button = part.one("progress"), part.one("button", data_sm_cancel=True)
        assert {"hidden"} <= bar.attributes.keys() & button.attributes.keys()
        assert (bar.get("max"), bar.get("aria-label"), button.text) == ("1", HOSTILE, HOSTILE)
        assert not part.all("input", type="checkbox")

    def test_a_group_is_named_and_holds_its_fields(self, kit: UIAdapter, draw: Draw) -> None:
        page = draw(kit.field(group(label=HOSTILE, errors=[HOSTILE])))
        fieldset = page.one("fieldset", id="g")
        assert fieldset.one("legend").text == HOSTILE
        assert fieldset.id("g-error").text == HOSTILE
        assert [control.get("name") for control in fieldset.all("input")] == ["g.a", "g.b"]

    def test_the_items_of_a_list_can_be_removed_and_more_added(self, kit: UIAdapter, draw: Draw) -> None:
        page = draw(kit.field(blank_list()))
        items = page.one(data_sm_items="l")
        assert [control.get("name") for control in items.all("input")] == ["l.0", "l.1"]
        assert [page.name_of(button) for button in items.all("button", data_sm_remove=True)] == [f"Less {HOSTILE}"] * 2
        assert page.name_of(page.one("button", data_sm_add="l")) == f"More {HOSTILE}"
        assert {button.get("type") for button in page.all("button")} == {"button"}

    def test_a_list_keeps_its_blank_item_in_a_template(self, kit: UIAdapter, draw: Draw) -> None:
        template = draw(kit.field(blank_list(fields=()))).one("template")
        [control] = template.all("input")
        assert (control.get("id"), control.get("name")) == ("l-__index__", "l.__index__")
        assert len(template.all("button", data_sm_remove=True)) == 1

    def test_a_form_holds_its_fields_before_its_buttons(self, kit: UIAdapter, draw: Draw) -> None:
        made = kit.form(
            [kit.field(sample_field())], [kit.button("Go", {"type": "submit"})], attributes={"action": "/x"}
        )
        form = draw(made).one("form", action="/x")
        assert [element.tag for element in form if element.tag in {"input", "button"}] == ["input", "button"]
        assert form.one("button").get("type") == "submit"
