"""A list as a file: what its address asks for, exact, permitted, and no danger to whoever opens it."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from urllib.parse import quote
from xml.etree import ElementTree as ET

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


SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

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


def cells_of(answer):
    """Return the first sheet of a workbook: what is in each cell, by its place."""
    sheet = ET.fromstring(zipfile.ZipFile(io.BytesIO(answer.body)).read("xl/worksheets/sheet1.xml"))
    return {cell.get("r"): "".join(cell.itertext()) for cell in sheet.iter(f"{SHEET}c")}


async def test_a_file_holds_every_public_field_and_no_other(visitor):
    answer = await visitor.get("/item/export.csv")
    assert answer.status == 200
    assert list(read_csv(answer)[0]) == ["id", "title", "price", "done", "due", "tags"]
    assert "cost" not in answer.text


async def test_no_cell_begins_a_formula(visitor):
    rows = read_csv(await visitor.get("/item/export.csv"))
    assert all(row["title"][0] not in "=+-@\t\r" for row in rows)
    assert {unguarded(row["title"]) for row in rows} == {*HOSTILE}


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


class Shift(Entity):
    day: date | None = None
    begins_at: datetime | None = None
    opens: time | None = None
    takes: timedelta | None = None


async def test_dates_times_and_spans_can_be_reckoned_with_in_a_spreadsheet(start):
    app = await start(Shift)
    noon = datetime(2030, 5, 6, 12, tzinfo=timezone(timedelta(hours=2)))
    shift = Shift.create(day=date(2030, 5, 6), begins_at=noon, opens=time(18), takes=timedelta(hours=36))
    await app.application.dispatch(shift.on("a"))
    cells = cells_of(await Visitor(app).get("/shift/export.xlsx"))
    day = (date(2030, 5, 6) - date(1899, 12, 30)).days
    numbers = [float(cells[place]) for place in ("B2", "C2", "D2", "E2")]
    assert numbers == pytest.approx([day, day + 10 / 24, 0.75, 1.5])  # the reader's clock shows UTC


async def test_times_that_spreadsheets_do_not_know_are_there_as_text(start):
    app = await start(Shift)
    shift = Shift.create(day=date(1815, 12, 10), takes=-timedelta(hours=1))
    await app.application.dispatch(shift.on("a"))
    cells = cells_of(await Visitor(app).get("/shift/export.xlsx"))
    assert (cells["B2"], cells["E2"]) == ("1815-12-10", "-1:00:00")


async def test_a_spreadsheet_calls_the_columns_as_people_do(start):
    app = await start(Shift)
    cells = cells_of(await Visitor(app).get("/shift/export.xlsx"))
    assert [cells[f"{letter}1"] for letter in "ABCDE"] == ["Id", "Day", "Begins at", "Opens", "Takes"]


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


FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\r\n=1", " =1", "\ufeff=1", "\0=1", "\u00a0=1", "'=1",
    "''=1",
    "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", "=cmd|'/C calc'!A0", '=HYPERLINK("http://x.invalid","y")',
    "-2+3+cmd|' /C calc'!A0", "@@", "=", "+", "-", "@",
]  # fmt: skip


@pytest.fixture
async def risky(start):
    """A visitor to a list of all formulas, also inside of what has parts."""
    app = await start(Item)
    for number, text in enumerate(FORMULAS):
        await app.application.dispatch(Item.create(title=text, tags=[text]).on(f"f{number:02}"))
    return Visitor(app)


async def test_a_csv_holds_none_of_the_known_formulas(risky):
    rows = read_csv(await risky.get("/item/export.csv?sort=id"))
    cells = [cell for row in rows for name, cell in row.items() if name != "price"]
    assert [cell for cell in cells if cell.lstrip("\0\ufeff \u00a0").startswith((*"=+-@\t\r\n＝＋－＠",))] == []  # noqa: RUF001
    assert [unguarded(row["title"]) for row in rows] == FORMULAS


async def test_a_spreadsheet_holds_all_of_them_as_text(risky):
    answer = await risky.get("/item/export.xlsx?sort=id&columns=title")
    sheet = zipfile.ZipFile(io.BytesIO(answer.body)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f" not in sheet.replace("<formatPr", "")
    assert sheet.count('t="inlineStr"') == 2 * (len(FORMULAS) + 1)


async def test_json_holds_them_unchanged(risky):
    rows = (await risky.get("/item/export.json?sort=id")).json
    assert [row["title"] for row in rows] == FORMULAS
    assert [row["tags"] for row in rows] == [[text] for text in FORMULAS]


class Łódka(Entity):  # noqa: PLC2401  (a name that no header can hold)
    name: str = ""


async def test_a_class_of_any_name_is_exported(start):
    visitor = Visitor(await start(Łódka))
    for ending in ("csv", "json", "xlsx"):
        answer = await visitor.get(f"/{quote('łódka')}/export.{ending}")
        assert answer.status == 200
        assert "filename*=UTF-8''%C5%81%C3%B3dkas%20" in answer.header("content-disposition")


@given(st.text())
def test_what_is_guarded_is_read_back_as_it_was(text):
    assert unguarded(guarded(text)) == text
    assert not guarded(text).lstrip("\0\ufeff ").startswith((*"=+-@\t\r＝＋－＠",))  # noqa: RUF001


@pytest.mark.parametrize(("plain", "number"), [("0.10", 0.1), (2**53, None), (True, None), ("x", None), ("NaN", None)])
def test_only_what_a_spreadsheet_holds_exactly_is_a_number_there(plain, number):
    assert exact_number(plain) == number
