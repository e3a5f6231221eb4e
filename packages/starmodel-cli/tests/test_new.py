"""``starmodel new`` adds to a file what was asked for, and not a byte more; or it adds nothing and says why."""

from __future__ import annotations

import stat

import pytest

from starmodel.cli.writing import NewCodeError, SourceModule, field_of

ENTITIES = '''"""What there is."""  # kept

from datetime import date   # spaces kept
from enum import Enum

from starmodel.core import Entity, event


class Colour(Enum):
    RED = "red"


class Venue(Entity):
    name: str
    rank:int=1   # kept as it is

    @event
    def rise(self) -> None:
        self.rank += 1


LAST = 'kept'
'''
VIEWS = """def add_pages(app):
    '''Add them.'''

    @app.page("/", "Home")
    def home():
        return "x"
    # kept
"""
MAIN = "from app import entities\n\ndef create_app(): return entities_in(entities)\n"


@pytest.fixture
def shop(project):
    (project / "app").mkdir()
    for name, text in {"__init__": "", "entities": ENTITIES, "views": VIEWS, "main": MAIN}.items():
        (project / f"app/{name}.py").write_text(text)
    return project


@pytest.fixture
def source(shop):
    """Return the lines of entities.py that were not there before, and those that are there no more."""

    def source():
        before, now = ENTITIES.splitlines(), (shop / "app/entities.py").read_text().splitlines()
        return [line for line in now if line not in before], [line for line in before if line not in now]

    return source


def test_an_entity_is_added_behind_the_others_with_its_imports_and_nothing_else_changes(cli, shop, source):
    ended = cli("new", "entity", "Event", "title:str", "starts:datetime", "venue:Venue")
    assert ended.code == 0, ended.err
    added, gone = source()
    assert gone == ["from starmodel.core import Entity, event"]
    assert added == [
        "from datetime import datetime",
        "from typing import Annotated",
        "from starmodel.core import Entity, Reference, event",
        "class Event(Entity):",
        "    title: str",
        "    starts: datetime",
        '    venue_id: Annotated[str, Reference("Venue")]',
    ]
    text = (shop / "app/entities.py").read_text()
    assert text.index("class Venue") < text.index("class Event") < text.index("LAST = 'kept'")


def test_what_is_said_is_what_was_written(cli, shop):
    ended = cli("new", "entity", "Event", "title:str")
    assert "✔ Event is in app/entities.py\n  class Event(Entity):\n      title: str\n" in ended.out
    assert "starmodel migrate make" in ended.out
    assert "create_app" not in ended.out


