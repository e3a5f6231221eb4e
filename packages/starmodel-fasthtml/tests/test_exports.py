"""A list as a file: what its address asks for, exact, permitted, and no danger to whoever opens it."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from asgi_visitors import Visitor
from hypothesis import given
from hypothesis import strategies as st

from starmodel.adapters.fasthtml.crud.cells import exact_number, guarded, unguarded
from starmodel.core import Entity, Private

pytestmark = pytest.mark.anyio


class Item(Entity):
    title: str
    price: Decimal = Decimal(0)
    done: bool = False
    due: date | None = None
    tags: list[str] = []
    cost: Private[int] = 7


HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'=1", '<b>"&,\n', "plain"]


@pytest.fixture
async def app(start):
    app = await start(Item)
    for number, title in enumerate(HOSTILE):
        item = Item.create(title=title, price=Decimal("-1.10") * number, done=number % 2 == 0, tags=["a", "b"])
        await app.application.dispatch(item.on(f"id{number}"))
    return app


def read_csv(answer):
    return list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"), newline="")))


async def test_a_file_holds_every_public_field_and_no_other(visitor):
    answer = await visitor.get("/item/export.csv")
    assert answer.status == 200
    assert list(read_csv(answer)[0]) == ["id", "title", "price", "done", "due", "tags"]
    assert "cost" not in answer.text


async def test_no_cell_begins_a_formula(visitor):
    rows = read_csv(await visitor.get("/item/export.csv"))
    assert all(row["title"][0] not in "=+-@\t\r" for row in rows)
    assert [unguarded(row["title"]) for row in rows] == [*HOSTILE]


async def test_numbers_are_exact_and_no_text(visitor):
    rows = read_csv(await visitor.get("/item/export.csv?sort=id"))
    assert [Decimal(row["price"]) for row in rows] == [Decimal("-1.10") * number for number in range(9)]
    assert rows[1]["price"] == "-1.10"


async def test_it_holds_what_the_address_asks_for(visitor):
    answer = await visitor.get("/item/export.json?done=true&sort=-id&columns=title&q=1")
    assert answer.json == [{"id": "id6", "title": "'=1"}, {"id": "id2", "title": "-1"}, {"id": "id0", "title": "=1+1"}]


async def test_nothing_that_matches_is_an_empty_list(visitor):
    assert (await visitor.get("/item/export.json?title=none")).json == []
    assert read_csv(await visitor.get("/item/export.csv?title=none")) == []


async def test_a_question_that_does_not_fit_is_refused_before_a_file_begins(visitor):
    answer = await visitor.get("/item/export.csv?columns=cost", accept="application/json")
    assert answer.status == 400
    assert "no column 'cost'" in answer.json["detail"]


async def test_a_spreadsheet_runs_nothing_and_holds_numbers_as_numbers(visitor):
    answer = await visitor.get("/item/export.xlsx?sort=id")
    sheet = zipfile.ZipFile(io.BytesIO(answer.body)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<t>=1+1</t>" in sheet
    assert "<v>-1.1</v>" in sheet


async def test_the_name_of_the_file_says_what_and_when(visitor):
    header = (await visitor.get("/item/export.csv")).header("content-disposition")
    assert header.startswith('attachment; filename="item-2')
    assert "filename*=UTF-8''Items%202" in header


async def test_more_rows_than_one_stretch_come_whole(start):
    app = await start(Item)
    for number in range(1203):
        await app.application.dispatch(Item.create(title=f"t{number}").on(f"n{number:04}"))
    assert [row["id"] for row in (await Visitor(app).get("/item/export.json?sort=id")).json] == [
        f"n{number:04}" for number in range(1203)
    ]


async def test_what_belongs_to_another_visitor_is_not_in_the_file(start):
    app = await start(Item)
    visitor = Visitor(app)
    await visitor.get("/item")
    await app.application.dispatch(Item.create(title="mine").on(visitor.id))
    await app.application.dispatch(Item.create(title="theirs").on("visitor-0000000000000000"))
    assert [row["title"] for row in (await visitor.get("/item/export.json")).json] == ["mine"]


@given(st.text())
def test_what_is_guarded_is_read_back_as_it_was(text):
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(("plain", "number"), [("0.10", 0.1), (2**53, None), (True, None), ("x", None), ("NaN", None)])
def test_only_what_a_spreadsheet_holds_exactly_is_a_number_there(plain, number):
    assert exact_number(plain) == number
