"""A file becomes entities: read as it is, mapped, tried, imported as commands, and taken back as one."""

from __future__ import annotations

import asyncio
import io
import itertools
import re
import tracemalloc
from decimal import Decimal
from enum import Enum
from typing import Annotated
from urllib.parse import urlencode

import pytest
from asgi_visitors import Visitor
from hypothesis import given
from hypothesis import strategies as st

from starmodel.adapters.fasthtml.crud.batches import Batch, batch_id, new_key
from starmodel.adapters.fasthtml.crud.importing import import_rows
from starmodel.adapters.fasthtml.crud.records import Plan
from starmodel.adapters.fasthtml.crud.tables import Dialect, dialect_of, lines_of
from starmodel.adapters.fasthtml.crud.uploads import Uploads
from starmodel.app.signing import Signer
from starmodel.core import SYSTEM, Actor, Decision, Entity, Private, Reference
from starmodel.core.errors import StoreError
from starmodel.core.marks import Unique

pytestmark = pytest.mark.anyio


class Ware(Entity):
    name: str
    code: Annotated[str | None, Unique()] = None
    price: Decimal = Decimal(1)
    sold: bool = False
    tags: list[str] = []
    sizes: dict[str, int] = {}
    extra: dict | None = None
    shelf: tuple[int, str] = (1, "a")
    cost: Private[int] = 7

    def check(self) -> None:
        if self.price < 0:
            raise ValueError("the price must not be negative")


class Remark(Entity):
    text: str | None = "said"
    more: str = ""
    code: Annotated[str | None, Unique()] = None


class Seen(Entity):
    name: str = ""
    model_config = {"default_events": ()}


class Maker(Entity):
    name: str


class Grade(Enum):
    FINE = "fine"
    SECOND_HAND = "used"


class Tool(Entity):
    name: str
    grade: Grade = Grade.FINE
    also: list[Grade] = []
    maker_id: Annotated[str | None, Reference(Maker)] = None
    helpers: Annotated[list[str], Reference(Maker)] = []


@pytest.fixture
async def app(start, tmp_path):
    app = await start(Ware, Seen, Maker, Tool)
    app.pages.uploads = Uploads(app.runtime.signer, tmp_path / "uploads")
    return app


async def send(visitor, data, name="file.csv", to="/ware"):
    head = f'--X\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
    body = head.encode() + (data.encode() if isinstance(data, str) else data) + b"\r\n--X--\r\n"
    return await visitor.ask("POST", f"{to}/import", body, content_type="multipart/form-data; boundary=X")


async def page_of(visitor, data, to="/ware", language="", **words):
    """Send a file and open its page, which tries it."""
    address = (await send(visitor, data, to=to)).header("location")
    more = urlencode({"do": "check", **words}, doseq=True)
    return await visitor.get(f"{address}&{more}", accept_language=language)


async def run(app, visitor, page, to="/ware"):
    """Press the button that imports, and wait until it is done."""
    form = page.text.rpartition('<form method="post"')[2]
    pairs = re.findall(r'name="([^"]*)" value="([^"]*)"', form.partition("</form>")[0])
    body = urlencode(pairs).encode()
    answer = await visitor.ask("POST", f"{to}/import", body, content_type="application/x-www-form-urlencoded")
    assert answer.status == 303, answer.text
    await app.pages.batches.finished()
    return answer.header("location")


async def wares(app):
    found = await app.application.find(Ware, order=["name"])
    return [(one.entity.name, one.entity.price) for one in found.items]


def told(page):
    return dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", page.text))


async def test_columns_find_their_fields_and_every_record_becomes_an_entity(app, visitor):
    page = await page_of(visitor, "Name,PRICE,what?\nCup,2.50,x\nPot,10,y\n")
    assert told(page)["Would be created"] == "2"
    assert await wares(app) == []
    done = await run(app, visitor, page)
    assert await wares(app) == [("Cup", Decimal("2.50")), ("Pot", Decimal(10))]
    assert "It is done." in (await visitor.get(done)).text


@pytest.fixture
async def makers(app):
    """Four makers: two of them are called the same."""
    for id, name in {"a": "Anna Ash", "b": "Ben", "c": "Cal", "d": "Cal"}.items():
        await app.application.dispatch(Maker.create(name=name).on(id))