def test_an_application_that_lists_its_entities_is_not_forgotten(cli, shop):
    (shop / "app/main.py").write_text("def create_app(): return create_app(Venue)\n")
    assert (
        "give it to the application in app/main.py: create_app(…, Event)" in cli("new", "entity", "Event", "a:int").out
    )


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ("title:str", "title: str"),
        ("title:text", "title: str"),
        ("title:str=hello world", 'title: str = "hello world"'),
        ("title:str='it''s'", 'title: str = "its"'),
        ("note:str|None=None", "note: str | None = None"),
        ("note:str?", "note: str | None = None"),
        ("count:int=3", "count: int = 3"),
        ("done:bool=False", "done: bool = False"),
        ("share:float=1", "share: float = 1"),
        ("price:decimal=9.50", 'price: Decimal = Decimal("9.50")'),
        ("day:date=2030-01-31", "day: date = date(2030, 1, 31)"),
        ("at:time=08:30", "at: time = time(8, 30)"),
        ("lasts:timedelta=90", "lasts: timedelta = timedelta(seconds=90)"),
        ("key:uuid", "key: UUID"),
        ("tags:list[str]=[]", "tags: list[str] = []"),
        ("ranks:dict[str,int]", "ranks: dict[str, int]"),
        ("spot:tuple[float,...]", "spot: tuple[float, ...]"),
        ("colour:Colour=RED", "colour: Colour = Colour.RED"),
        ("colour:Colour|None=Colour.RED", "colour: Colour | None = Colour.RED"),
        ("venue:Venue", 'venue_id: Annotated[str, Reference("Venue")]'),
        ("venue_id:Venue", 'venue_id: Annotated[str, Reference("Venue")]'),
        ("venue:Venue?", 'venue_id: Annotated[str | None, Reference("Venue", on_delete="set_null")] = None'),
        ("parent:Event?", 'parent_id: Annotated[str | None, Reference("Event", on_delete="set_null")] = None'),
    ],
)
def test_fields_are_written_as_python_writes_them(cli, shop, source, field, line):
    ended = cli("new", "entity", "Event", field)
    assert ended.code == 0, ended.err
    assert f"    {line}" in source()[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Event", "title:strr"], "there is no type 'strr'; did you mean 'str'?"),
        (["Event", "venue:Venu"], "did you mean 'Venue'?"),
        (["Event", "title"], "'title' is no field; write name:type"),
        (["Event", "title:"], "'title:' is no field"),
        (["Event"], "Event needs a field"),
        (["Event", "class:str"], "'class' cannot be the name of a field"),
        (["Event", "_x:str"], "working state"),
        (["Event", "id:int"], "Event.id must be a str"),
        (["Event", "evolve:str"], "hides Entity.evolve"),
        (["Event", "count:int=many"], "'many' is no value of int"),
        (["Event", "count:int=True"], "'True' is no value of int"),
        (["Event", "day:date=tomorrow"], "'tomorrow' is no value of date"),
        (["Event", "note:str=None"], "write str|None"),
        (["Event", "colour:Colour=BLUE"], "BLUE"),
        (["Event", "tags:list"], "say what is in the list, for example list[str]"),
        (["Event", "venues:list[Venue]"], "a field refers to one Venue"),
        (["Event", "x:__import__('os').system('true')"], "is no type here"),
        (["Event", "x:str]"], "is no type"),
        (["Venue", "title:str"], "has 'Venue' already"),
        (["Colour", "title:str"], "has 'Colour' already"),
        (["VENUE", "title:str"], "would have the addresses of 'Venue'"),
        (["event", "title:str"], "a capital first"),
        (["Ev ent", "title:str"], "a capital first"),
        (["Entity", "title:str"], "has 'Entity' already"),
    ],
)
def test_what_cannot_be_added_is_told_and_nothing_is_written(cli, shop, source, arguments, words):
    ended = cli("new", "entity", *arguments)
    assert ended.code == 1
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert source() == ([], [])
    assert sorted(path.name for path in (shop / "app").glob(".*")) == []


def test_a_file_with_a_mistake_is_left_alone(cli, shop):
    (shop / "app/entities.py").write_text("class Broken(:\n")
    ended = cli("new", "entity", "Event", "title:str")
    assert (ended.code, "entities.py:1 cannot be read by Python" in ended.err) == (1, True)


def test_a_name_that_the_file_uses_for_something_else_is_told(cli, shop):
    (shop / "app/entities.py").write_text("import datetime\n" + ENTITIES)
    ended = cli("new", "entity", "Event", "at:datetime")
    assert "imports another 'datetime' than that of datetime" in ended.err


def test_line_endings_and_rights_of_a_file_are_kept(cli, shop):
    path = shop / "app/entities.py"
    path.write_bytes(ENTITIES.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    assert cli("new", "entity", "Event", "title:str").code == 0
    data = path.read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_project_without_a_file_of_entities_is_told(cli, shop):
    (shop / "app/entities.py").unlink()
    assert (
        "there is no entities.py beside app/main.py; name the file with --file"
        in cli("new", "entity", "E", "a:int").err
    )


def test_another_file_can_be_named(cli, shop):
    (shop / "other.py").write_text("")
    assert cli("new", "entity", "Event", "title:str", "--file", "other.py").code == 0
    assert (shop / "other.py").read_text() == (
        "from starmodel.core import Entity\n\n\nclass Event(Entity):\n    title: str\n"
    )


def test_a_revision_that_cannot_be_made_takes_the_entity_with_it(cli, shop, source):
    (shop / "migrations").mkdir()
    (shop / "migrations/one.py").touch()
    ended = cli("new", "entity", "Event", "title:str")
    assert ended.code == 1
    assert "nothing was written: " in ended.err
    assert source() == ([], [])


def test_no_revision_is_written_when_nobody_wants_one(cli, shop):
    (shop / "migrations").mkdir()
    (shop / "migrations/one.py").touch()
    assert "no revision was written" in cli("new", "entity", "Event", "title:str", "--no-migration").out


# -- events -----------------------------------------------------------------------------------------------------------


def test_an_event_stores_what_is_called_as_a_field(cli, shop, source):
    assert cli("new", "event", "Venue.rename", "rank:int=2", "name:str").code == 0
    assert source()[0] == [
        "    def rename(self, name: str, rank: int = 2) -> None:",
        "        self.name = name",
        "        self.rank = rank",
    ]
    text = (shop / "app/entities.py").read_text()
    assert "        self.rank += 1\n\n    @event\n    def rename" in text


def test_an_event_that_stores_nothing_refuses_until_it_is_written(cli, shop, source):
    assert cli("new", "event", "Venue.close", "why:str").code == 0
    assert '        raise RefusedError("Venue.close is not written yet.")' in source()[0]


def test_an_event_takes_an_entity_and_stores_its_id(cli, shop, source):
    cli("new", "entity", "Event", "venue:Venue?")
    assert cli("new", "event", "Event.move", "venue:Venue").code == 0
    added = source()[0]
    assert "    def move(self, venue: Venue) -> None:" in added
    assert "        self.venue_id = venue.id" in added


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Venue.rise"], "Venue has 'rise' already"),
        (["Venue.name"], "Venue has 'name' already"),
        (["Venu.close"], "has no entity 'Venu'; did you mean 'Venue'?"),
        (["close"], "'close' is no event; write Entity.event"),
        (["Venue.close", "day:dat"], "did you mean 'date'?"),
    ],
)
def test_an_event_that_cannot_be_added_is_told(cli, shop, source, arguments, words):
    ended = cli("new", "event", *arguments)
    assert (ended.code, words in ended.err) == (1, True), ended.err
    assert source() == ([], [])


