"""A list: the grammar of addresses, pages that link to the next, and nothing that is somebody else's."""

from __future__ import annotations

import pytest
from rest_shop import Item


async def titles(client, query, **headers):
    answer = await client.get(f"/item?{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


@pytest.fixture
async def items(make):
    for number, title in enumerate(["Apple", "Bread", "Cheese", "Date", "Egg"]):
        await make(title, count=number, price=str(number / 2), kind="tool" if number > 2 else "food", tags=[title[0]])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sort=title", "Apple Bread Cheese Date Egg"),
        ("sort=-title&limit=2", "Egg Date"),
        ("q=ea&sort=title", "Bread"),
        ("kind=tool&sort=title", "Date Egg"),
        ("price.ge=0.5&price.lt=1.5&sort=title", "Bread Cheese"),
        ("count.eq=3", "Date"),
        ("title=Egg&title=Date&sort=title", "Date Egg"),
        ("tags.contains=A", "Apple"),
        ('where={"or":[{"count":0},{"title":{"startswith":"e"}}]}&sort=title', "Apple Egg"),
        ("made.isnull=false", ""),
    ],
)
async def test_a_list_answers_the_grammar_of_addresses(client, items, query, found):
    assert await titles(client, query) == found.split()


async def test_every_page_links_to_the_next(client, items):
    address, pages = "/item?sort=-price&limit=2&fields=title&kind.in=food,tool", []
    while address:
        answer = await client.get(address)
        pages.append([item["title"] for item in answer.json()["items"]])
        assert (answer.json()["next"] is None) == ("link" not in answer.headers)
        address = answer.links.get("next", {}).get("url")
    assert pages == [["Egg", "Date"], ["Cheese", "Bread"], ["Apple"]]


async def test_fields_are_chosen(client, items):
    answer = await client.get("/item?fields=title,count&limit=1&sort=title")
    assert answer.json()["items"] == [{"title": "Apple", "count": 0}]


async def test_a_list_counts_what_may_be_seen(client, items, make):
    await make("Hidden", of="bob", actor="bob")
    answer = (await client.get("/item?count=true&limit=1")).json()
    assert (answer["count"], answer["count_is_capped"], len(answer["items"])) == (5, False, 1)
    assert "count" not in (await client.get("/item")).json()


async def test_what_is_somebody_elses_is_not_in_the_list(client, items, make):
    await make("Mine", of="bob", actor="bob")
    assert "Mine" in await titles(client, "", **{"x-actor": "bob"})
    assert "Mine" not in await titles(client, "")
    assert await titles(client, "title=Mine") == []


async def test_a_filter_through_a_reference_tells_nothing_of_what_is_hidden(client, make):
    for of in ("", "bob"):
        maker = await client.post("/maker", json={"name": "Ada", "of": of}, headers={"x-actor": of or "ada"})
        await make(f"by {of}", of or "ada", maker_id=maker.json()["id"])
    assert await titles(client, "maker_id.name=Ada") == ["by "]
    assert sorted(await titles(client, "maker_id.name=Ada", **{"x-actor": "bob"})) == ["by ", "by bob"]


async def test_a_page_costs_one_query_however_many_rows_it_has(client, items, application, monkeypatch):
    store, asked = application.persistence.for_class(Item), []
    query = store.query

    async def counted(kind, question):
        asked.append(question)
        return await query(kind, question)

    monkeypatch.setattr(store, "query", counted)
    await client.get("/item?limit=5")
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("titel=x", 400, "did you mean 'title'"),
        ("margin=1", 400, "no field"),
        ("sort=pin", 400, "no field"),
        ("maker_id.rating=1", 400, "cannot be asked for"),
        ("limit=1000", 400, "from 1 to 200"),
        ("fields=pin", 400, "no field 'pin'"),
        ("count=perhaps", 400, "true or false"),
        ("kind=fod", 422, "kind"),
        ("after=x", 400, "damaged"),
        ("title=%ff%fe&where={", 400, "not JSON"),
        ("&".join(f"title={n}" for n in range(300)), 400, "at most 200"),
    ],
)
async def test_what_cannot_be_asked_says_why(client, query, status, words):
    answer = await client.get(f"/item?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert words in answer.json()["detail"]