@pytest.mark.usefixtures("makers")
async def test_what_a_record_refers_to_is_found_by_its_name_or_by_its_id(app, visitor):
    file = 'name,maker,helpers\nSaw,Anna Ash,"Ben, d"\nAxe,c,\nAwl,,\n'
    await run(app, visitor, await page_of(visitor, file, to="/tool"), to="/tool")
    tools = [one.entity for one in (await app.application.find(Tool, order=["name"])).items]
    assert [(one.name, one.maker_id, list(one.helpers)) for one in tools] == [
        ("Awl", None, []),
        ("Axe", "c", []),
        ("Saw", "a", ["b", "d"]),
    ]


@pytest.mark.usefixtures("makers")
async def test_a_name_by_which_not_exactly_one_is_found_is_told_at_its_column(visitor):
    page = await page_of(visitor, "name,maker\nSaw,Cal\nAxe,Old Nick\n", to="/tool")
    cells = re.findall(r"<td>([^<]*)</td>", page.text)
    assert cells[:3] == ["2", "maker", "several are called that; choose one of them"]
    assert cells[3:] == ["3", "maker", "there is none that is called that"]


@pytest.mark.usefixtures("makers")
async def test_everything_that_is_wrong_with_a_record_is_told_at_once(visitor):
    file = 'name,also,grade,maker,helpers\nSaw,[1,bad,Old Nick,"Ben, Cal"\n'
    page = await page_of(visitor, file, to="/tool")
    cells = re.findall(r"<td>([^<]*)</td>", page.text)
    assert sorted(cells[1::3]) == ["also", "grade", "helpers", "maker"]
    assert told(page)["Do not fit"] == "1"


async def test_a_record_of_columns_that_are_all_left_out_is_one_that_lacks_what_is_required(visitor):
    page = await page_of(visitor, "what?\nx\n", m=[""])
    assert re.findall(r"<td>([^<]*)</td>", page.text) == ["2", "name", "is required"]


async def test_who_may_not_be_seen_is_not_found_by_name_either(start, tmp_path):
    class NobodyReadsMakers:
        def decide(self, actor, action, kind, id, entity, /):
            return Decision(allowed=actor.trusted or kind is not Maker, why="not yours", hidden=True)

    app = await start(Maker, Tool, policies=[NobodyReadsMakers()])
    app.pages.uploads = Uploads(app.runtime.signer, tmp_path / "uploads")
    await app.application.dispatch(Maker.create(name="Anna Ash"), actor=SYSTEM)
    page = await page_of(Visitor(app), "name,maker\nSaw,Anna Ash\n", to="/tool")
    assert "there is none that is called that" in page.text
    page = await page_of(Visitor(app), "name,helpers\nSaw,Nobody\n", to="/tool")
    assert "names nothing that is there" in page.text


async def test_a_choice_is_known_by_its_label_too(app, visitor):
    file = 'name,grade,also\nSaw,Second hand,"FINE, used"\n'
    await run(app, visitor, await page_of(visitor, file, to="/tool"), to="/tool")
    (tool,) = [one.entity for one in (await app.application.find(Tool)).items]
    assert (tool.grade, list(tool.also)) == (Grade.SECOND_HAND, [Grade.FINE, Grade.SECOND_HAND])


async def test_what_does_not_fit_is_told_by_line_and_column_and_left_out(app, visitor):
    page = await page_of(visitor, "name,price\nCup,cheap\nPot,3\nJar,-1\nLid\n")
    cells = re.findall(r"<td>([^<]*)</td>", page.text)
    assert ("2", "price") in itertools.pairwise(cells)
    assert "the price must not be negative" in cells
    assert "has 1 cells, and the first line has 2" in cells
    assert told(page)["Do not fit"] == "3"
    done = await run(app, visitor, page)
    assert await wares(app) == [("Pot", Decimal(3))]
    assert "Line 4" in (await visitor.get(done)).text


async def test_what_does_not_fit_is_told_in_the_words_of_the_reader(visitor):
    page = await page_of(visitor, "price\n3\n4,5\n", language="de")
    cells = re.findall(r"<td>([^<]*)</td>", page.text)
    assert cells == ["2", "name", "fehlt", "3", "", "hat 2 Zellen, und die erste Zeile hat 1"]


async def test_what_is_wrong_with_a_whole_record_is_not_put_on_a_column_that_is_left_out(visitor):
    page = await page_of(visitor, "what?,name,price\nx,Cup\n")
    cells = re.findall(r"<td>([^<]*)</td>", page.text)
    assert cells == ["2", "", "has 2 cells, and the first line has 3"]


