"""Kits with one fault each, and the tests of the UI suite that must notice it.  Run by test_the_ui_suite_bites.py."""

from __future__ import annotations

import re
from typing import ClassVar

import pytest

from starmodel.adapters.fasthtml.markup import html_of
from starmodel.adapters.fasthtml.plain import PlainKit
from starmodel.testing import UIContract


class Suite(UIContract):
    """The UI suite on a kit whose drawings are spoiled on their way into the page."""

    __test__ = False
    caught_by: ClassVar[tuple[str, ...]]
    widget: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.__test__ = True

    @pytest.fixture
    def kit(self):
        return PlainKit()

    @pytest.fixture
    def render(self):
        return lambda drawn: self.spoiled(html_of(drawn))

    def spoiled(self, html):
        return html


def without(pattern):
    """Return a way to spoil HTML: leave out whatever fits."""

    def spoiled(self, html):
        return re.sub(pattern, "", html)

    return spoiled


class TestShowsMarkup(Suite):
    caught_by = ("test_words_stay_words",)

    def spoiled(self, html):
        return html.replace("&lt;", "<").replace("&gt;", ">")


class TestShowsAttributesTwice(Suite):
    caught_by = ("test_words_stay_words",)

    def spoiled(self, html):
        return html.replace("&amp;", "&")


class TestHasNoLabels(Suite):
    caught_by = ("test_a_label_is_bound_to_its_control", "test_whoever_listens_hears_what_a_control_is")
    spoiled = without(r'(?<=<label) for="[^"]*"')


class TestHidesLabelsFromEverybody(Suite):
    caught_by = ("test_a_hidden_label_is_still_heard",)
    spoiled = without(r""" aria-label=("[^"]*"|'[^']*')""")


class TestKeepsHelpToItself(Suite):
    caught_by = ("test_help_and_errors_are_bound_to_their_control",)
    spoiled = without(r' aria-describedby="[^"]*"')


class TestSaysNothingOfErrors(Suite):
    caught_by = ("test_help_and_errors_are_bound_to_their_control",)
    spoiled = without(r' aria-invalid="[^"]*"')


class TestUsesAnIdTwice(Suite):
    caught_by = ("test_ids_are_unique_and_what_refers_to_one_finds_it",)

    def spoiled(self, html):
        return html + html


class TestGivesIdsOfItsOwn(Suite):
    caught_by = ("test_rows_and_cells_can_be_patched", "test_a_dialog_is_native_closed_and_named_by_its_title")

    def spoiled(self, html):
        return re.sub(r' id="(row-1|rows|d)"', r' id="kit-\1"', html)


class TestDropsAttributes(Suite):
    caught_by = ("test_attributes_are_kept_exactly",)
    spoiled = without(r""" data-on:click=("[^"]*"|'[^']*')""")


class TestRunsScriptsInItsHtml(Suite):
    caught_by = ("test_a_strict_content_security_policy_holds",)

    def spoiled(self, html):
        return html.replace("<button", '<button onclick="go()"')


class TestLoadsFromElsewhere(Suite):
    caught_by = ("test_a_strict_content_security_policy_holds",)

    def spoiled(self, html):
        return html.replace('href="/', 'href="//cdn.example.org/')


class TestSendsWithEveryButton(Suite):
    caught_by = ("test_a_button_sends_nothing_unless_it_is_told_to",)

    def spoiled(self, html):
        return html.replace('type="button"', 'type="submit"')


class TestNeedsScriptsForItsMenu(Suite):
    caught_by = ("test_a_menu_opens_without_scripts",)

    def spoiled(self, html):
        return html.replace("summary", "div").replace("popovertarget", "data-target")


class TestOpensItsDialogs(Suite):
    caught_by = ("test_a_dialog_is_native_closed_and_named_by_its_title",)

    def spoiled(self, html):
        return html.replace("<dialog", "<dialog open")


class TestNeverInterrupts(Suite):
    caught_by = ("test_only_an_error_interrupts_whoever_listens",)
    spoiled = without(r' role="alert"')


class TestForgetsWhatWasChosen(Suite):
    caught_by = ("test_a_select_marks_what_is_chosen", "test_a_select_may_take_several")
    spoiled = without(r" selected\b")


class TestPostsToThePageInstead(Suite):
    caught_by = ("test_a_form_holds_its_fields_before_its_buttons",)
    spoiled = without(r' action="/x"')