# -- pages ------------------------------------------------------------------------------------------------------------


def test_a_page_is_added_behind_the_others(cli, shop, monkeypatch, tmp_path):
    (tmp_path / "fasthtml").mkdir()
    (tmp_path / "fasthtml/__init__.py").touch()
    (tmp_path / "fasthtml/common.py").write_text("H1 = str")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in __import__("sys").modules if name.partition(".")[0] == "fasthtml"]:
        monkeypatch.delitem(__import__("sys").modules, name)
    assert cli("new", "page", "about_us").code == 0
    text = (shop / "app/views.py").read_text()
    assert text == (
        f"from fasthtml.common import H1\n\n\n{VIEWS.removesuffix('    # kept' + chr(10))}\n"
        '    @app.page("/about-us", "About us")\n    def about_us():\n        return H1("About us")\n    # kept\n'
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("home", "has 'home' already"),
        ("add_pages", "has 'add_pages' already"),
        ("a b", "cannot be the name of a page"),
        ("_x", "cannot be"),
    ],
)
def test_a_page_that_cannot_be_added_is_told(cli, shop, name, words):
    ended = cli("new", "page", name)
    assert (ended.code, words in ended.err) == (1, True)
    assert (shop / "app/views.py").read_text() == VIEWS


def test_a_file_without_a_place_for_pages_is_told(cli, shop):
    (shop / "app/views.py").write_text("")
    assert "has no function `def add_pages(app)`" in cli("new", "page", "about").err


# -- the pieces -------------------------------------------------------------------------------------------------------


def test_an_import_is_joined_to_a_plain_line_and_put_beside_any_other(tmp_path):
    text = "from a import (\n    x,\n)\nfrom typing import Any\n\nfrom b import y\n"
    module = SourceModule(tmp_path / "m.py", text).importing([("typing", "Annotated"), ("a", "z"), ("b", "y")])
    assert module.text == (
        "from a import (\n    x,\n)\nfrom a import z\nfrom typing import Annotated, Any\n\nfrom b import y\n"
    )


def test_an_import_goes_behind_the_docstring_of_a_file_without_any(tmp_path):
    module = SourceModule(tmp_path / "m.py", '"""Why."""\nx = 1\n').importing([("typing", "Any")])
    assert module.text == '"""Why."""\n\nfrom typing import Any\nx = 1\n'


def test_a_field_knows_what_it_needs():
    field = field_of("price:Decimal?")
    assert (field.imports, field.optional, field.default) == (frozenset({("decimal", "Decimal")}), True, "None")


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(NewCodeError, match="cannot be read"):
        SourceModule.read(tmp_path / "nowhere.py")


def test_lines_are_counted_as_python_does(tmp_path):
    text = """import os\n\f\nPAGE = "one\u2028two"\n\n\nclass A(Entity):\n    x: int = 1\n\n\nB = 'kept'\n"""
    module = SourceModule(tmp_path / "m.py", text).importing([("typing", "Any")]).with_class("class C(Entity): ...")
    made = module.with_inner("A", "y: int = 2").text
    assert made == text.replace("import os\n", "import os\nfrom typing import Any\n").replace(
        "    x: int = 1\n", "    x: int = 1\n\n    y: int = 2\n\n\nclass C(Entity): ...\n"
    )
