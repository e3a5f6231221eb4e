"""A table's entity in its store: the one road, both databases, what comes back is what went in."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict
from sqlalchemy import JSON, CheckConstraint, Column, String, UniqueConstraint
from sqlmodel import Field, Relationship

from starmodel.adapters.persistence.sqlmodel import BaseTable
from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import Application
from starmodel.core import Command, Entity, Private, Secret, StateStore, Unit, event
from starmodel.core.errors import CheckFailedError, InvalidError, NotFoundError, StarModelError
from starmodel.core.marks import Indexed, Reference, Unique


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Line(BaseModel):
    model_config = ConfigDict(frozen=True)
    sku: str
    price: Decimal


class Essayist(Entity, BaseTable, table=True):
    name: str = Field(index=True, unique=True)
    essays: list[Essay] = Relationship(back_populates="essayist")


class Essay(Entity, BaseTable, table=True):
    title: str
    body: str
    model_config = {"store": StateStore.CUSTOM, "auto_persist": True}

    views: int = Field(default=0, ge=0)
    pin: Secret[str] = ""
    margin: Private[int] = 0
    tags: list[str] = []
    essayist_id: str | None = Field(default=None, foreign_key="essayist.id")
    essayist: Essayist | None = Relationship(back_populates="essays")

    def check(self):
        if not self.title:
            raise ValueError("an essay needs a title")

    @event
    def rename(self, title: str) -> None:
        self.title = title

    @event
    def viewed(self, times: int = 1):
        return self.evolve(views=self.views + times)

    @event
    def tag(self, tag: str) -> None:
        self.tags.append(tag)

    @event
    def assign(self, essayist: Essayist) -> None:
        self.essayist_id = essayist.id

    @event
    def spoil(self) -> None:
        self.views = "many"

    @event
    @classmethod
    async def merge(cls, keep: Essay, drop: Essay) -> None:
        keep.tags.extend(drop.tags)
        Unit.current().delete(drop)


class Everything(Entity, BaseTable, table=True):
    at: datetime
    day: date
    clock: time
    span: timedelta
    exact: Decimal
    real: float
    big: int
    truth: bool
    raw: bytes
    key: UUID
    colour: Colour
    lines: list[Line]
    mixed: dict[str, Any] = {}
    maybe: Decimal | None = None
    plain_json: list[str] = Field(default_factory=list, sa_column=Column(JSON))
    short: str = Field(default="", sa_type=String(20))
    marked: Annotated[list[str], JSON()] = ["x"]

    @event
    @classmethod
    def make(cls):
        return whole("w")


def whole(id):
    return Everything(
        id=id,
        at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        day=date(2026, 1, 2),
        clock=time(3, 4, 5),
        span=timedelta(days=-1, microseconds=1),
        exact=Decimal("12345678901234567890.123456789"),
        real=0.1,
        big=2**53 + 1,
        truth=True,
        raw=b"\x00\xff",
        key=UUID(int=1),
        colour=Colour.BLUE,
        lines=[Line(sku="a", price=Decimal("0.10"))],
        mixed={"a": [1, {"b": None}]},
        plain_json=["x"],
        short="s",
    )


class Numbered(Entity, BaseTable, table=True):
    number: Annotated[int, Unique()]
    group: Annotated[str, Indexed()] = ""
    room: Annotated[str, Unique("place")] = ""
    seat: Annotated[int, Unique("place")]


class Range(Entity, BaseTable, table=True):
    __tablename__ = "ranges"
    __table_args__ = (CheckConstraint("low <= high", name="in_order"), UniqueConstraint("low", "high"))
    low: int
    high: int


class Plain(Entity):
    name: str
    model_config = {"store": "sql"}


class Comment(Entity, BaseTable, table=True):
    text: str
    plain_id: str = Field(foreign_key="plain.id")


class Remark(Entity):
    essay_id: Annotated[str, Reference("Essay")]
    model_config = {"store": "sql"}


class Passing(Entity, BaseTable, table=True):
    name: str = ""
    model_config = {"ttl": 60}


KINDS = [Essay, Essayist, Everything, Numbered, Plain, Comment, Remark, Passing, Range]


@pytest.fixture(params=["sqlite", "postgres"])
async def app(request, store_of):
    async with Application(KINDS, codec=PydanticCodec(), stores={"sql": store_of(request.param, KINDS)}) as app:
        yield app


async def test_the_events_of_a_table_go_the_one_road(app):
    made = (await app.dispatch(Essay.create(title="a", body="b", tags=["x"]))).entity
    await app.dispatch(Essay.rename("new").on(made.id))
    await app.dispatch(Essay.viewed(2).on(made.id))
    await app.dispatch(Essay.tag("y").on(made.id))
    await app.dispatch(Essay.update(body="c").on(made.id))
    stored = await app.load(Essay, made.id)
    assert stored.entity == made.evolve(title="new", views=2, tags=["x", "y"], body="c")
    assert stored.version == 5
    await app.dispatch(Essay.delete().on(made.id))
    with pytest.raises(NotFoundError):
        await app.load(Essay, made.id)


async def test_what_is_loaded_is_frozen(app):
    made = (await app.dispatch(Essay.create(title="a", body="b", tags=["x"]))).entity
    loaded = (await app.load(Essay, made.id)).entity
    with pytest.raises(AttributeError, match="immutable snapshot"):
        loaded.title = "b"
    with pytest.raises(TypeError, match="immutable snapshot"):
        loaded.tags.append("y")


@pytest.mark.parametrize("args", [{"title": "a", "body": "b", "views": -1}, {"title": 3, "body": "b"}, {"body": "b"}])
async def test_nothing_is_stored_that_does_not_fit(app, args):
    with pytest.raises(InvalidError):
        await app.dispatch(Command(entity="Essay", event="create", args=args))
    assert await app.count(Essay) == 0


async def test_an_event_body_cannot_store_what_does_not_fit(app):
    made = (await app.dispatch(Essay.create(title="a", body="b"))).entity
    with pytest.raises(InvalidError, match="views: must be a whole number"):
        await app.dispatch(Essay.spoil().on(made.id))
    with pytest.raises(CheckFailedError, match="an essay needs a title"):
        await app.dispatch(Essay.rename("").on(made.id))
    assert (await app.load(Essay, made.id)).version == 1


async def test_private_fields_stay_inside(app):
    made = (await app.dispatch(Essay.create(title="a", body="b", pin="1234"))).entity
    assert made.pin == "1234"
    assert "1234" not in repr(made) + str(made)
    assert {"pin", "margin"}.isdisjoint(app.codec.dump(made, public=True))
    assert {"pin", "margin"}.isdisjoint(app.codec.schema(Essay)["properties"])
    with pytest.raises(InvalidError, match="margin: is not expected"):
        await app.dispatch(Essay.update(margin=3).on(made.id))


async def test_an_event_that_takes_entities_loads_and_changes_them(app):
    ann = (await app.dispatch(Essayist.create(name="Ann"))).entity
    one = (await app.dispatch(Essay.create(title="a", body="b", tags=["x"]))).entity
    two = (await app.dispatch(Essay.create(title="c", body="d", tags=["y"]))).entity
    await app.dispatch(Essay.assign(ann).on(one.id))
    await app.dispatch(Essay.merge(keep=one, drop=two))
    assert (await app.load(Essay, one.id)).entity == one.evolve(tags=["x", "y"], essayist_id=ann.id)
    assert await app.count(Essay) == 1


async def test_a_change_can_be_undone_and_a_deletion_too(app):
    made = (await app.dispatch(Essay.create(title="a", body="b", tags=["x"]))).entity
    for change in (Essay.rename("new"), Essay.delete()):
        done = await app.dispatch(change.on(made.id))
        await app.dispatch(Command(entity="Essay", event="undo", args={"command": done.command.id}))
        assert (await app.load(Essay, made.id)).entity == made


async def test_a_stale_write_is_refused(app):
    made = (await app.dispatch(Essay.create(title="a", body="b").on("one"))).entity
    with pytest.raises(StarModelError):
        await app.dispatch(Essay.create(title="again", body="b").on(made.id))


async def test_history_tells_what_happened(app):
    made = (await app.dispatch(Essay.create(title="a", body="b"))).entity
    await app.dispatch(Essay.rename("new").on(made.id))
    commits = await app.persistence.for_class(Essay).history(Essay, made.id)
    assert [commit.command.event for commit in commits] == ["create", "rename"]


async def test_who_listens_is_told(app):
    told = app.bus.subscribe()
    await app.dispatch(Essay.create(title="a", body="b"))
    commit = await anext(told)
    assert commit.changes[0].after["title"] == "a"
    told.close()


async def test_every_type_comes_back_as_it_was(app):
    made = (await app.dispatch(Everything.make())).entity
    loaded = (await app.load(Everything, made.id)).entity
    assert loaded == made == whole(made.id)
    for name in Everything.__entity_fields__:
        assert type(getattr(loaded, name)) is type(getattr(made, name)), name
    with pytest.raises(TypeError):
        loaded.plain_json.append("y")
    with pytest.raises(TypeError):
        loaded.marked.append("y")


async def test_questions_are_answered_as_for_any_entity(app):
    for number in range(5):
        await app.dispatch(Essay.create(title=f"t{number}", body="b", views=number, tags=["odd"] * (number % 2)))
    found = await app.find(Essay, {"views": {"ge": 2}}, order=["-views"], limit=2)
    assert [stored.entity.views for stored in found.items] == [4, 3]
    more = await app.find(Essay, {"views": {"ge": 2}}, order=["-views"], limit=2, after=found.next)
    assert [stored.entity.views for stored in more.items] == [2]
    assert await app.count(Essay, {"title": {"contains": "T3"}}) == 1


async def test_marks_and_sqlmodels_own_words_make_rules_and_indexes(app):
    await app.dispatch(Essayist.create(name="Ann"))
    with pytest.raises(StarModelError):
        await app.dispatch(Essayist.create(name="Ann"))
    await app.dispatch(Numbered.create(number=1, room="a", seat=1))
    with pytest.raises(StarModelError):
        await app.dispatch(Numbered.create(number=1, room="a", seat=2))
    with pytest.raises(StarModelError):
        await app.dispatch(Numbered.create(number=2, room="a", seat=1))
    assert {index.name for index in Numbered.__table__.indexes} == {"ix_numbered_group"}


async def test_rules_of_the_table_itself_hold(app):
    await app.dispatch(Range.create(low=1, high=2).on("r"))
    for low, high in ((3, 2), (1, 2)):
        with pytest.raises(StarModelError):
            await app.dispatch(Range.create(low=low, high=high))
    assert [stored.entity for stored in (await app.find(Range)).items] == [Range(id="r", low=1, high=2)]


async def test_tables_and_other_entities_refer_to_each_other(app):
    plain = (await app.dispatch(Plain.create(name="p"))).entity
    await app.dispatch(Comment.create(text="t", plain_id=plain.id))
    with pytest.raises(StarModelError):
        await app.dispatch(Comment.create(text="t", plain_id="nobody"))
    essay = (await app.dispatch(Essay.create(title="a", body="b"))).entity
    await app.dispatch(Remark.create(essay_id=essay.id))
    with pytest.raises(StarModelError):
        await app.dispatch(Remark.create(essay_id="nothing"))
    with pytest.raises(StarModelError):
        await app.dispatch(Essay.delete().on(essay.id))


async def test_a_table_may_expire(app):
    await app.dispatch(Passing.create(name="x").on("p"))
    assert (await app.load(Passing, "p")).entity.name == "x"
    assert "_expires" in Passing.__table__.c


async def test_two_events_at_once_are_both_kept(app):
    import asyncio

    made = (await app.dispatch(Essay.create(title="a", body="b"))).entity
    await asyncio.gather(*(app.dispatch(Essay.viewed().on(made.id)) for _ in range(5)))
    assert (await app.load(Essay, made.id)).entity.views == 5


async def test_a_foreign_key_is_a_name_for_questions(app):
    ann = (await app.dispatch(Essayist.create(name="Ann"))).entity
    await app.dispatch(Essay.create(title="a", body="b", essayist_id=ann.id))
    await app.dispatch(Essay.create(title="c", body="d"))
    found = await app.find(Essay, {"essayist_id.name": "Ann"})
    assert [stored.entity.title for stored in found.items] == ["a"]
    assert [essay.title for essay in await Essay.filter(**{"essayist_id.name": ["Ann", "Bob"]})] == ["a"]
