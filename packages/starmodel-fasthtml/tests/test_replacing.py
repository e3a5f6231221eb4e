"""An application's own cell, fact, control, row, page, columns and words in the place of the usual ones."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Annotated

import pytest
from asgi_visitors import Visitor
from fasthtml.common import A, Button, Input, Label, P, Select, Strong, Tr
from fasthtml.common import Option as Choice
from starlette.responses import RedirectResponse

from starmodel.adapters.fasthtml import Content, find, load
from starmodel.core import Entity, Private, Reference, event
from starmodel.core.errors import DefinitionError, EventError

HOSTILE = "<script>alert('canary')</script>"


class Person(Entity):
    name: str


class Job(Entity):
    title: str
    done: bool = False
    notes: str = ""
    due: date | None = None
    margin: Private[str] = "margin-canary"
    person_id: Annotated[str | None, Reference("Person")] = None

    @event
    def toggle(self) -> None:
        self.done = not self.done

    @event
    def snooze(self, until: date, why: str = "") -> None:
        self.due, self.notes = until, why


class Unseen(Entity):
    name: str
    model_config = {"pages": False}


@pytest.fixture
async def app(start):
    return await start(Job, Person, Unseen)


@pytest.fixture
def pages(app):
    return app.pages


@pytest.fixture
async def job(app):
    await app.application.dispatch(Person.create(name="Ada").on("ada"))
    await app.application.dispatch(Job.create(title="Milk", person_id="ada").on("a"))


async def change(app, **fields):
    await app.application.dispatch(Job.update(**fields).on("a"))


def cell(text, name):
    """Return what stands in a cell of the row of the job."""
    return re.search(rf'<td[^>]*id="job-a-{name}"[^>]*>(.*?)</td>', text, re.DOTALL)[1]


class TestCells:
    async def test_an_own_cell_takes_the_place_of_one_and_leads_to_the_entity(self, job, pages, visitor):
        pages.cell(Job, "title")(lambda job: Strong(job.title))
        text = (await visitor.get("/job")).text
        assert cell(text, "title") == '<a href="/job/a"><strong>Milk</strong></a>'
        assert "No" in cell(text, "done")

    async def test_one_that_can_be_clicked_itself_stands_in_no_other_link(self, job, pages, visitor):
        pages.cell(Job, "title")(lambda job: A(job.title, href="/elsewhere"))
        assert cell((await visitor.get("/job")).text, "title") == '<a href="/elsewhere">Milk</a>'

    @pytest.mark.parametrize("made", [HOSTILE, [HOSTILE, "b"], Strong(HOSTILE), {"a": HOSTILE}, HOSTILE.encode()])
    @pytest.mark.parametrize("part", ["cell", "fact"])
    async def test_what_it_returns_is_text_unless_it_is_an_element(self, job, pages, visitor, part, made):
        getattr(pages, part)(Job, "title")(lambda _: made)
        for address in ("/job", "/job/a"):
            assert "<script>alert" not in (await visitor.get(address)).text

    async def test_it_is_patched_when_anything_of_the_entity_changes_and_costs_no_more_than_itself(
        self, app, job, pages, visitor
    ):
        pages.cell(Job, "done")(lambda job: f"{job.title} is {job.done}")
        page = await visitor.open("/job")
        async with page.stream() as stream:
            await stream.hello()
            await change(app, notes="new")
            frame = str(await stream.until("datastar-patch-elements"))
        assert re.findall(r'<td[^>]*id="([^"]*)"', frame) == ["job-a-done"]
        assert "Milk is False" in frame

    async def test_nothing_is_shown_as_nothing(self, job, pages, visitor):
        pages.cell(Job, "title")(lambda _: None)
        assert cell((await visitor.get("/job")).text, "title") == '<a href="/job/a">—</a>'

    async def test_a_list_that_was_kept_is_drawn_anew(self, job, pages, visitor):
        await visitor.get("/job")
        pages.cell(Job, "title")(lambda _: "mine")
        assert "mine" in (await visitor.get("/job")).text


async def test_an_own_fact_stands_on_the_page_of_the_entity_alone(app, job, pages, visitor):
    pages.fact(Job, "notes")(lambda job: P(f"{job.title}!", cls="mine"))
    assert '<dd><p class="mine">Milk!</p></dd>' in (await visitor.get("/job/a")).text
    await change(app, title="Oats")
    assert '<dd><p class="mine">Oats!</p></dd>' in (await visitor.get("/job/a")).text
    assert 'class="mine"' not in (await visitor.get("/job?columns=notes")).text


class TestControls:
    async def test_an_own_control_asks_in_every_form(self, job, pages, visitor):
        @pages.control(Job, "notes")
        def notes(field):
            return Label("Mine", Input(name=field.name, value=field.value, cls="mine"))

        await visitor.form("/job/a/update", {"notes": HOSTILE})
        for address in ("/job/new", "/job/a/edit", "/job/a/cell/notes"):
            text = (await visitor.get(address)).text
            assert 'class="mine"' in text
            assert "<script>alert" not in text
        assert "Title" in (await visitor.get("/job/new")).text

    async def test_an_argument_of_an_event_is_one_too_also_for_many_rows(self, job, pages, visitor):
        pages.control(Job, "why")(lambda field: Input(name=field.name, cls="mine"))
        assert 'class="mine"' in (await visitor.get("/job/a/do/snooze")).text
        assert 'class="mine"' in (await visitor.form("/job/bulk", {"id": "a", "do": "snooze"})).text

    async def test_a_reference_can_be_chosen_by_its_id(self, app, job, pages, visitor):
        @pages.control(Job, "person_id")
        def person(field):
            return Select(Choice("Nobody", value=""), Choice("Ada", value="ada"), name=field.name)

        text = (await visitor.get("/job/new")).text
        name = re.search(r'<select name="([^"]*)"', text)[1]
        hidden = dict(re.findall(r'<input type="hidden" name="(person_id[^"]*)" value="([^"]*)"', text))
        await visitor.form("/job/create", {**hidden, "title": "Rye", name: "ada"})
        [made] = (await app.application.find(Job, {"title": "Rye"})).items
        assert made.entity.person_id == "ada"

    async def test_the_kit_draws_it_otherwise(self, job, pages, visitor):
        pages.control(Job, "notes")(lambda field: pages.kit.field(replace(field, widget="text", help="Briefly")))
        assert "Briefly" in (await visitor.get("/job/new")).text


class TestRows:
    async def test_an_own_row_is_made_of_the_usual_cells(self, job, pages, visitor):
        pages.row(Job)(lambda job, cells: Tr(*cells, cls="mine", id="other", title=HOSTILE))
        text = (await visitor.get("/job")).text
        row = re.search(r"<tr[^>]*mine[^>]*>.*?</tr>", text, re.DOTALL)[0]
        assert 'id="job-a"' in row
        assert "other" not in row
        assert "<script>alert" not in row
        assert cell(row, "title") == '<a href="/job/a">Milk</a>'
        assert ">Ada</a>" in row
        assert row.count("<td") == text.count("<th ")

    async def test_it_is_patched_as_a_whole(self, app, job, pages, visitor):
        pages.row(Job)(lambda job, cells: Tr(*cells, cls="late" if job.due else "early"))
        page = await visitor.open("/job?columns=title,done")
        async with page.stream() as stream:
            await stream.hello()
            await change(app, due=date(2030, 1, 1))
            frame = str(await stream.until("datastar-patch-elements"))
        assert 'class="late"' in frame
        assert "sm-page" not in frame

    async def test_one_that_names_another_entity_keeps_its_name(self, app, job, pages, visitor):
        pages.row(Job)(lambda _, cells: Tr(*cells))
        page = await visitor.open("/job")
        async with page.stream() as stream:
            await stream.hello()
            await change(app, title="Oats")
            assert ">Ada</a>" in str(await stream.until(">Oats</a>"))

    async def test_one_that_is_no_row_is_refused(self, job, pages, visitor):
        pages.row(Job)(lambda job, _: P(job.title))
        with pytest.raises(DefinitionError, match="must return a Tr"):
            pages.row_view(pages.shape(Job)).render(Job(title="x"), '[["title"],"en","UTC"]')


class TestPages:
    async def test_an_own_page_stands_in_the_frame_and_is_live(self, app, job, pages, visitor):
        @pages.page(Job, "detail")
        async def detail(call):
            job = await load(Job, call.id)
            return Content(title=job.title, parts=[P(f"{job.title}, mine", HOSTILE)])

        page = await visitor.open("/job/a")
        assert "<title>Milk · StarModel</title>" in page.text
        assert '<nav aria-label="Menu">' in page.text
        assert "Milk, mine" in page.main
        assert "<script>alert" not in page.text
        async with page.stream() as stream:
            await stream.hello()
            await change(app, title="Oats")
            assert "Oats, mine" in str(await stream.until("datastar-patch-elements"))

    async def test_it_may_show_the_usual_one_within_its_own(self, job, pages, visitor):
        @pages.page(Job, "detail")
        async def detail(call):
            usual = await call.default()
            return [P("before"), *usual.parts]

        text = (await visitor.get("/job/a")).text
        assert "<title>Milk · StarModel</title>" in text
        assert text.index("<p>before</p>") < text.index("<h1>Milk</h1>") < text.index('id="timeline"')

    async def test_the_page_of_what_is_gone_or_was_once_stays_the_usual_one(self, app, job, pages, visitor):
        then = re.search(r"\?at=\d+", (await visitor.get("/job/a")).text)[0]
        pages.page(Job, "detail")(lambda _: P("mine"))
        assert "mine" in (await visitor.get("/job/a")).text
        assert "This is how it once was" in (await visitor.get(f"/job/a{then}")).text
        assert (await visitor.get("/job/never")).status == 404
        await app.application.dispatch(Job.delete().on("a"))
        assert "This is not there any more." in (await visitor.get("/job/a")).text

    async def test_a_list_is_replaced_and_never_kept_for_others(self, job, app, pages, visitor):
        @pages.page(Job, "list")
        async def jobs(call):
            found = await find(Job, {"done": False})
            return [P(f"{len(found)} for {call.read.actor.id}"), *(await call.default()).parts]

        first, second = (await visitor.get("/job")).text, (await Visitor(app).get("/job")).text
        assert f"1 for {visitor.id}" in first
        assert visitor.id not in second
        assert "data-sm-list" in first

    async def test_it_may_lead_elsewhere(self, job, pages, visitor):
        pages.page(Job, "list")(lambda _: RedirectResponse("/person", 303))
        assert (await visitor.get("/job")).header("location") == "/person"

    async def test_a_page_that_replaces_none_has_no_default(self, app, visitor):
        call = None

        async def page(given):
            nonlocal call
            call = given
            return P("mine")

        app.pages.page(Job, "list")(page)
        await visitor.get("/job")
        with pytest.raises(EventError, match="takes the place of no other"):
            await replace(call, usual=None).default()


class TestForms:
    @pytest.fixture
    def hinted(self, pages):
        for name in ("new", "edit"):

            @pages.page(Job, name)
            async def form(call):
                usual = await call.default()
                return [P("a hint"), *usual.parts]

    @pytest.mark.parametrize("address", ["/job/new", "/job/a/edit"])
    async def test_a_form_within_an_own_page_is_one_without_scripts_and_a_dialog_with_them(
        self, job, hinted, visitor, address
    ):
        page = (await visitor.get(address)).text
        assert page.index("a hint") < page.index("<h1>") < page.index('name="title"')
        dialog = (await visitor.get(address, starmodel_request="1")).text
        assert dialog.startswith("<dialog")
        assert dialog.index("<h2") < dialog.index("a hint") < dialog.index('name="title"')
        assert "<h1>" not in dialog

    async def test_one_that_is_refused_comes_back_within_it(self, job, hinted, visitor):
        for ours in ({}, {"starmodel_request": "1"}):
            answer = await visitor.form("/job/create", {"_form": "/job", "done": "x", "notes": "typed"}, **ours)
            assert answer.status == 422
            assert answer.text.startswith("<dialog") is bool(ours)
            assert "a hint" in answer.text
            assert "typed" in answer.text
            assert 'aria-invalid="true"' in answer.text

    async def test_one_that_is_not_ours_is_a_page_and_its_refusal_shows_the_usual_form(self, job, pages, visitor):
        pages.page(Job, "new")(lambda _: P("no form at all"))
        answer = await visitor.get("/job/new", starmodel_request="1")
        assert "<!doctype html>" in answer.text
        assert "no form at all" in answer.text
        refused = await visitor.form("/job/create", {"_form": "/job", "notes": "typed"})
        assert "typed" in refused.text
        assert "no form at all" not in refused.text


class TestWords:
    async def test_columns_are_those_that_are_named_until_a_reader_chooses_others(self, job, pages, visitor):
        pages.columns(Job, "done", "title")
        heads = r'sort=(\w+)">'
        assert re.findall(heads, (await visitor.get("/job")).text) == ["done", "title"]
        assert re.findall(heads, (await visitor.get("/job?columns=notes")).text) == ["notes"]

    async def test_a_hidden_event_is_offered_nowhere_and_can_be_sent_by_programs(self, app, job, pages, visitor):
        pages.hide(Job, "toggle", "delete", "create", "undo")
        for address in ("/job", "/job/a", "/_starmodel/palette?q=milk"):
            text = (await visitor.get(address)).text
            assert "Toggle" not in text
            assert "Delete" not in text
            assert "New job" not in text
            assert ">Undo<" not in text
        assert "Snooze" in (await visitor.get("/job")).text
        assert (await visitor.get("/job/a/do/delete")).status == 404
        assert (await visitor.post("/job/a/toggle")).status == 200

    async def test_fields_and_events_are_called_as_the_application_says(self, app, job, pages, visitor):
        pages.rename(Job, title="What & <b>", toggle="Done!", until="Until when", delete="Throw away")
        text = (await visitor.get("/job")).text
        assert ">What &amp; &lt;b&gt;</a>" in text
        assert ">Done!</button>" in text
        assert "Toggle" not in text
        assert "Throw away" in text
        assert "Until when" in (await visitor.get("/job/a/do/snooze")).text
        await visitor.click("/job/a/toggle")
        assert "Done!" in (await visitor.get("/job/a")).text.partition('id="timeline"')[2]

    async def test_what_is_hidden_can_be_named_all_the_same(self, pages):
        pages.hide(Job, "toggle")
        pages.rename(Job, toggle="Turn")
        pages.control(Job, "until")(lambda field: Button(field.name))


@pytest.mark.parametrize(
    ("say", "told"),
    [
        (lambda pages: pages.cell(Job, "titel"), "did you mean 'title'?"),
        (lambda pages: pages.cell(Job, "margin"), "Job has no public field 'margin'"),
        (lambda pages: pages.fact(Job, "donne"), "did you mean 'done'?"),
        (lambda pages: pages.control(Job, "untill"), "did you mean 'until'?"),
        (lambda pages: pages.control(Job, "margin"), "neither a field nor an argument 'margin'"),
        (lambda pages: pages.page(Job, "detial"), "did you mean 'detail'?"),
        (lambda pages: pages.columns(Job, "title", "dnoe"), "did you mean 'done'?"),
        (lambda pages: pages.columns(Job), "says nothing"),
        (lambda pages: pages.hide(Job, "togle"), "did you mean 'toggle'?"),
        (lambda pages: pages.hide(Job), "says nothing"),
        (lambda pages: pages.rename(Job, titel="x"), "did you mean 'title'?"),
        (lambda pages: pages.rename(Job, title=" "), "must be called by a word"),
        (lambda pages: pages.rename(Job), "says nothing"),
        (lambda pages: pages.row(Unseen), "Unseen is no class with pages"),
        (lambda pages: pages.cell(Strong, "x"), "is no class with pages"),
        (lambda pages: pages.cell("Job", "title"), "is no class with pages"),
        (lambda pages: pages.cell(Job, "title")("<b>"), "is drawn by a function"),
        (lambda pages: pages.page(Job, "list")(None), "is drawn by a function"),
    ],
)
def test_what_there_is_not_to_be_replaced_is_refused_at_once(build, say, told):
    pages = build(Job, Person, Unseen).pages
    with pytest.raises(DefinitionError, match=re.escape(told)):
        say(pages)
    assert pages.shape(Job).own.columns == ()


@pytest.mark.parametrize("part", ["cell", "fact", "control"])
def test_a_part_that_would_have_to_be_waited_for_is_refused(build, part):
    async def waiting(_):
        return "x"

    def stepping(_):
        yield "x"

    for make in (waiting, stepping):
        with pytest.raises(DefinitionError, match="must be a plain function"):
            getattr(build(Job, Person).pages, part)(Job, "title")(make)
