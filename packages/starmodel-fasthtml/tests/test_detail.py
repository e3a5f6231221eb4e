"""The page of one entity: what it is, what refers to it, what happened to it, and the way back."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Annotated

import pytest
from asgi_visitors import Visitor

from starmodel.core import Command, Entity, Private, Reference, Secret, event
from starmodel.core.actors import ALLOWED, Decision


class Person(Entity):
    name: str
    model_config = {"plural": "People"}


class Job(Entity):
    title: str
    done: bool = False
    due: date | None = None
    notes: str = ""
    margin: Private[str] = "margin-canary"
    password: Secret[str] = "password-canary"
    person_id: Annotated[str | None, Reference("Person")] = None

    @event
    def toggle(self) -> None:
        self.done = not self.done

    @event
    def squeeze(self) -> None:
        self.margin = "margin-canary-2"

    @event
    def snooze(self, until: date) -> None:
        self.due = until


KINDS = (Job, Person)


@pytest.fixture
async def app(start):
    return await start(*KINDS)


@pytest.fixture
def send(app):
    async def send(command, id=None, **options):
        return await app.application.dispatch(command if id is None else command.on(id), **options)

    return send


@pytest.fixture
async def job(send):
    await send(Person.create(name="Ada"), "ada")
    await send(Job.create(title="Milk & <b>bread</b>", person_id="ada"), "a")
    return "/job/a"


def history(answer):
    """Return the lines of the timeline, newest first, without their markup."""
    found = re.search(r'<section[^>]*id="timeline".*?</section>', answer.text, re.DOTALL)
    entries = re.findall(r"<li><strong>(.*?)</li>(?=<li><strong>|</ol>)", found[0], re.DOTALL) if found else []
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", re.sub("</?bdi>", "", entry))).split()) for entry in entries]


def undo_button(answer, label="Undo"):
    """Return the command of the first button called *label*, ``None`` where there is none."""
    for button in re.findall(rf"<button[^>]*>{label}</button>", answer.text):
        return re.search(r'value="([^"]+)"', button)[1]
    return None


async def test_an_entity_has_a_page_without_a_line_of_code(job, visitor):
    page = await visitor.open(job)
    assert "<h1>Milk &amp; &lt;b&gt;bread&lt;/b&gt;</h1>" in page.main
    assert '<dd><a href="/person/ada">Ada</a></dd>' in page.main
    for label in ("Edit", "Toggle", "Squeeze", "Snooze", "Delete"):
        assert f">{label}</" in page.main
    assert '/do/delete"' in page.main


async def test_what_is_not_public_is_nowhere_on_it(job, visitor, send):
    await send(Job.squeeze(), "a")
    await send(Job.update(password="password-canary-2", title="Milk"), "a")
    answer = await visitor.get(job)
    assert "canary" not in answer.text
    assert "Margin" not in answer.text
    assert "Password: hidden" in history(answer)[0]


async def test_it_lists_what_refers_to_it(job, visitor, send):
    for number in range(7):
        await send(Job.create(title=f"job {number}", person_id="ada"))
    page = await visitor.open("/person/ada")
    assert len(re.findall(r'<a href="/job/[0-9a-f]{32}">job \d</a>', page.main)) in (4, 5)
    assert re.search(r'href="/job\?person_id=ada"[^>]*>Show all</a>', page.main)
    assert (await visitor.get("/job?person_id=ada")).status == 200


async def test_it_tells_what_changed_and_who_did_it(job, visitor, send):
    await visitor.get(job)
    await visitor.click("/job/a/toggle")
    await send(Job.update(title="Oats", notes="now"), "a")
    lines = history(await visitor.get(job))
    assert lines[0].startswith("Changed The system")
    assert "Title: Milk & <b>bread</b> → Oats" in lines[0]
    assert "Notes: — → now" in lines[0]
    assert "Toggle You" in lines[1]
    assert "Done: No → Yes" in lines[1]
    assert lines[2].startswith("Created The system")


async def test_others_are_visitors_without_their_ids(job, app, visitor):
    other = Visitor(app)
    await other.get(job)
    await other.click("/job/a/toggle")
    answer = await visitor.get(job)
    assert "Toggle A visitor" in history(answer)[0]
    assert other.id not in answer.text


async def test_the_past_is_paged(job, visitor, send):
    for _ in range(24):
        await send(Job.toggle(), "a")
    first = await visitor.get(job)
    assert len(history(first)) == 20
    older = unescape(re.search(r'href="([^"]*)"[^>]*>Older</a>', first.text)[1])
    second = await visitor.get(older.partition("#")[0])
    assert [line.split()[0] for line in history(second)] == ["Toggle"] * 4 + ["Created"]
    assert ">Older</a>" not in second.text
    assert ">Newest</a>" in second.text
    assert (await visitor.get(f"{job}?before=x")).status == 400


class TestTheWayBack:
    async def test_a_change_is_undone_and_done_again_by_a_button(self, job, visitor, send):
        await send(Job.update(title="Oats"), "a")
        page = await visitor.get(job)
        await visitor.form("/job/undo", {"command": undo_button(page)})
        page = await visitor.get(job)
        assert "<h1>Milk" in page.text
        assert history(page)[0].startswith("Undone")
        assert "Undone Redo" in history(page)[1]
        await visitor.form("/job/redo", {"command": undo_button(page, "Redo")})
        assert "<h1>Oats</h1>" in (await visitor.get(job)).text

    async def test_what_cannot_be_undone_has_no_button(self, job, visitor, send):
        await send(Job.update(password="new"), "a")
        await send(Job.update(title="b"), "a")
        await send(Job.update(title="c"), "a")
        lines = history(await visitor.get(job))
        assert ["Undo" in line.split() for line in lines] == [True, False, False, False]

    async def test_a_deleted_one_says_so_and_comes_back(self, job, visitor, send):
        await send(Person.create(name="Eve"), "eve")
        await send(Person.delete(), "eve")
        page = await visitor.get("/person/eve")
        assert page.status == 410
        assert "<h1>Eve</h1>" in page.text
        assert "Deleted" in history(page)[0]
        await visitor.form("/person/undo", {"command": undo_button(page)})
        assert (await visitor.get("/person/eve")).status == 200

    async def test_older_changes_of_what_was_deleted_are_on_a_page_of_their_own(self, app, visitor, send):
        await send(Job.create(title="0", done=True), "a")
        for number in range(1, 25):
            await send(Job.update(title=str(number)), "a")
        await send(Job.delete(), "a")
        first = await visitor.get("/job/a")
        (older,) = re.findall(r"/job/a(\?before=[0-9]+)", first.text)
        answer = await visitor.get(f"/job/a{older}")
        assert (answer.status, "<h1>24</h1>" in answer.text) == (410, True)
        assert "Created" in history(answer)[-1]

    async def test_what_never_was_is_not_found(self, app, visitor):
        assert (await visitor.get("/job/never")).status == 404


class TestAsItWas:
    async def test_it_is_shown_at_a_version_and_nothing_can_be_done(self, job, visitor, send):
        await send(Job.update(title="Oats"), "a")
        page = await visitor.get(job)
        ways = re.findall(r'href="(/job/a\?at=\d+)"', page.text)
        then = await visitor.get(ways[-1])
        assert "<h1>Milk" in then.text
        assert "This is how it once was" in then.text
        assert re.search(r"Since [A-Z][a-z]{2} \d+, \d{4}", then.text)
        assert "<button" not in then.text.partition("sm-content")[2]
        assert f'<a href="{job}"' in then.text

    @pytest.mark.parametrize(("at", "status"), [("x", 400), ("0", 404), ("99999999999999999999", 400)])
    async def test_a_version_that_is_none_is_refused(self, job, visitor, at, status):
        assert (await visitor.get(f"{job}?at={at}")).status == status


class TestRights:
    """What is not done yet may be read by nobody but the program itself."""

    class OnlyDone:
        def decide(self, actor, action, kind, id, entity, /):
            is_open = action != "read" or kind is not Job or entity is None or entity.done
            return ALLOWED if is_open and action != "snooze" else Decision(allowed=False, why="not yours", hidden=True)

    @pytest.fixture
    async def app(self, start):
        return await start(*KINDS, policies=[self.OnlyDone()])

    async def test_the_past_shows_no_value_of_what_could_not_be_read_then(self, job, visitor, send):
        await send(Job.update(title="draft-canary"), "a")
        await send(Job.update(title="Oats", done=True), "a")
        await send(Job.update(title="Rye"), "a")
        answer = await visitor.get(job)
        assert "Oats → Rye" in history(answer)[0]
        assert "not for you to see" in history(answer)[1]
        assert "canary" not in answer.text
        for way in re.findall(r"\?at=\d+", answer.text):
            assert (await visitor.get(job + way)).status == 200
        for version in range(10):
            assert "canary" not in (await visitor.get(f"{job}?at={version}")).text

    async def test_an_action_that_would_be_refused_is_not_offered(self, job, visitor, send):
        await send(Job.toggle(), "a")
        answer = await visitor.get(job)
        assert ">Toggle<" in answer.text
        assert ">Snooze<" not in answer.text

    async def test_what_may_not_be_seen_is_not_found_also_when_it_is_gone(self, job, visitor, send):
        never = await visitor.get("/job/never")
        assert (await visitor.get(job)).without_nonce == never.without_nonce
        await send(Job.delete(), "a")
        assert (await visitor.get(job)).status == 404

    async def test_the_past_of_what_was_hidden_when_it_was_deleted_stays_hidden(self, app, visitor, send):
        await send(Job.create(title="open-canary", done=True), "a")
        await send(Job.update(done=False), "a")
        await send(Job.delete(), "a")
        for query in ("", "?at=1", "?at=2", "?before=3", "?before=2"):
            answer = await visitor.get(f"/job/a{query}")
            assert (answer.status, "canary" in answer.text) == (404, False)


async def test_a_change_by_somebody_else_appears(job, app, visitor, send):
    page = await visitor.open(job)
    async with page.stream() as stream:
        await stream.hello()
        await send(Job.update(title="Oats"), "a")
        assert "→ <ins><bdi>Oats</bdi></ins>" in str(await stream.until("datastar-patch-elements"))
        await send(Job.delete(), "a")
        assert "This is not there any more." in str(await stream.until("not there any more"))
        await send(Command(entity="Job", event="undo", args={"command": await last(app)}))
        assert "<h1>Oats</h1>" in str(await stream.until("<h1>Oats"))


async def last(app):
    [commit] = await app.application.history.timeline(Job, "a", limit=1)
    return commit.command.id
