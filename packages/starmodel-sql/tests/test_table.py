"""``class BlogPost(Entity, BaseTable, table=True)``: one class that is an entity and a table, and what it refuses."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import json
import pickle
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError, field_validator, model_validator
from sqlalchemy import Column, ForeignKey, String, func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import UnmappedInstanceError
from sqlmodel import Field, Relationship, SQLModel

from starmodel.adapters.persistence.sqlmodel import BaseTable, table_config
from starmodel.adapters.persistence.sqlmodel.types import Exact, Moment, Words
from starmodel.adapters.pydantic import PydanticCodec
from starmodel.core import Entity, File, Private, Secret, StateStore, event
from starmodel.core.entity import fields_of
from starmodel.core.errors import CheckFailedError, DefinitionError, FrozenEntityError, InvalidError, UnknownFieldError
from starmodel.core.marks import Reference
from starmodel.core.snapshot import draft_of, lens_of
from starmodel.core.visibility import Visibility
from starmodel.testing import PlainCodec


class Poet(Entity, BaseTable, table=True):
    name: str


class Poem(Entity, BaseTable, table=True):
    title: str
    body: str
    model_config = {"store": StateStore.CUSTOM, "auto_persist": True}

    lines: int = Field(default=0, ge=0)
    tags: list[str] = []
    pin: Secret[str] = ""
    margin: Private[int] = 0
    poet_id: str | None = Field(default=None, foreign_key="poet.id")
    poet: Poet | None = Relationship()
    _cache: dict[str, int] = {}

    def check(self):
        if not self.title:
            raise ValueError("a poem needs a title")

    @event
    def rename(self, title: str) -> None:
        self.title = title

    @event
    def longer(self):
        return self.evolve(lines=self.lines + 1)

    @event
    def tag(self, tag: str) -> None:
        self.tags.append(tag)

    @event
    def told(self):
        return self.evolve(body=json.dumps(self.model_dump()))


class Dated(Entity, BaseTable):
    """Shares its fields."""

    at: datetime | None = None
    price: Decimal = Decimal(0)
    model_config = {"ttl": 60}


class Ticket(Dated, table=True):
    seat: int


class Voucher(Dated, table=True):
    code: str = Field(sa_column=Column(String(8), unique=True))
    model_config = {"ttl": None, "namespace": "Coupon"}


@pytest.fixture
def poem():
    return Poem(id="p", title="a", body="b", tags=["x"], pin="1234")


def test_both_styles_of_events_make_the_next_snapshot(poem):
    after = poem.rename("new").tag("y").longer()
    assert (after.title, after.tags, after.lines) == ("new", ["x", "y"], 1)
    assert (poem.title, poem.tags, poem.lines) == ("a", ["x"], 0)
    assert after.body is poem.body
    assert after.rename("new") is after


def test_a_snapshot_refuses_to_change(poem):
    with pytest.raises(FrozenEntityError):
        poem.title = "b"
    with pytest.raises(FrozenEntityError):
        del poem.title
    with pytest.raises(TypeError, match="immutable snapshot"):
        poem.tags.append("y")
    with pytest.raises(FrozenEntityError):
        poem.poet = Poet(name="x")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"title": 3, "body": "b"}, "title: must be text"),
        ({"title": "a"}, "body: is required"),
        ({"title": "a", "body": "b", "lines": -1}, "lines: must be at least 0"),
        ({"title": "a", "body": "b", "tilte": 1}, "tilte: is not expected; did you mean 'title'?"),
        ({"title": "a", "body": "b", "poet": None}, "poet: is a relationship: give poet_id"),
        ({"title": "a", "body": "b", "id": "a b"}, "id: use 1 to 64 of A-Z a-z 0-9 _ -"),
        ({"title": "a", "body": "b", "tags": "x"}, "tags: must be a list"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_problems(fields, says):
    with pytest.raises(InvalidError) as caught:
        Poem(**fields)
    assert str(caught.value) == says


def test_every_problem_is_told_at_once():
    with pytest.raises(InvalidError) as caught:
        Poem(title=1, body=2)
    assert [problem.loc for problem in caught.value.problems] == [("title",), ("body",)]


def test_no_error_repeats_a_value():
    with pytest.raises(InvalidError) as caught:
        Poem(title="a", body="b", pin=["hunter2"])
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_values_are_converted_as_their_fields_say():
    assert Poem(title="a", body="b", lines="3").lines == 3


def test_a_change_is_checked(poem):
    with pytest.raises(InvalidError, match="lines: must be a whole number"):
        poem.evolve(lines="many")
    with pytest.raises(UnknownFieldError, match="did you mean 'title'"):
        poem.evolve(tilte="x")
    with pytest.raises(CheckFailedError, match="a poem needs a title"):
        poem.rename("")
    with pytest.raises(CheckFailedError, match="a poem needs a title"):
        Poem(title="", body="b")


def test_equality_and_hashing_are_those_of_every_entity(poem):
    assert poem == Poem(id="p", title="a", body="b", tags=["x"], pin="1234")
    assert poem != poem.rename("b")
    assert hash(poem) == hash(poem.rename("b"))
    assert len({poem, poem.rename("b"), Poem(id="p", title="a", body="b", tags=["x"], pin="1234")}) == 2


@pytest.mark.parametrize("again", [lambda it: pickle.loads(pickle.dumps(it)), copy.copy, copy.deepcopy])
def test_a_copy_is_equal_and_frozen(poem, again):
    twin = again(poem)
    assert twin == poem
    assert twin.model_dump() == poem.model_dump()
    with pytest.raises(TypeError, match="immutable snapshot"):
        twin.tags.append("y")


def test_working_state_stays_out_of_everything(poem):
    poem._cache["a"] = 1
    assert poem._cache == {"a": 1}
    assert poem.longer()._cache == {}
    assert "_cache" not in poem.model_dump()
    assert "_cache" not in Poem.__table__.c
    assert pickle.loads(pickle.dumps(poem))._cache == {}


def test_nothing_shows_a_secret(poem):
    assert "1234" not in repr(poem) + str(poem) + f"{poem}" + "".join(map(str, poem.__rich_repr__()))
    assert "pin=<secret>" in repr(poem)


def test_the_codec_reads_and_writes_it(poem):
    codec = PydanticCodec()
    assert codec.load(Poem, codec.dump(poem)) == poem
    assert codec.parse(Poem, {"title": "a", "body": "b"}).tags == []
    assert {"pin", "margin"}.isdisjoint(codec.dump(poem, public=True))
    assert codec.schema(Poem)["properties"]["lines"]["minimum"] == 0
    with pytest.raises(InvalidError, match="a poem needs a title"):
        codec.parse(Poem, {"title": "", "body": "b"})
    with pytest.raises(TypeError, match="immutable snapshot"):
        codec.parse(Poem, {"title": "a", "body": "b", "tags": ["x"]}).tags.append("y")


def test_pydantic_nests_it(poem):
    class Book(BaseModel):
        poems: list[Poem]

    assert Book(poems=[{"title": "a", "body": "b"}]).poems[0].title == "a"
    assert Book(poems=[poem]).poems[0] is poem
    assert TypeAdapter(Poem).dump_python(poem)["title"] == "a"


def test_pydantics_own_doors_lead_to_checked_snapshots(poem):
    assert Poem.model_validate({"title": "a", "body": "b"}).tags == []
    assert Poem.model_validate_json('{"title": "a", "body": "b"}').title == "a"
    with pytest.raises(ValidationError):
        Poem.model_validate({"title": "a"})
    assert poem.model_copy(update={"title": "b"}) == poem.rename("b")
    with pytest.raises(InvalidError):
        poem.model_copy(update={"title": 3})


def test_a_draft_dumps_all_of_its_fields(poem):
    assert json.loads(poem.told().body) == poem.model_dump()


def test_a_lens_tells_what_is_read(poem):
    read = []
    lens = lens_of(poem, lambda: read.append("title"))
    assert lens.id == "p"
    assert not read
    assert lens.title == "a"
    assert read


def test_a_draft_reads_its_fields_late(poem):
    draft = draft_of(poem)
    assert "tags" not in draft.__dict__
    draft.tags.append("y")
    assert poem.tags == ["x"]


def test_fields_are_described_as_those_of_every_entity():
    infos = fields_of(Poem)
    assert list(infos) == ["id", "title", "body", "lines", "tags", "pin", "margin", "poet_id"]
    assert infos["title"].default is None
    assert infos["lines"].default() == 0
    assert infos["tags"].default() is not infos["tags"].default()
    assert infos["pin"].visibility is Visibility.SECRET
    assert infos["poet_id"].annotation == Annotated[str | None, Reference(Poet)]


def test_columns_give_back_what_went_in():
    columns = Ticket.__table__.c
    assert list(columns.keys()) == ["id", "at", "price", "seat", "_version", "_expires"]
    assert isinstance(columns.id.type, Words)
    assert isinstance(columns.at.type, Moment)
    assert isinstance(columns.price.type, Exact)
    assert columns.at.nullable
    assert columns.price.server_default is not None
    assert [key.deferrable for key in Poem.__table__.c.poet_id.foreign_keys] == [True]


def test_a_type_of_the_users_stays():
    assert isinstance(Voucher.__table__.c.code.type, String)
    assert Voucher.__table__.c.code.type.length == 8


def test_fields_are_shared_by_a_class_that_is_no_table():
    assert Ticket(seat=1).evolve(price="1.5").price == Decimal("1.5")
    assert Dated(price=2).evolve(price=3).price == 3
    assert Ticket.__entity_config__ == {"store": "sql", "ttl": 60}
    assert Voucher.__entity_config__ == {"store": "sql", "ttl": None, "namespace": "Coupon"}
    assert Voucher.__table__.name == "coupon"
    assert "_expires" not in Voucher.__table__.c


def test_a_shared_field_may_get_a_new_default():
    class Priced(Dated, table=True):
        price = Decimal(5)

    class Named(Entity, BaseTable):
        id: str = Field(default_factory=lambda: "chosen")

    class Chosen(Named, table=True):
        pass

    assert Priced().price == 5
    assert Ticket(seat=1).price == 0
    with pytest.raises(InvalidError):
        Priced(price="much")
    assert Chosen().id == "chosen"


def test_it_is_a_dataclass_to_those_who_ask(poem):
    assert [field.name for field in dataclasses.fields(Poem)] == list(Poem.__entity_fields__)
    assert dataclasses.replace(poem, title="b") == poem.rename("b")
    assert dataclasses.asdict(poem) == poem.model_dump()
    codec = PlainCodec()
    assert codec.load(Poem, codec.dump(poem)) == poem
    with pytest.raises(InvalidError, match="body: is required"):
        codec.parse(Poem, {"title": "a"})


def test_the_custom_store_of_a_table_is_the_sql_store():
    class Kept(Entity, BaseTable, table=True):
        model_config = {"store": "archive"}

    class Set(Entity, BaseTable, table=True):
        model_config = table_config(store=StateStore.CUSTOM, str_strip_whitespace=True)
        name: str = ""

    assert Poem.__entity_config__["store"] == "sql"
    assert Ticket.__entity_config__["store"] == "sql"
    assert Kept.__entity_config__["store"] == "archive"
    assert Set.__entity_config__["store"] == "sql"
    assert Set(name=" x ").name == "x"


def test_columns_are_expressions_on_the_class():
    assert str(Poem.title == "a") == "poem.title = :title_1"
    statement = select(func.count()).select_from(Poem).join(Poem.poet).where(Poet.name == "x", Poem.lines > 1)
    assert "JOIN poet ON poet.id = poem.poet_id" in str(statement)


def test_validators_of_pydantic_hold():
    class Wine(Entity, BaseTable, table=True):
        name: str
        low: int = 0
        high: int = 10
        hashed: str = ""

        @field_validator("name")
        @classmethod
        def _capital(cls, value):
            return value.capitalize()

        @field_validator("hashed")
        @classmethod
        def _hash(cls, value):
            return f"#{value}"

        @model_validator(mode="after")
        def _in_order(self):
            if self.low > self.high:
                raise ValueError("low is above high")
            return self

    wine = Wine(name="red", hashed="x")
    assert wine.name == "Red"
    assert wine.evolve(low=3).hashed == "#x"
    with pytest.raises(InvalidError, match="low is above high"):
        wine.evolve(low=11)
    assert wine.evolve(low=11, high=12).low == 11


def test_a_class_that_is_defined_again_takes_the_place_of_the_older_one():
    class Draft(Entity, BaseTable, table=True):
        name: str
        poet_id: str | None = Field(default=None, foreign_key="poet.id")

    older = Draft

    class Draft(Entity, BaseTable, table=True):
        title: str

    assert SQLModel.metadata.tables["draft"] is Draft.__table__
    assert older(name="x").evolve(name="y").name == "y"
    assert Draft(title="x").title == "x"


def test_it_can_be_kept_in_memory_only(poem):
    from starmodel.adapters.persistence.memory import MemoryRepo
    from starmodel.app import Application

    async def kept():
        async with Application([Poem], codec=PydanticCodec(), stores={"sql": MemoryRepo()}) as app:
            made = (await app.dispatch(Poem.create(title="a", body="b"))).entity
            return (await app.load(Poem, made.id)).entity == made

    assert asyncio.run(kept())


def declared(body, *, bases="(Entity, BaseTable, table=True)"):
    names = {"Entity": Entity, "BaseTable": BaseTable, "Field": Field, "Poem": Poem, "Column": Column}
    names |= {
        "File": File,
        "ForeignKey": ForeignKey,
        "Relationship": Relationship,
        "event": event,
        "dataclasses": dataclasses,
    }
    exec(f"class Wrong{bases}:\n    {body}", {**names, "__name__": __name__})


@pytest.mark.parametrize(
    ("body", "bases", "says"),
    [
        ("pass", "(BaseTable, Entity, table=True)", "write Entity first, class Wrong(Entity, BaseTable)"),
        ("pass", "(BaseTable, table=True)", "Wrong is no entity; write class Wrong(Entity, BaseTable, table=True)"),
        ("photo: File", "(BaseTable, table=True)", "Wrong is no entity"),
        ("more: int = 0", "(Poem, table=True)", "Wrong cannot inherit the table of Poem"),
        ("more: int = 0", "(Poem)", "Wrong cannot inherit the table of Poem"),
        ("id: int = 0", None, "Wrong.id must be a str"),
        ("evolve: int = 0", None, "Wrong.evolve hides Entity.evolve"),
        ("search: str = ''", None, "Wrong.search hides BaseTable.search; choose another name"),
        ("metadata: str = ''", None, "Wrong.metadata hides BaseTable.metadata"),
        ("save: Poem = Relationship()", None, "Wrong.save hides BaseTable.save"),
        ("key: str = Field(primary_key=True)", None, "Wrong.key cannot be the primary key: that is id"),
        ("model_config = {'stroe': 'sql'}", None, "did you mean 'store'?"),
        ("model_config = {'ttl': 'soon'}", None, "give a number of seconds above 0"),
        ("model_config = 'sql'", None, "Wrong.model_config must be a dict"),
        ("def model_post_init(self, _): pass", None, "write check() instead"),
        ("fee = 3", None, "A non-annotated attribute was detected: `fee = 3`"),
        ("other: 'Nowhere' = None", None, "the annotations of Wrong name something that cannot be found"),
    ],
)
def test_a_class_that_cannot_work_says_why(body, bases, says):
    with pytest.raises(DefinitionError) as caught:
        declared(body, **({} if bases is None else {"bases": bases}))
    assert says in str(caught.value)


def test_a_session_takes_no_snapshot(poem):
    with Session() as session, pytest.raises(UnmappedInstanceError):
        session.add(poem)
