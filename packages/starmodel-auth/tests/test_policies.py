"""What entities say about who may is decided by who has signed in, and by their roles."""

from __future__ import annotations

import pytest
from asgi_visitors import Visitor

from starmodel.core import Entity, anyone, event, roles, signed_in

pytestmark = pytest.mark.anyio

PASSWORD = "a few words for all"


class Note(Entity):
    text: str = ""


class Story(Entity):
    text: str = ""
    is_out: bool = False
    model_config = {"policy": {"read": signed_in, "*": roles("editor", "writer")}}

    @event(policy=roles("editor"))
    def publish(self) -> None:
        self.is_out = True


@pytest.fixture
async def people(start, auth, sign_in):
    """Return a visitor for each user, and one who is none; and the path of a story."""
    app = await start(Story, auth=auth)
    people = {"nobody": Visitor(app)}
    for name, has in {"ada": ["editor"], "bob": ["writer"], "eve": []}.items():
        await auth.accounts.add(name, PASSWORD, has)
        people[name] = Visitor(app)
        assert (await sign_in(people[name], name, PASSWORD)).status == 303
    made = (await people["bob"].post("/story/create", {"text": "Once"})).json
    return people, f"/story/{made['id']}"


async def test_a_user_with_a_role_may_and_another_may_not(people):
    people, path = people
    statuses = {name: (await one.post(f"{path}/publish")).status for name, one in people.items()}
    assert statuses == {"nobody": 404, "bob": 403, "eve": 403, "ada": 200}


async def test_only_whoever_has_signed_in_sees_it_at_any_door(people):
    people, path = people
    for door in (path, f"/api{path}"):
        statuses = {name: (await one.get(door)).status for name, one in people.items()}
        assert statuses == {"nobody": 404, "ada": 200, "bob": 200, "eve": 200}


async def test_a_history_tells_the_names_of_users_to_users_and_no_id_to_anybody(people, auth):
    people, path = people
    await people["ada"].post(f"{path}/publish")
    bob, ada = [(await auth.accounts.get(name)).id for name in ("bob", "ada")]
    page = (await people["eve"].get(path)).text
    assert "bob ·" in page
    assert "ada ·" in page
    assert bob not in page
    assert ada not in page


async def test_a_history_keeps_the_names_of_users_from_whoever_has_not_signed_in(start, auth, sign_in):
    app = await start(Note, auth=auth)
    await auth.accounts.add("ada", PASSWORD)
    ada = Visitor(app)
    await sign_in(ada, "ada", PASSWORD)
    path = f"/note/{(await ada.post('/note/create', {'text': 'milk'})).json['id']}"
    page = (await Visitor(app).get(path)).text
    assert "Somebody ·" in page
    assert (await auth.accounts.get("ada")).id not in page
    assert "ada ·" not in page


async def test_whoever_may_not_see_a_page_finds_the_way_to_sign_in_on_the_refusal(people):
    people, path = people
    assert 'href="/login"' in (await people["nobody"].get(path)).text
    refused = (await people["eve"].get("/story/0123456789abcdef0123456789abcdef")).text
    assert 'href="/logout"' in refused
    assert 'href="/login"' not in refused


@pytest.mark.parametrize("path", ["/nowhere", "/story/0/nowhere/else", "/_starmodel/undo"])
async def test_an_address_with_nothing_at_it_keeps_the_way_to_sign_in_and_out(people, path):
    people, _ = people
    nobody, eve = await people["nobody"].get(path), await people["eve"].get(path)
    assert (nobody.status, eve.status) == (404, 404)
    assert 'href="/login"' in nobody.text
    assert 'href="/logout"' in eve.text
    assert 'href="/login"' not in eve.text


async def test_the_way_back_is_told_to_nobody_who_may_not_go_it(start, auth, sign_in):
    class Poem(Entity):
        text: str = ""
        model_config = {"policy": {"read": anyone, "create": anyone, "write": anyone, "*": roles("editor")}}

        @event
        def write(self, text: str) -> None:
            self.text = text

    app, told = await start(Poem, auth=auth), {}
    for name, has in {"ada": ["editor"], "bob": []}.items():
        await auth.accounts.add(name, PASSWORD, has)
        visitor = Visitor(app)
        await sign_in(visitor, name, PASSWORD)
        path = f"/poem/{(await visitor.post('/poem/create', {})).json['id']}/write"
        answer = await visitor.post(path, {"text": "Roses"}, starmodel_request="1")
        told[name] = bool(answer.all("starmodel-command"))
    assert told == {"ada": True, "bob": False}


async def test_the_way_back_from_a_deletion_is_told_to_nobody_who_may_not_go_it(start, auth, sign_in):
    class Leaf(Entity):
        text: str = ""
        model_config = {"policy": {"read": anyone, "delete": signed_in, "undo": signed_in, "*": roles("editor")}}

    app, told = await start(Leaf, auth=auth), {}
    people = {"ada": ["editor"], "bob": []}
    for name, has in people.items():
        await auth.accounts.add(name, PASSWORD, has)
        people[name] = Visitor(app)
        await sign_in(people[name], name, PASSWORD)
    for name, visitor in people.items():
        id = (await people["ada"].post("/leaf/create", {})).json["id"]
        answer = await visitor.post(f"/leaf/{id}/delete", {}, starmodel_request="1")
        told[name] = bool(answer.all("starmodel-command"))
        assert answer.all("starmodel-done") == ([] if told[name] else ["1"])
        [*_, deletion] = await app.application.history.timeline(Leaf, id)
        undone = await visitor.post("/leaf/undo", {"command": deletion.command.id})
        assert undone.status == (200 if told[name] else 403)
    assert told == {"ada": True, "bob": False}


async def test_a_role_that_is_taken_away_is_gone_at_once(people, auth, sign_in):
    people, path = people
    await auth.accounts.set_roles(await auth.accounts.get("ada"), ["writer"])
    assert (await people["ada"].post(f"{path}/publish")).status == 404
    await sign_in(people["ada"], "ada", PASSWORD)
    assert (await people["ada"].post(f"{path}/publish")).status == 403


async def test_a_list_that_only_users_may_see_leads_to_signing_in(people, sign_in):
    people, _ = people
    led = await people["nobody"].get("/story", accept="text/html")
    assert (led.status, led.header("location")) == (303, "/login?next=/story")
    assert (await people["eve"].get("/story", accept="text/html")).status == 200
