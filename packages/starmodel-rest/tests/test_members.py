"""One thing at its address: shown with its version, changed with care for others, its events run."""

from __future__ import annotations

import pytest
from rest_shop import Item

from starmodel.core import SYSTEM


async def test_what_was_made_stands_at_its_location(client, make):
    made = await make("Milk", price="1.50")
    shown = await client.get(made.headers["location"])
    assert shown.json() == made.json() == {**shown.json(), "title": "Milk", "price": "1.50"}
    assert shown.headers["etag"] == made.headers["etag"]


async def test_who_has_the_version_is_sent_nothing(client, make):
    made = await make()
    for known in (made.headers["etag"], f'"0", W/{made.headers["etag"]}', "*"):
        answer = await client.get(made.headers["location"], headers={"if-none-match": known})
        assert (answer.status_code, answer.content) == (304, b"")
    assert (await client.get(made.headers["location"], headers={"if-none-match": '"0"'})).status_code == 200


async def test_some_fields_are_changed(client, make):
    made = await make("Milk", count=3)
    changed = await client.patch(made.headers["location"], json={"title": "Cream"})
    assert (changed.status_code, changed.json()["title"], changed.json()["count"]) == (200, "Cream", 3)
    assert changed.headers["etag"] != made.headers["etag"]


async def test_what_others_changed_meanwhile_is_merged_by_field_or_refused(client, make):
    made = await make("Milk")
    old = {"if-match": made.headers["etag"]}
    assert (await client.patch(made.headers["location"], json={"title": "Cream"}, headers=old)).status_code == 200
    assert (await client.patch(made.headers["location"], json={"count": 5}, headers=old)).status_code == 200
    both = await client.patch(made.headers["location"], json={"title": "Butter"}, headers=old)
    assert (both.status_code, both.json()["errors"][0]["loc"]) == (412, ["title"])
    assert both.json()["conflicts"] == {"title": {"theirs": "Cream", "yours": "Butter"}}
    now = (await client.get(made.headers["location"])).json()
    assert (now["title"], now["count"]) == ("Cream", 5)


@pytest.mark.parametrize("call", [("POST", "/add"), ("POST", "/sold-out"), ("DELETE", "")])
async def test_an_event_for_one_version_is_refused_at_another(client, make, call):
    made = await make(count=1)
    old = {"if-match": made.headers["etag"]}
    await client.post(f"{made.headers['location']}/add")
    method, tail = call
    answer = await client.request(method, made.headers["location"] + tail, headers=old)
    assert (answer.status_code, answer.json()["title"]) == (412, "Changed meanwhile")
    assert (await client.get(made.headers["location"])).json()["count"] == 2


@pytest.mark.parametrize("tag", ["3", 'W/"3"', '"x"', '"1", "2"', '"' + "9" * 30 + '"'])
async def test_a_version_that_is_none_is_refused(client, make, tag):
    made = await make()
    answer = await client.patch(made.headers["location"], json={}, headers={"if-match": tag})
    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["If-Match"])


async def test_what_was_deleted_is_gone(client, make):
    made = await make()
    assert (await client.delete(made.headers["location"])).status_code == 204
    assert (await client.get(made.headers["location"])).status_code == 404
    assert (await client.delete(made.headers["location"])).status_code == 404


async def test_an_event_tells_what_became_of_it(client, make):
    made = await make(count=1)
    answer = await client.post(f"{made.headers['location']}/add", json={"n": 4})
    told = answer.json()
    assert (told["entity"]["count"], told["returned"], told["replayed"]) == (5, "5 now", False)
    assert answer.headers["etag"] == f'"{told["version"]}"'


async def test_an_event_answers_its_own_method_and_post(client, make):
    place = (await make()).headers["location"]
    assert (await client.put(f"{place}/name", json={"title": "A"})).json()["entity"]["title"] == "A"
    assert (await client.post(f"{place}/name", json={"title": "B"})).json()["entity"]["title"] == "B"
    wrong = await client.patch(f"{place}/name", json={"title": "C"})
    assert (wrong.status_code, set(wrong.headers["allow"].split(", "))) == (405, {"POST", "PUT"})


async def test_a_reading_event_answers_get(client, make):
    made = await make(count=3)
    answer = await client.get(f"{made.headers['location']}/worth?each=2&of=7")
    assert answer.json()["returned"] == {"worth": 6, "of": [7], "me": made.json()}
    assert (await client.post(f"{made.headers['location']}/worth")).status_code == 405
    assert (await client.get("/item/kinds")).json()["returned"] == ["food", "tool"]