async def test_all_or_none_is_none_when_one_does_not_fit(app, visitor):
    page = await page_of(visitor, "name,price\nPot,3\nCup,cheap\n", refused="none")
    done = await run(app, visitor, page)
    assert await wares(app) == []
    assert "nothing was imported" in (await visitor.get(done)).text


async def test_all_or_none_takes_back_what_only_storing_it_refuses(app, visitor):
    page = await page_of(visitor, "id,name\none,Pot\none,Cup\n", refused="none", key="")
    done = await run(app, visitor, page)
    assert await wares(app) == []
    assert "taken back" in (await visitor.get(done)).text


async def test_an_import_is_taken_back_by_one_click(app, visitor):
    await app.application.dispatch(Ware.create(name="Old", code="a", price=1).on("old"))
    page = await page_of(visitor, "name,code,price\nNew,b,5\nOld,a,9\n", key="code", m=["name", "code", "price"])
    assert told(page)["Would be created"] == told(page)["Would be changed"] == "1"
    done = await run(app, visitor, page)
    assert await wares(app) == [("New", Decimal(5)), ("Old", Decimal(9))]
    await visitor.form(done, {"do": "undo"})
    await app.pages.batches.finished()
    assert await wares(app) == [("Old", Decimal(1))]


async def test_what_was_exported_comes_back_as_it_was(app, visitor):
    for number, name in enumerate(["=1+1", "'quoted", "a,b", "two\nlines", "plain"]):
        parts = {"tags": ["x", "y,z"], "sizes": {"a": number}, "extra": {"k": [number]}, "shelf": (number, "b")}
        ware = Ware.create(name=name, code=f"c{number}", price="-0.00", **parts)
        await app.application.dispatch(ware.on(f"w{number}"))
    before = [one.entity for one in (await app.application.find(Ware, order=["id"])).items]
    exported = (await visitor.get("/ware/export.csv?sort=id")).body
    fields = ["id", "name", "code", "price", "sold", "tags", "sizes", "extra", "shelf"]
    page = await page_of(visitor, exported, key="id", m=fields)
    assert told(page)["Would stay as they are"] == "5"
    for one in before:
        await app.application.dispatch(Ware.delete().on(one.id))
    await run(app, visitor, await page_of(visitor, exported, key="id", m=fields))
    after = [one.entity for one in (await app.application.find(Ware, order=["id"])).items]
    assert after == before


async def test_no_text_and_an_empty_text_come_back_as_what_they_were(start, tmp_path):
    app = await start(Remark)
    app.pages.uploads, visitor = Uploads(app.runtime.signer, tmp_path / "uploads"), Visitor(app)
    texts = [None, "", "'", "''", "'=1", "'a", " ", "null", "=1"]
    for number, text in enumerate(texts):
        await app.application.dispatch(Remark.create(text=text, more=text or "", code=text).on(f"r{number}"))
    exported = (await visitor.get("/remark/export.csv?sort=id")).body
    assert exported.decode().splitlines()[1:3] == ["r0,,,", "r1,',,'"]
    fields = ["id", "text", "more", "code"]
    page = await page_of(visitor, exported, key="id", m=fields, to="/remark")
    assert told(page)["Would stay as they are"] == str(len(texts))
    for number in range(len(texts)):
        await app.application.dispatch(Remark.delete().on(f"r{number}"))
    await run(app, visitor, await page_of(visitor, exported, key="id", m=fields, to="/remark"), to="/remark")
    after = [one.entity for one in (await app.application.find(Remark, order=["id"])).items]
    assert [(one.text, one.more, one.code) for one in after] == [(text, text or "", text) for text in texts]


async def test_a_file_with_ids_changes_what_there_is_unless_it_is_told_otherwise(app, visitor):
    await app.application.dispatch(Ware.create(name="Pot", code="a").on("pot"))
    exported = (await visitor.get("/ware/export.csv")).body
    assert told(await page_of(visitor, exported))["Would stay as they are"] == "1"
    assert told(await page_of(visitor, exported, key=""))["Do not fit"] == "1"
    assert told(await page_of(visitor, "code,name\na,Jar\n"))["Would be changed"] == "1"


