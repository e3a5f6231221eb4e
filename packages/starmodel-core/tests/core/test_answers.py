"""What an event may return to whoever asked."""

from __future__ import annotations

import pytest

from starmodel.core.answers import GoTo, Notice, answer_from, answer_to_json
from starmodel.core.errors import DefinitionError


@pytest.mark.parametrize("path", ["/", "/orders", "/orders?page=2#top", "/a//b"])
def test_a_path_of_the_application_is_taken(path: str) -> None:
    assert GoTo(path).path == path


@pytest.mark.parametrize(
    "path", ["", "orders", "//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil", "/a\nb"]
)
def test_an_address_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(DefinitionError, match="path of this application"):
        GoTo(path)


@pytest.mark.parametrize("answer", [GoTo("/orders"), Notice("Saved."), Notice("Careful!", "warning")])
def test_an_answer_that_was_kept_is_given_again(answer: GoTo | Notice) -> None:
    assert answer_from(answer_to_json(answer)) == answer


@pytest.mark.parametrize("value", [None, 5, "text", {"go_to": "/", "more": 1}, ["go_to"]])
def test_any_other_value_stays_as_it_is(value: object) -> None:
    assert answer_from(value) == value