async def test_an_event_of_the_class_makes_many(client):
    answer = await client.post("/item/stock", json={"titles": ["A", "B"]})
    assert [item["title"] for item in answer.json()["returned"]] == ["A", "B"]
    assert len((await client.get("/item")).json()["items"]) == 2


async def test_a_change_can_be_undone(client, make):
    made = await make(count=1)
    done = await client.post(f"{made.headers['location']}/add")
    assert (await client.post("/item/undo", json={"command": done.json()["command"]})).status_code == 200
    assert (await client.get(made.headers["location"])).json()["count"] == 1


async def test_a_key_makes_a_command_count_once(client, make):
    key = {"idempotency-key": "once"}
    first = await client.post("/item", json={"title": "A"}, headers=key)
    again = await client.post("/item", json={"title": "A"}, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert len((await client.get("/item")).json()["items"]) == 1
    other = await client.post("/item", json={"title": "B"}, headers=key)
    assert (other.status_code, other.json()["title"]) == (422, "Used already")
    assert (await client.post("/item", json={"title": "A"}, headers={**key, "x-actor": "bob"})).status_code == 201
    assert len((await client.get("/item")).json()["items"]) == 2


@pytest.mark.parametrize("key", ["x" * 201, "a\tb"])
async def test_a_key_that_is_none_is_refused(client, key):
    answer = await client.post("/item", json={"title": "A"}, headers={"idempotency-key": key})
    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["Idempotency-Key"])


async def test_a_dry_run_changes_nothing(client, make, application):
    made = await make(count=1)
    place = made.headers["location"]
    told = (await client.post(f"{place}/add?dry_run=true", json={"n": 2})).json()
    change = {"entity": "Item", "id": made.json()["id"], "before": {"count": 1}, "after": {"count": 3}}
    assert told == {"dry_run": True, "changes": [change], "returned": "3 now"}
    (renamed,) = (await client.patch(f"{place}?dry_run=true", json={"title": "X"})).json()["changes"]
    assert renamed["after"] == {"title": "X"}
    assert (await client.delete(f"{place}?dry_run=true")).json()["changes"][0]["after"] is None
    (made_up,) = (await client.post("/item?dry_run=true", json={"title": "New"})).json()["changes"]
    assert (made_up["before"], made_up["after"]["title"]) == (None, "New")
    assert (await client.get(place)).json() == made.json()
    assert len((await application.find(Item)).items) == 1


async def test_a_dry_run_tells_only_of_what_may_be_seen(client, make):
    place = (await make()).headers["location"]
    answer = await client.patch(f"{place}?dry_run=true", json={"of": "bob"})
    assert answer.json()["changes"] == []


async def test_who_may_change_it_need_not_see_it_afterwards(client, make):
    place = (await make()).headers["location"]
    answer = await client.patch(place, json={"of": "bob"})
    assert (answer.status_code, answer.content) == (204, b"")


async def test_what_is_somebody_elses_is_as_if_it_were_not_there(client, make):
    place = (await make(of="bob", actor="bob")).headers["location"]
    missing = await client.get("/item/nobody")
    for method, tail in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/add"), ("GET", "/worth")):
        answer = await client.request(method, place + tail)
        assert (answer.status_code, answer.content) == (404, missing.content), (method, tail)


async def test_a_refusal_of_the_policy_says_why(client, make):
    place = (await make()).headers["location"]
    answer = await client.delete(place, headers={"x-actor": "guest"})
    assert (answer.status_code, "guests delete nothing" in answer.json()["detail"]) == (403, True)


async def test_a_visitors_own_is_there_before_it_was_stored(client, application):
    from rest_shop import Note

    application.implicit.per_visitor(Note)
    answer = await client.get("/note/visitor-ada")
    assert (answer.json(), answer.headers["etag"]) == ({"id": "visitor-ada", "text": ""}, '"0"')
    assert (await client.get("/note/visitor-bob")).status_code == 404


async def test_only_what_is_offered_is_there(client, application, make):
    place = (await make()).headers["location"]
    assert (await client.post(f"{place}/quietly")).status_code == 404
    assert (await client.get("/log")).status_code == 404
    note = (await client.post("/note", json={"text": "x"})).headers["location"]
    assert (await client.delete(note)).headers["allow"].split(", ") in (["GET", "HEAD"], ["HEAD", "GET"])
    assert (await application.dispatch(Item.quietly().on(place.rpartition("/")[2]), actor=SYSTEM)).entity.count == 99


async def test_an_entity_that_comes_later_is_there(client, application):
    from starmodel.core import Entity

    class Late(Entity):
        text: str = ""

    application.persistence.for_class(Late)
    application.add(Late)
    assert (await client.get("/late")).json() == {"items": [], "next": None}