async def test_an_encoding_is_called_by_its_name(visitor):
    page = await page_of(visitor, "name\nCaf\xe9\n".encode("cp1252"))
    assert re.search(r"<option[^>]*cp1252[^>]*>\s*Windows-1252<", page.text)


async def test_the_same_key_twice_in_a_file_is_one_entity(app, visitor):
    page = await page_of(visitor, "name,code\nFirst,a\nSecond,a\n", key="code", m=["name", "code"])
    await run(app, visitor, page)
    assert [name for name, _ in await wares(app)] == ["Second"]


async def test_the_same_key_twice_is_one_entity_however_far_apart_the_records_are(app, visitor):
    first = "".join(f"First {number},c{number}\n" for number in range(500))
    page = await page_of(visitor, f"name,code\n{first}Second,c499\nSecond,c3\n", key="code", m=["name", "code"])
    assert (told(page)["Would be created"], told(page)["Would be changed"]) == ("500", "2")
    done = await visitor.get(await run(app, visitor, page))
    assert told(done)["Done"] == "502"


@pytest.mark.parametrize(
    ("column", "more"),
    [
        ("code", {"key": "code"}),
        ("id", {"key": "id"}),
        ("id", {"whole": True}),
        ("code", {"key": "code", "whole": True}),
    ],
)
async def test_an_import_that_was_cut_short_goes_on_where_it_was(app, visitor, column, more):
    records = "".join(f"Ware {number:02},c{number}\n" for number in range(20))
    address = (await send(visitor, f"name,{column}\n{records}")).header("location")
    actor, plan = Actor(visitor.id, visitor.id), Plan(address[-32:], "utf-8", ",", ("name", column), **more)
    batch = Batch(id=batch_id(actor, new_key()), of="Ware", does="import", plan=plan.to_json(), total=20)
    path = app.pages.uploads.find(plan.token, visitor.id)
    is_cut = asyncio.Event()

    async def rows():
        async for row in import_rows(app.pages, app.pages.shape(Ware), path, plan, actor, batch.id):
            yield row
            if row.number == 18:
                is_cut.set()
                await asyncio.Event().wait()

    await app.pages.batches.begin(batch, rows(), actor)
    await is_cut.wait()
    await app.pages.batches.close()
    assert 0 < len(await wares(app)) < 20

    app.application.clock.advance(600)
    await visitor.form(f"/ware/batches/{batch.id}", {"do": "go-on"})
    await app.pages.batches.finished()
    done = told(await visitor.get(f"/ware/batches/{batch.id}"))
    assert (done["Done"], done["Refused"]) == ("20", "0")
    assert [name for name, _ in await wares(app)] == [f"Ware {number:02}" for number in range(20)]


async def test_a_second_click_imports_nothing_twice(app, visitor):
    page = await page_of(visitor, "name\nCup\n")
    assert await run(app, visitor, page) == await run(app, visitor, page)
    assert len(await wares(app)) == 1


async def test_what_is_missing_and_what_was_assumed_is_said(visitor):
    page = await page_of(visitor, "price;größe\n1;ü\n".encode("cp1252"))
    assert "No column is mapped to: Name" in page.text
    assert "It is read as Windows-1252" in page.text
    assert "größe" in page.text


async def test_a_file_is_its_visitors_alone_and_not_for_ever(app, visitor, tmp_path):
    address = (await send(visitor, "name\nCup\n")).header("location")
    assert (await Visitor(app).get(address)).status == 409
    app.pages.uploads = Uploads(app.runtime.signer, tmp_path / "uploads", lasts=0)
    assert (await visitor.get(address)).status == 409
    await send(visitor, "name\nPot\n")
    assert len(list((tmp_path / "uploads").iterdir())) == 1


async def test_a_file_is_deleted_when_it_was_imported(app, visitor, tmp_path):
    await run(app, visitor, await page_of(visitor, "name\nCup\n"))
    assert list((tmp_path / "uploads").iterdir()) == []


@pytest.mark.parametrize("token", ["", "../../etc/passwd", "x" * 32, "%00" * 32, "0" * 31, "é" * 32])
async def test_a_token_that_is_none_leads_nowhere(visitor, token):
    answer = await visitor.get("/ware/import?" + urlencode({"file": token, "do": "check"}))
    assert answer.status in (200, 409)
    assert "root:" not in answer.text


