"""Views of a list that are kept under a name: one's own, shared ones, and the one that is shown first."""

from __future__ import annotations

import re
from html import unescape

import pytest
from asgi_visitors import Visitor

from starmodel.adapters.fasthtml.crud.saved import SavedView
from starmodel.core import Entity

pytestmark = pytest.mark.anyio


class Task(Entity):
    title: str
    done: bool = False


@pytest.fixture
async def app(start):
    return await start(Task)


@pytest.fixture
def keep(visitor):
    async def keep(name, query="done=true", **more):
        return await visitor.form("/starmodelview/keep", {"name": name, "of": "/task", "query": query, **more})

    return keep


async def the_view(app):
    (stored,) = (await app.application.find(SavedView)).items
    return stored.entity


async def test_a_view_is_kept_and_found_by_its_name(visitor, keep):
    answer = await keep("Done <i>ones</i>", "done=true&sort=-title")
    assert answer.header("location") == "/task?done=true&sort=-title"
    panel = (await visitor.get("/task/views")).text
    assert 'href="/task?done=true&amp;sort=-title"' in panel
    assert "Done &lt;i&gt;ones&lt;/i&gt;" in panel


async def test_nobody_else_sees_a_view_that_is_not_shared(app, keep):
    await keep("my secret")
    other = Visitor(app)
    assert "my secret" not in (await other.get("/task/views")).text
    view = await the_view(app)
    for event in ("rename", "delete", "share", "choose", "revise"):
        answer = await other.post(f"/starmodelview/{view.id}/{event}", {})
        assert answer.status in (404, 422)
    assert await the_view(app) == view


async def test_a_shared_view_may_be_read_by_everybody_and_changed_by_its_owner(app, visitor, keep):
    await keep("for all")
    view = await the_view(app)
    assert (await visitor.form(f"/starmodelview/{view.id}/share", {"shared": "true"})).status == 303
    shared, other = await the_view(app), Visitor(app)
    assert "for all" in (await other.get("/task/views")).text
    refused = await other.form(f"/starmodelview/{shared.id}/rename", {"name": "mine now"})
    assert refused.status == 403
    await visitor.form(f"/starmodelview/{shared.id}/share", {"shared": "false"})
    assert "for all" not in (await other.get("/task/views")).text


async def test_a_view_is_renamed_and_deleted(app, visitor, keep):
    await keep("old")
    view = await the_view(app)
    await visitor.form(f"/starmodelview/{view.id}/rename", {"name": "new"})
    assert (await the_view(app)).name == "new"
    await visitor.form(f"/starmodelview/{view.id}/delete")
    assert not (await app.application.find(SavedView)).items


async def test_the_view_that_was_chosen_is_shown_first_until_it_is_not(app, visitor, keep):
    await keep("first")
    view = await the_view(app)
    chosen = await visitor.form(f"/starmodelview/{view.id}/choose", {"usual": "true"})
    await visitor.get(chosen.header("location"))
    assert (await visitor.get("/task")).header("location") == "/task/usual"
    assert (await visitor.get("/task/usual")).header("location") == "/task?done=true"
    assert (await visitor.get("/task?view=all")).status == 200
    assert (await Visitor(app).get("/task")).status == 200
    await visitor.form(f"/starmodelview/{view.id}/choose", {"usual": "false"})
    visitor.cookies = {name: value for name, value in visitor.cookies.items() if "sm-usual" not in name}
    assert (await visitor.get("/task")).status == 200


@pytest.fixture
async def usual(app, visitor, keep):
    """Keep a view, and show it first."""
    await keep("first")
    chosen = await visitor.form(f"/starmodelview/{(await the_view(app)).id}/choose", {"usual": "true"})
    await visitor.get(chosen.header("location"))


@pytest.mark.parametrize("step", ["filter?g0=all&do=clear", "filter?g0=all&do=apply", "options?n=20&do=usual"])
async def test_whoever_takes_its_conditions_away_is_not_led_back_to_it(visitor, usual, step):
    there = (await visitor.get(f"/task/{step}")).header("location")
    assert (await visitor.get(there)).status == 200


async def test_every_way_out_of_it_shows_all(app, visitor, usual):
    page = unescape((await visitor.get("/task?done=true&q=nothing+is+called+this")).text)
    ways = re.findall(r'href="(/task\?[^"]*)"[^>]*>Show all', page)
    assert len(ways) == 2
    without_search = re.findall(r'href="(/task\?[^"]*)"', (await visitor.get("/task?q=nothing")).text)
    assert "/task?view=all" in without_search
    for way in ways:
        assert (await visitor.get(way)).status == 200


async def test_it_stays_the_first_when_it_is_shared(app, visitor, usual):
    await visitor.form(f"/starmodelview/{(await the_view(app)).id}/share", {"shared": "true"})
    assert (await visitor.get("/task/usual")).header("location") == "/task?done=true"


async def test_a_list_in_which_there_is_nothing_yet_says_so_however_it_is_shown(visitor):
    assert "No tasks yet" in (await visitor.get("/task?view=all&sort=title")).text
    assert "Nothing found" in (await visitor.get("/task?done=true")).text


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "x" * 81},
        {"query": "a\nb"},
        {"query": "x" * 9000},
        {"of": "//evil.example"},
        {"of": "/a/b"},
    ],
)
async def test_what_is_no_view_is_not_kept(app, visitor, wrong):
    answer = await visitor.form("/starmodelview/keep", {"name": "n", "of": "/task", "query": "", **wrong})
    assert answer.status == 422
    assert not (await app.application.find(SavedView)).items


async def test_who_owns_a_view_is_told_to_nobody(app, visitor, keep):
    await keep("mine", shared="true")
    owner = (await the_view(app)).owner
    text = unescape((await Visitor(app).get("/task/views")).text)
    assert owner not in re.sub(r"shared-\w+-\w+", "", text)
    assert visitor.id not in text
