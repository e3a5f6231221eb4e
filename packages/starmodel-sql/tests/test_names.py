"""Whatever people call their classes and fields, it neither meets ours nor the words of SQL."""

from __future__ import annotations

import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import Application
from starmodel.core import Entity


class Group(Entity):
    model_config = {"store": "sql", "namespace": "Order", "ttl": 60}
    select: str = "a"
    title: str = "a"
    new_title: str = "a"
    version: int = 1
    expected: int = 1
    deleted: int = 1
    now: int = 1
    the_id: int = 1
    most: int = 1
    number: int = 1
    order: int = 1
    user: str = "a"
    größe: int = 1  # noqa: PLC2401  (as people do)
    rowid: int = 1
    connection: int = 1
    mapper: int = 1
    shape: int = 1
    build: int = 1
    before: int = 1
    after: int = 1


@pytest.fixture(params=["sqlite", "postgres"])
def url(request):
    return request.getfixturevalue(f"{request.param}_url")


def application(url, *kinds):
    return Application(kinds, codec=PydanticCodec(), stores={"sql": SQLRepo(url)})


async def test_fields_may_be_called_like_our_parameters_and_like_words_of_sql(url):
    names = [name for name in Group.__entity_fields__ if name != "id"]
    async with application(url, Group) as app:
        made = (await app.dispatch(Group.create())).entity
        for name in names:
            value = getattr(made, name) * 2
            made = (await app.dispatch(Group.update(**{name: value}).on(made.id))).entity
            assert (await app.load(Group, made.id)).entity == made
            assert [found.entity for found in (await app.find(Group, {name: value}, order=[name])).items] == [made]
        await app.dispatch(Group.delete().on(made.id))
        assert (await app.find(Group, {})).items == ()
