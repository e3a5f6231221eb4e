"""The list of a class: what its address says, what it shows to whom, and how it is kept and kept up to date."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from html import unescape
from itertools import chain
from typing import Annotated
from urllib.parse import quote

import pytest
from asgi_visitors import Visitor
from fasthtml.common import H1, Meta

from starmodel.adapters.fasthtml.crud.keeping import KeptPages
from starmodel.adapters.fasthtml.crud.templates import slot
from starmodel.core import Entity, Indexed, Private, Reference, Secret, event
from starmodel.core.actors import ALLOWED, Decision
from starmodel.plugins import PluginHost, hookimpl


class Status(Enum):
    OPEN = "open"
    LATE = "late"


class Person(Entity):
    name: str
    model_config = {"plural": "People"}


class Job(Entity):
    title: str
    done: bool = False
    status: Status = Status.OPEN
    due: date | None = None
    price: Decimal = Decimal("1.50")
    notes: str = ""
    margin: Private[str] = "margin-canary"
    password: Secret[str] = "password-canary"
    person_id: Annotated[str | None, Reference("Person")] = None

    @event
    def toggle(self) -> None:
        self.done = not self.done

    @event
    def snooze(self, until: date) -> None:
        self.due = until


class Hidden(Entity):
    name: str = ""
    model_config = {"pages": False}


class Short(Entity):
    name: str = ""
    model_config = {"ttl": 60}


KINDS = (Job, Person, Hidden, Short)


@pytest.fixture
async def app(start):
    return await start(*KINDS)


async def jobs(app, *titles, **fields):
    return [(await app.application.dispatch(Job.create(title=title, **fields))).entity for title in titles]


def titles(answer):
    return [unescape(title) for title in re.findall(r'<a href="/job/[0-9a-f]{32}">([^<]*)</a>', answer.text)]


async def test_a_class_has_a_list_without_a_line_of_code(app, visitor):
    await jobs(app, "Milk", "Bread")
    answer = await visitor.get("/job?sort=title")
    assert answer.status == 200
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert titles(answer) == ["Bread", "Milk"]
    assert "<h1>Jobs</h1>" in answer.text
    assert "2 jobs" in answer.text
    assert "<title>Jobs · StarModel</title>" in answer.text


async def test_it_shows_values_as_people_write_them(app, visitor):
    await jobs(app, "Milk", due=date(2026, 3, 4), price=Decimal("1234.50"), done=True)
    text = (await visitor.get("/job")).text
    assert '<time datetime="2026-03-04">Mar 4, 2026</time>' in text
    assert "1,234.50" in text
    assert ">Yes</span>" in text
    assert ">Open</span>" in text


async def test_what_is_not_public_is_in_no_byte_of_it(app, visitor):
    await jobs(app, "Milk")
    assert "canary" not in (await visitor.get("/job")).everything
    for word in ("margin=margin-canary", "password.contains=a", "sort=margin", "columns=password"):
        answer = await visitor.get(f"/job?{word}")
        assert answer.status == 400, word
        assert "margin-canary" not in answer.text.replace("margin=margin-canary", "")


async def test_markup_in_values_stays_text(app, visitor):
    await jobs(app, "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\ue000\ue001 {x}")
    text = (await visitor.get("/job")).text
    assert "<script>alert" not in text
    assert "<img" not in text


async def test_an_empty_list_says_what_to_do(app, visitor):
    text = (await visitor.get("/job")).text
    assert "No jobs yet" in text
    assert 'href="/job/new"' in text


async def test_a_search_that_finds_nothing_leads_back(app, visitor):
    await jobs(app, "Milk")
    text = (await visitor.get("/job?q=zebra")).text
    assert "Nothing found" in text
    assert '<a href="/job"' in text


async def test_an_address_that_does_not_fit_is_told_what_does(app, visitor):
    answer = await visitor.get("/job?pric=1")
    assert answer.status == 400
    assert "price" in answer.text


async def test_pages_go_forth_and_back_over_equal_values(app, visitor):
    made = await jobs(app, *[f"Job {number:02}" for number in range(25)], price=Decimal(1))
    seen, address, ways = [], "/job?sort=price&limit=10", []
    while address:
        ways.append(address)
        answer = await visitor.get(address)
        seen.append(titles(answer))
        found = re.search(r'<a href="([^"]*after=[^"]*)"', answer.text)
        address = unescape(found[1]) if found else ""
    assert [len(page) for page in seen] == [10, 10, 5]
    assert sorted(chain(*seen)) == sorted(one.title for one in made)
    back = unescape(re.search(r'<a href="([^"]*before=[^"]*)"', answer.text)[1])
    answer = await visitor.get(back)
    assert titles(answer) == seen[1]
    first = await visitor.get(unescape(re.search(r'<a href="([^"]*before=[^"]*)"', answer.text)[1]))
    assert titles(first) == seen[0]
    assert "before=" not in first.text


async def test_a_reference_is_shown_by_its_name_in_one_question(app, visitor, monkeypatch):
    people = [(await app.application.dispatch(Person.create(name=name))).entity for name in ("Ada", "Bob")]
    for person in people:
        await jobs(app, "Milk", person_id=person.id)
    asked = []
    store = app.application.persistence.for_class(Person)
    real = store.query

    async def query(kind, query):
        asked.append(kind)
        return await real(kind, query)

    monkeypatch.setattr(store, "query", query)
    text = (await visitor.get("/job")).text
    assert f'<a href="/person/{people[0].id}">Ada</a>' in text
    assert f'<a href="/person/{people[1].id}">Bob</a>' in text
    assert asked == [Job, Person]


async def test_a_name_nobody_may_see_is_not_shown(start):
    class NoPeople:
        def decide(self, actor, action, kind, id, entity):
            return Decision(allowed=False, hidden=True) if kind is Person and action == "read" else ALLOWED

    app = await start(*KINDS, policies=[NoPeople()])
    ada = (await app.application.dispatch(Person.create(name="Ada"))).entity
    await jobs(app, "Milk", person_id=ada.id)
    assert "Ada" not in (await Visitor(app).get("/job")).text
    assert "Ada" not in (await Visitor(app).get("/person")).text


async def test_columns_are_chosen_in_the_address(app, visitor):
    await jobs(app, "Milk", notes="some notes")
    text = (await visitor.get("/job?columns=notes,title")).text
    assert "some notes" in text
    assert re.findall(r'sort=(\w+)">', text) == ["notes", "title"]


async def test_a_page_of_the_application_takes_its_place(app, visitor):
    await jobs(app, "Milk")
    await visitor.get("/job")

    @app.get("/job")
    def own():
        return H1("my own")

    assert "my own" in (await visitor.get("/job")).text
    assert "<h1>People</h1>" in (await visitor.get("/person")).text


async def test_a_class_without_pages_has_none(app, visitor):
    assert (await visitor.get("/hidden")).status == 404
    assert (await visitor.get("/job/x/y/z")).status == 404
    assert (await visitor.ask("POST", "/job")).status in (404, 405)


async def test_what_was_made_last_stands_first_and_its_maker_is_told_where_it_is(app, visitor):
    for number in range(30):
        await app.application.dispatch(
            replace(Job.create(title=f"Job {number}"), at=datetime(2020, 1, 1 + number, tzinfo=UTC))
        )
    made = await visitor.click("/job/create", {"title": "New"})
    page = await visitor.get("/job")
    assert titles(page)[:3] == ["New", "Job 29", "Job 28"]
    assert (await visitor.get(made.header("starmodel-made"))).status == 200


class TestKept:
    async def test_the_same_page_is_made_once(self, app, visitor):
        await jobs(app, "Milk")
        first = await visitor.get("/job")
        again = await Visitor(app).get("/job")
        assert app.pages.kept.hits == 1
        assert again.without_nonce != first.without_nonce  # each has a key of its own for the form without scripts
        assert re.sub(r'value="[\w-]{16}"', "", again.without_nonce) == re.sub(
            r'value="[\w-]{16}"', "", first.without_nonce
        )

    async def test_each_answer_has_its_own_nonce(self, app, visitor):
        await visitor.get("/job")
        one, two = await visitor.get("/job"), await visitor.get("/job")
        nonces = [set(re.findall(r'nonce="([^"]+)"', answer.text)) for answer in (one, two)]
        assert [len(found) for found in nonces] == [1, 1]
        assert nonces[0] != nonces[1]
        for answer, (nonce,) in zip((one, two), nonces, strict=True):
            assert f"'nonce-{nonce}'" in answer.header("content-security-policy")

    async def test_what_was_stored_is_on_the_next_page(self, app, visitor):
        (job,) = await jobs(app, "Milk")
        await visitor.get("/job")
        await visitor.click(f"/job/{job.id}/update", {"title": "Bread"})
        assert titles(await visitor.get("/job")) == ["Bread"]

    async def test_a_renamed_reference_is_on_the_next_page(self, app, visitor):
        ada = (await app.application.dispatch(Person.create(name="Ada"))).entity
        await jobs(app, "Milk", person_id=ada.id)
        await visitor.get("/job")
        await visitor.click(f"/person/{ada.id}/update", {"name": "Grace"})
        assert ">Grace</a>" in (await visitor.get("/job")).text

    async def test_another_class_makes_no_new_page(self, app, visitor):
        await visitor.get("/job")
        await app.application.dispatch(Hidden.create(name="x"))
        await visitor.get("/job")
        assert app.pages.kept.hits == 1

    async def test_what_expires_is_not_kept(self, app, visitor):
        await visitor.get("/short")
        await visitor.get("/short")
        assert app.pages.kept.hits == 0

    async def test_a_page_with_rules_of_the_application_is_not_kept(self, start):
        class Anything:
            def decide(self, actor, action, kind, id, entity):
                return ALLOWED

        app = await start(*KINDS, policies=[Anything()])
        visitor = Visitor(app)
        await visitor.get("/job")
        await visitor.get("/job")
        assert app.pages.kept.hits == 0

    async def test_what_is_a_visitors_own_is_shown_to_nobody_else(self, app, visitor):
        await visitor.get("/person")
        mine = visitor.id
        await app.application.dispatch(Person.create(name="private-canary").on(mine))
        other = Visitor(app)
        assert "private-canary" in (await visitor.get("/person")).text
        assert "private-canary" not in (await other.get("/person")).text
        assert "private-canary" in (await visitor.get("/person")).text

    async def test_languages_are_kept_apart(self, app, visitor):
        await visitor.get("/job")
        await visitor.get("/job", accept_language="en-GB")
        assert app.pages.kept.hits == 0

    async def test_their_memory_is_bounded(self, app, visitor):
        await jobs(app, *[f"Job {number}" for number in range(20)])
        app.pages.kept = KeptPages(app.application.dispatcher.moves, max_bytes=60_000)
        for limit in range(1, 20):
            await visitor.get(f"/job?limit={limit}")
        assert 1 < len(app.pages.kept) < 19
        assert 30_000 < app.pages.kept.size <= 60_000

    async def test_a_long_address_counts_as_much_as_a_long_page(self, app, visitor):
        kept = app.pages.kept
        await visitor.get(f"/job?title={'x' * 50_000}")
        assert kept.size > 50_000

    async def test_with_no_room_none_is_kept(self, app, visitor):
        app.pages.kept = KeptPages(app.application.dispatcher.moves, max_bytes=0)
        await visitor.get("/job")
        await visitor.get("/job")
        assert (len(app.pages.kept), app.pages.kept.size, app.pages.kept.hits) == (0, 0, 0)

    async def test_a_change_at_the_end_of_a_reference_makes_a_new_page(self, app, visitor):
        ada = (await app.application.dispatch(Person.create(name="Ada"))).entity
        await jobs(app, "Milk", person_id=ada.id)
        address = "/job?person_id.name=Grace&columns=title"
        assert titles(await visitor.get(address)) == []
        await visitor.click(f"/person/{ada.id}/update", {"name": "Grace"})
        assert titles(await visitor.get(address)) == ["Milk"]

    async def test_the_number_is_that_of_now(self, app, visitor):
        await jobs(app, *[f"Job {number}" for number in range(22)])
        first = await visitor.get("/job")
        assert "22 jobs" in first.text
        assert "22 jobs" in (await visitor.get(following(first))).text
        assert (app.pages.counts.hits, len(app.pages.counts)) == (1, 1)
        await jobs(app, "Another")
        assert "23 jobs" in (await visitor.get(following(first))).text


def following(answer):
    return unescape(re.findall(r'href="([^"]*after=[^"]*)"', answer.text)[-1])


async def test_text_that_looks_like_a_gap_in_a_page_is_text(app, visitor):
    odd = "\ue000nonce\ue001 ~rows~"
    await jobs(app, odd)
    answer = await visitor.get(f"/job?title={quote(odd)}")
    assert titles(answer) == [odd]
    assert (await visitor.get(f"/job?q={quote(odd)}")).status == 200


async def test_no_gap_of_a_page_is_left_open(app, visitor):
    await jobs(app, "Milk")
    mark = slot("").removesuffix("~")
    for address in ("/job", "/job?q=milk&sort=-title", "/job?q=nothing"):
        assert mark not in (await visitor.get(address)).text


async def test_a_condition_tells_nothing_of_what_may_not_be_seen(start):
    class NobodySeesPeople:
        def decide(self, actor, action, kind, id, entity):
            return Decision(allowed=kind is not Person, why="people are private", hidden=True)

    app = await start(*KINDS, policies=[NobodySeesPeople()])
    visitor = Visitor(app)
    ada = (await app.application.dispatch(Person.create(name="Ada"))).entity
    await jobs(app, "Milk", person_id=ada.id)
    assert titles(await visitor.get("/job")) == ["Milk"]
    answer = await visitor.get("/job?person_id.name=Ada")
    assert titles(answer) == []
    assert "1 job" not in answer.text


async def test_an_address_that_names_more_than_anybody_reads_is_refused(visitor):
    answer = await visitor.get("/job?" + "&".join(["title.in=a"] * 1001))
    assert answer.status == 400
    assert "at most 1000 values" in answer.text


@pytest.mark.parametrize("price", ["1E+999999", "-1E-999999", "9" * 60])
async def test_no_number_is_too_great_for_the_pages_of_others(app, visitor, price):
    (milk,) = await jobs(app, "Milk", price=price)
    for page in ("/job", f"/job/{milk.id}", f"/job/{milk.id}/edit"):
        answer = await visitor.get(page)
        assert answer.status == 200
        assert len(answer.body) < 100_000


class Team(Entity):
    title: str
    done: bool = False
    member_ids: Annotated[list[str], Reference("Person")] = []

    @event
    def finish(self) -> None:
        self.done = True


class TestSeveralReferences:
    @pytest.fixture
    async def app(self, start):
        app = await start(Team, Person)
        for name in ("Ada", "Bob"):
            await app.application.dispatch(Person.create(name=name).on(name.lower()))
        await app.application.dispatch(Team.create(title="Tea", member_ids=["ada", "bob"]).on("tea"))
        await app.application.dispatch(Team.finish().on("tea"))
        return app

    @pytest.mark.parametrize("page", ["", "/tea", "/tea/edit", "?member_ids.contains=ada", "?columns=member_ids"])
    async def test_each_is_shown_by_its_name_on_every_page(self, visitor, page):
        text = (await visitor.get(f"/team{page}")).text
        assert "Ada" in text
        assert "Bob" in text

    async def test_a_new_name_of_one_makes_its_row_again(self, app, visitor):
        page = await visitor.open("/team")
        async with page.stream() as stream:
            await stream.hello()
            await app.application.dispatch(Person.update(name="Eve").on("bob"))
            assert ">Ada</a>, " in (await stream.until(">Eve</a>")).data


class TestLive:
    async def test_one_changed_value_is_one_small_cell(self, app, visitor):
        milk, _ = await jobs(app, "Milk", "Bread")
        page = await visitor.open("/job")
        async with page.stream() as stream:
            await stream.hello()
            await visitor.click(f"/job/{milk.id}/toggle")
            found = await stream.until("datastar-patch-elements")
        assert found.data.count("<td") == 1
        assert "<tr" not in found.data
        assert f'id="job-{milk.id}-done"' in found.data
        assert len(stream.chunks[-1]) <= 200

    async def test_a_new_name_is_told_by_all_that_says_it_and_nothing_else(self, app, visitor):
        (milk,) = await jobs(app, "Milk")
        page = await visitor.open("/job")
        async with page.stream() as stream:
            await stream.hello()
            await visitor.click(f"/job/{milk.id}/update", {"title": 'Bread & "Butter"'})
            found = await stream.until("datastar-patch-elements")
        assert found.data.count("<td") == 1
        assert "<tr" not in found.data
        assert "Milk" not in found.data
        said = sorted(re.findall(r'aria-label="([^"]*)"', found.data))
        assert said == [f"{text} Bread &amp; &quot;Butter&quot;" for text in ("More actions for", "Select")]

    async def test_it_is_told_also_where_the_list_does_not_show_it(self, app, visitor):
        (milk,) = await jobs(app, "Milk")
        page = await visitor.open("/job?columns=done,person_id")
        async with page.stream() as stream:
            await stream.hello()
            await visitor.click(f"/job/{milk.id}/update", {"title": "Bread"})
            found = await stream.until("datastar-patch-elements")
        assert "<td" not in found.data
        assert found.data.count("Bread") == 2

    async def test_a_new_one_makes_the_list_again(self, app, visitor):
        await jobs(app, "Milk")
        page = await visitor.open("/job")
        async with page.stream() as stream:
            await stream.hello()
            await jobs(app, "Bread")
            found = await stream.until("datastar-patch-elements")
        assert "Bread" in found.data
        assert "Milk" in found.data

    async def test_a_new_reference_is_shown_by_its_name(self, app, visitor):
        ada = (await app.application.dispatch(Person.create(name="Ada"))).entity
        (milk,) = await jobs(app, "Milk")
        page = await visitor.open("/job")
        async with page.stream() as stream:
            await stream.hello()
            await visitor.click(f"/job/{milk.id}/update", {"person_id": ada.id})
            found = await stream.until("datastar-patch-elements")
        assert ">Ada</a>" in found.data

    async def test_two_changes_at_once_are_both_shown(self, app, visitor):
        (milk,) = await jobs(app, "Milk")
        page = await visitor.open("/job")
        async with page.stream() as stream:
            await stream.hello()
            stream.stall()
            for number in range(4):
                await visitor.click(f"/job/{milk.id}/update", {"notes": str(number)})
            await visitor.click(f"/job/{milk.id}/toggle")
            await visitor.click(f"/job/{milk.id}/update", {"title": "Bread"})
            stream.go_on()
            found = await stream.until("Bread")
        assert ">Yes<" in found.data

    async def test_of_a_class_without_references_they_are_one_row(self, app, visitor):
        ada = (await app.application.dispatch(Person.create(name="Ada"))).entity
        page = await visitor.open("/person")
        async with page.stream() as stream:
            await stream.hello()
            stream.stall()
            for name in ("Bea", "Cis", "Dot", "Eve"):
                await visitor.click(f"/person/{ada.id}/update", {"name": name})
            stream.go_on()
            found = await stream.until("Eve")
        assert found.data.startswith(f'elements <tr id="person-{ada.id}">')

    async def test_a_kept_page_is_live_for_whoever_opens_it(self, app, visitor):
        (milk,) = await jobs(app, "Milk")
        await visitor.open("/job")
        other = Visitor(app)
        page = await other.open("/job")
        assert app.pages.kept.hits == 1
        async with page.stream() as stream:
            await stream.hello()
            await visitor.click(f"/job/{milk.id}/toggle")
            assert "-done" in (await stream.until("datastar-patch-elements")).data


class Note(Entity):
    text: str
    at: Annotated[date, Indexed()]


async def test_the_newest_come_first_where_an_index_knows_which(start):
    app = await start(Note)
    for day in (2, 3, 1):
        await app.application.dispatch(Note.create(text=f"day {day}", at=date(2026, 1, day)))
    text = (await Visitor(app).get("/note")).text
    assert re.findall(r"day \d", re.sub(r'aria-label="[^"]*"', "", text)) == ["day 3", "day 2", "day 1"]
    assert 'aria-sort="descending"' in text


async def test_what_a_plugin_adds_to_a_page_is_asked_for_each_time(start):
    class Trial:
        @hookimpl
        def starmodel_page_head(self, request):
            return [Meta(name="trial")] if "trial" in request.headers else []

    host = PluginHost()
    host.add(Trial())
    visitor = Visitor(await start(Job, Person, plugins=host))
    assert "trial" not in (await visitor.get("/job")).text
    assert "trial" in (await visitor.get("/job", trial="1")).text