async def test_a_file_that_is_too_large_is_refused_before_it_is_read(visitor):
    answer = await visitor.ask(
        "POST", "/ware/import", b"x", content_type="multipart/form-data; boundary=X", content_length="104857600"
    )
    assert answer.status == 413
    assert "50 MiB" in answer.text


async def test_a_file_that_is_too_large_leads_back_to_where_it_was_chosen(visitor):
    answer = await visitor.ask(
        "POST",
        "/ware/import",
        b"x",
        content_type="multipart/form-data; boundary=X",
        content_length="104857600",
        referer="http://localhost/ware/import",
    )
    assert answer.header("content-type").startswith("text/html")
    assert "nonce-" in answer.header("content-security-policy")
    assert re.search('<a [^>]*href="/ware/import"[^>]*>.*Go back', answer.text)


async def test_only_this_address_takes_more_than_others(visitor):
    for path in ("/ware/bulk", "/ware/create", "/seen/export.csv", "/ware/id/import"):
        answer = await visitor.ask(
            "POST", path, b"x", content_type="multipart/form-data; boundary=X", content_length="2000000"
        )
        assert answer.status == 413


async def test_a_class_that_nobody_may_make_has_no_import(visitor):
    assert (await visitor.get("/seen/import")).status == 404
    assert "/seen/import" not in (await visitor.get("/seen")).text


async def test_nothing_in_a_file_becomes_markup(app, visitor):
    bad = '"<script>alert(1)</script>"'
    page = await page_of(visitor, f"name,{bad},price\n{bad},{bad},{bad}\nCup,x,1\n")
    assert "<script>alert" not in page.text
    assert "<script>alert" not in (await visitor.get(await run(app, visitor, page))).text


async def test_one_record_that_cannot_be_read_keeps_no_other_from_being_read(app, visitor):
    page = await page_of(visitor, "name,price\nCup,1\nPot,2,3\nJar\n\nLid,4\n,\n")
    assert told(page)["Would be created"] == "2"
    assert told(page)["Do not fit"] == "2"
    await run(app, visitor, page)
    assert await wares(app) == [("Cup", Decimal(1)), ("Lid", Decimal(4))]


async def test_a_quotation_mark_that_never_ends_is_told_on_the_page(app, visitor):
    page = await page_of(visitor, 'name,price\nCup,1\n"Pot,2\nLid,3\n')
    assert told(page)["Would be created"] == "2"
    assert told(page)["Do not fit"] == "1"
    assert "a quotation mark in it is never closed" in page.text
    await run(app, visitor, page)
    assert await wares(app) == [("Cup", Decimal(1)), ("Lid", Decimal(3))]


async def test_a_file_may_have_many_columns(app, visitor):
    header = ",".join(["name", *(f"x{number}" for number in range(499))])
    page = await page_of(visitor, f"{header}\nCup{',' * 499}\n", m=["name"] + [""] * 499)
    await run(app, visitor, page)
    assert await wares(app) == [("Cup", Decimal(1))]


async def test_of_two_columns_of_one_name_the_first_is_taken(app, visitor):
    page = await page_of(visitor, "name,name,price,Name\nCup,Pot,1,Jar\n")
    await run(app, visitor, page)
    assert await wares(app) == [("Cup", Decimal(1))]


@pytest.mark.parametrize(
    "data", [b"na\0me,price\nC\0up,1\n", b"\0\0\0\0", b"\n\n", b"\xff\xfe", b"\xef\xbb\xbf", b"\xff\xfen\0", b'"']
)
async def test_bytes_that_are_no_table_are_no_failure(app, visitor, data):
    page = await page_of(visitor, data, m=["name", "price"])
    assert page.status == 200
    assert await wares(app) == []


@pytest.fixture
def long_file(app, tmp_path):
    """Return what reads a file of 200,000 records, and the file."""
    path = tmp_path / "file.csv"
    path.write_text("name,price\n" + "".join(f"ware number {number},{number}\n" for number in range(200_000)))
    plan = Plan("token", "utf-8", ",", ("name", "price"))
    return import_rows(app.pages, app.pages.shape(Ware), path, plan, Actor("x"), "batch"), path


@pytest.mark.long
async def test_a_long_file_leaves_nothing_behind_in_memory(long_file):
    rows, count = long_file[0], 0
    try:
        async for row in rows:
            assert row.command is not None
            count += 1
            if count == 150_000:
                tracemalloc.start()
            if count == 160_000:
                assert tracemalloc.get_traced_memory()[0] < 1_000_000
                tracemalloc.stop()
    finally:
        tracemalloc.stop()
    assert count == 200_000


