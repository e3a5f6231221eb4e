"""Typical mistakes and typical values: refused with a word, or simply understood."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import Enum

import pytest
from asgi_visitors import Visitor
from fasthtml.common import Div, Form, Hidden, Input, P

from starmodel.adapters.fasthtml import find, on_change, on_click, on_submit, view
from starmodel.core import Entity, event
from starmodel.core.errors import DefinitionError


class Kind(Enum):
    FOOD = "food"
    RENT = "rent"


class Expense(Entity):
    title: str = ""
    kind: Kind = Kind.FOOD
    amount: Decimal = Decimal(0)
    paid: bool = False

    @event
    def book(self, amount: Decimal, day: date, kind: Kind) -> None:
        self.amount, self.title, self.kind = amount, day.isoformat(), kind


class Other(Entity):
    pass


def test_arguments_of_any_plain_type_can_stand_in_a_button() -> None:
    sent = on_click(Expense(id="a").book, Decimal("1.50"), date(2030, 1, 2), Kind.RENT)["data-on:click__prevent"]
    assert '"amount":"1.50"' in sent
    assert '"day":"2030-01-02"' in sent
    assert '"kind":"rent"' in sent


def test_a_command_goes_through_json_with_any_plain_type() -> None:
    text = Expense.book(Decimal("1.50"), date(2030, 1, 2), Kind.RENT).to_json()
    assert '{"amount":"1.50","day":"2030-01-02","kind":"rent"}' in text


def test_a_field_that_is_none_is_refused_where_the_page_names_it() -> None:
    with pytest.raises(DefinitionError, match="did you mean 'title'"):
        on_change(Expense(id="a").update, "titel")


def test_a_view_of_something_else_says_so() -> None:
    shown = view(lambda expense: P(expense.title))
    with pytest.raises(DefinitionError, match="shows an entity, and was given 'hello'"):
        shown("hello")  # type: ignore[arg-type]


def test_a_view_that_would_have_to_wait_is_refused_where_it_is_declared() -> None:
    async def late(expense: Expense) -> None: ...

    with pytest.raises(DefinitionError, match="plain function"):
        view(late)


def test_a_path_that_names_what_nobody_takes_is_refused(build) -> None:
    app = build(Expense)

    def page(expense: Expense) -> None: ...

    with pytest.raises(DefinitionError, match=r"\{eid\}, which no argument takes"):
        app.get("/expense-page/{eid}")(page)


@pytest.mark.parametrize(("sent", "paid"), [("paid=false&paid=true", True), ("paid=false", False)])
async def test_a_checkbox_behind_a_hidden_field_can_be_unticked_without_javascript(start, sent, paid) -> None:
    app = await start(Expense)
    visitor = Visitor(app)
    id = (await visitor.post("/expense/create", {"paid": not paid})).json["id"]
    form = Form(on_submit(Expense(id=id).update), Hidden("false", name="paid"), Input(type="checkbox", name="paid"))
    assert "paid" in str(form)
    url = f"/expense/{id}/update"
    answer = await visitor.ask("POST", url, sent.encode(), content_type="application/x-www-form-urlencoded")
    assert answer.status == 303
    assert (await app.application.load(Expense, id)).entity.paid is paid


async def test_a_filter_from_an_address_is_understood(start) -> None:
    app = await start(Expense, Other)

    @app.get("/filtered")
    async def filtered(kind: str):
        return Div(*(P(expense.title) for expense in await find(Expense, {"kind": kind})))

    visitor = Visitor(app)
    await visitor.post("/expense/create", {"title": "bread", "kind": "food"})
    await visitor.post("/expense/create", {"title": "flat", "kind": "rent"})
    page = (await visitor.get("/filtered?kind=rent")).text
    assert "flat" in page
    assert "bread" not in page
    wrong = await visitor.get("/filtered?kind=fud")
    assert wrong.status == 400
    assert "food" in wrong.text