async def test_a_long_file_is_read_as_it_is_needed(long_file):
    rows, path = long_file
    taken = [await anext(rows) for _ in range(1000)]
    path.write_text("")
    assert len(taken) + len([row async for row in rows]) < 5000


async def test_private_fields_cannot_be_filled(visitor):
    page = await page_of(visitor, "name,cost\nCup,1\n", m=["name", "cost"])
    assert told(page)["Would be created"] == "1"
    assert 'value="cost"' not in page.text


# -- files as people have them -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_file_is_read_however_it_is_written(tmp_path, encoding, delimiter):
    path = tmp_path / "file.csv"
    path.write_bytes(f"name{delimiter}größe\r\nüber{delimiter}1\r\n".encode(encoding))
    dialect = dialect_of(path)
    assert dialect.delimiter == delimiter
    assert [line.cells for line in lines_of(path, dialect)] == [["name", "größe"], ["über", "1"]]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_says_how_a_file_is_written(tmp_path, encoding):
    path = tmp_path / "file.csv"
    path.write_bytes("\ufeffname,größe\nüber,1\n".encode(encoding))
    assert [line.cells for line in lines_of(path, dialect_of(path))] == [["name", "größe"], ["über", "1"]]


def test_a_letter_that_was_saved_in_latin_1_is_found_again(tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes("name\nGrün café ÀÿÞ\n".encode("latin-1"))
    dialect = dialect_of(path)
    assert dialect.assumed
    assert [line.cells for line in lines_of(path, dialect)][1] == ["Grün café ÀÿÞ"]


def test_what_stands_inside_of_cells_does_not_divide_them(tmp_path):
    path = tmp_path / "file.csv"
    prose = '"one; two\tthree\nfour; five\tsix\u2028seven; eight\tnine"'
    path.write_text('"a; b",c\n' + f"{prose},1\n" * 30)
    assert dialect_of(path).delimiter == ","
    assert {len(line.cells) for line in lines_of(path, dialect_of(path))} == {2}


def test_records_know_the_line_they_begin_in(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text('a,b\n"two\nlines",1\n\nlast,2\n')
    assert [line.number for line in lines_of(path, Dialect("utf-8", ","))] == [1, 2, 5]


def test_a_quotation_mark_that_never_ends_is_told_where_it_begins(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text('a,b\n"never,1\n' + "x,y\n" * 60_000)
    read = list(lines_of(path, Dialect("utf-8", ",")))
    assert [line.number for line in read if line.problem] == [2]
    assert "quotation mark" in read[1].problem
    assert [line.number for line in read] == list(range(1, 60_003))


def test_a_cell_of_several_lines_may_end_the_file(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text('a\n"two\nlines"')
    assert [line.cells for line in lines_of(path, Dialect("utf-8", ","))] == [["a"], ["two\nlines"]]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_somehow(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "file.csv"
    path.write_bytes(data)
    for line in lines_of(path, dialect_of(path)):
        assert line.number > 0


def test_a_folder_that_others_may_enter_is_not_used(tmp_path):
    folder = tmp_path / "open"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    uploads = Uploads(Signer("secret"), folder)
    with pytest.raises(StoreError, match="not private"):
        uploads._open_folder()


async def test_no_file_is_taken_when_the_disk_is_nearly_full(tmp_path):
    uploads = Uploads(Signer("secret"), tmp_path / "uploads", reserve=2**62)
    with pytest.raises(StoreError, match="are left on the disk"):
        await uploads.keep(io.BytesIO(b"a\n1\n"), "visitor")
    assert not list((tmp_path / "uploads").iterdir())


async def test_one_record_is_counted_as_one(visitor):
    page = await page_of(visitor, "name\nTea\n")
    assert "1 record, 1 column<" in page.text
    assert ">Import 1 record<" in page.text


@pytest.mark.parametrize(("language", "why"), [("en", "is required"), ("de", "fehlt")])
async def test_what_does_not_fit_is_told_in_the_readers_language(visitor, language, why):
    address = (await send(visitor, "code,price\na,1\n")).header("location")
    page = await visitor.get(f"{address}&m=code&m=price&do=check", accept_language=language)
    assert f">{why}<" in page.text
