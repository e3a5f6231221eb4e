"""Every event for every actor, on what is theirs, another's, open, or never was: each door decides the same."""

from __future__ import annotations

import importlib
import io
import json
import logging
import os
import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from itertools import count, product
from typing import Annotated

import pytest
from starlette.testclient import TestClient

from starmodel.adapters.fasthtml.crud.batches import Batch
from starmodel.app.doors import command_id
from starmodel.bootstrap import Settings, create_app
from starmodel.cli import main
from starmodel.core import (
    SYSTEM,
    Actor,
    Command,
    Entity,
    ForbiddenError,
    NotFoundError,
    Owner,
    Private,
    Secret,
    event,
    nobody,
    owner,
    roles,
    signed_in,
    when,
)

DONE, FORBIDDEN, MISSING = "done", "forbidden", "missing"


class Paper(Entity):
    title: str = ""
    out: bool = False
    made_by: Annotated[str, Owner()] = ""
    margin: Private[str] = "zq-margin"
    pin: Secret[str] = "zq-pin"
    model_config = {"policy": {"read": owner | when(out=True) | roles("editor"), "*": owner}}

    @event
    def rename(self, title: str) -> None:
        self.title = title

    @event(method="get")
    def recite(self) -> str:
        return self.title

    @event(policy=roles("editor"))
    def stamp(self) -> None:
        self.title += "!"

    @event(policy=signed_in & when(out=True))
    def praise(self) -> None:
        self.title += "?"

    @event(policy=nobody)
    def shut(self) -> None:
        self.title = ""

    @event(policy=roles("editor"))
    @classmethod
    async def sweep(cls) -> None: ...


ARGS = {"update": {"title": "x"}, "create": {"title": "x"}, "rename": {"title": "x"}}
ACTORS, TARGETS = ("guest", "bob", "ada", "ed"), ("adas", "open", "guests", "never")
READERS = {"adas": {"ada", "ed"}, "open": set(ACTORS), "guests": {"guest", "ed"}, "never": set()}
OWNERS = {"adas": {"ada"}, "open": {"ada"}, "guests": {"guest"}, "never": set()}


def expected(actor, name, target):
    """Return what the class says, in the plainest words."""
    if name in ("create", "sweep"):
        return DONE if name == "create" or actor == "ed" else FORBIDDEN
    if name == "stamp":
        doers = {"ed"} if target != "never" else set()
    elif name == "praise":
        doers = {"bob", "ada", "ed"} if target == "open" else set()
    else:
        doers = set() if name == "shut" else OWNERS[target]
    if actor in doers:
        return DONE
    return FORBIDDEN if actor in READERS[target] else MISSING


class ByHeader:
    async def identify(self, headers, session, visitor, /):
        name = headers.get("x-user", "guest")
        return None if name == "guest" else Actor(name, roles=frozenset({"editor"} if name == "ed" else ()))


class World:
    """The application, somebody at each of its doors, and a paper of each sort."""

    def __init__(self, web):
        self.web, self.app, self.papers = web, web.app.application, {}
        self.get("guest", "/paper")
        sessions = web.app.runtime.sessions
        name = sessions.cookie_name(https=False)
        self.visitor = sessions.visit(dict(web.cookies.items())[name]).visitor

    def call(self, function, *given, **named):
        async def called():
            return await function(*given, **named)

        return self.web.portal.call(called)

    def ask(self, actor, method, path, headers=None, **body):
        given = {"x-user": actor, **(headers or {})}
        return self.web.request(method, path, headers=given, follow_redirects=False, **body)

    def get(self, actor, path, **headers):
        return self.ask(actor, "GET", path, headers)

    def actor(self, name):
        if name == "guest":
            return Actor(self.visitor, self.visitor)
        return Actor(name, roles=frozenset({"editor"} if name == "ed" else ()))

    def id(self, target):
        if target not in self.papers:
            maker = Actor(self.visitor if target == "guests" else "ada", trusted=True)
            args = {"title": f"zq-{target}", "out": target == "open", "pin": "zq-pin"}
            self.papers[target] = self.call(self.app.dispatch, Paper.create(**args), actor=maker).entity.id
        return self.papers[target]

    def target(self, name, target):
        if name in ("create", "sweep"):
            return None
        return "never" if target == "never" else self.id(target)


def of(answer):
    status = answer.status_code
    return {403: FORBIDDEN, 404: MISSING}.get(status, DONE if status < 400 else f"{status}: {answer.text[:300]}")


def path_of(name, id):
    return f"/paper/{name}" if id is None else f"/paper/{id}/{name}"


def by_python(world, actor, name, id):
    command = Command(entity="Paper", event=name, args=ARGS.get(name, {}), entity_id=id)
    return tried(world, world.app.dispatch, command, actor)


def by_preview(world, actor, name, id):
    command = Command(entity="Paper", event=name, args=ARGS.get(name, {}), entity_id=id)
    return tried(world, world.app.preview, command, actor)


def tried(world, do, command, actor):
    try:
        world.call(do, command, actor=world.actor(actor))
    except ForbiddenError:
        return FORBIDDEN
    except NotFoundError:
        return MISSING
    return DONE


def by_click(world, actor, name, id):
    if name == "recite":
        return of(world.get(actor, path_of(name, id)))
    return of(world.ask(actor, "POST", path_of(name, id), {"starmodel-request": "1"}, json=ARGS.get(name, {})))


def by_form(world, actor, name, id):
    if name == "recite":
        return None
    form = {"_form": "/paper", **ARGS.get(name, {})}
    return of(world.ask(actor, "POST", path_of(name, id), data=form))


def by_form_page(world, actor, name, id):
    pages = {"create": "/paper/new", "update": f"/paper/{id}/edit"}
    if name == "recite":
        return None
    return of(world.get(actor, pages.get(name, f"/paper/{id}/do/{name}" if id else f"/paper/do/{name}")))


def by_cell(world, actor, name, id):
    return of(world.get(actor, f"/paper/{id}/cell/title")) if name == "update" else None


def by_rest(world, actor, name, id):
    methods = {"update": "PATCH", "delete": "DELETE", "create": "POST", "recite": "GET"}
    path = f"/api{path_of(name, id)}"
    if name in ("update", "delete", "create"):
        path = path.removesuffix(f"/{name}")
    body = {} if name == "recite" else {"json": ARGS.get(name, {})}
    return of(world.ask(actor, methods.get(name, "POST"), path, **body))


DOORS = (by_python, by_preview, by_click, by_form, by_form_page, by_cell, by_rest)


@pytest.fixture(scope="module")
def world():
    settings = Settings(store="memory", env="production", secret="a secret that is long enough for tests")
    with TestClient(create_app(Paper, settings=settings, auth=[ByHeader()]), base_url="http://localhost") as web:
        yield World(web)


def events_of(app):
    events = [name for name in app.catalog.handlers(Paper) if name not in ("undo", "redo")]
    assert len(events) == 9
    return events


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_every_door_decides_what_the_class_says(world, door):
    wrong, told = [], 0
    for name, actor, target in product(events_of(world.app), ACTORS, TARGETS):
        found = door(world, actor, name, world.target(name, target))
        told += found is not None
        if found == DONE and name == "delete" and door not in (by_preview, by_form_page):
            del world.papers[target]
        if found not in (None, expected(actor, name, target)):
            wrong.append((name, actor, target, found))
    assert wrong == []
    assert told >= len(ACTORS) * len(TARGETS)


class Line:
    """Somebody at a command line: each word is read, and each answer written, by the program itself."""

    visitor = "visitor-zq"

    def __init__(self, file):
        self.file, self.papers, self.turns = file, {}, count()
        self.app = importlib.import_module(file.stem).app.application

    def name(self, actor):
        return self.visitor if actor == "guest" else actor

    def run(self, actor, name, *words):
        """Return how the program ended, and each byte that it wrote; every other time it answers a program."""
        who = ["--as", self.name(actor), *(["--role", "editor"] if actor == "ed" else [])]
        form = ["--json"] if next(self.turns) % 2 else []
        written = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        sys.argv = ["starmodel", "event", f"Paper.{name}", *words, *who, *form, "--app", str(self.file)]
        with redirect_stdout(written), redirect_stderr(written), pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, written.buffer.getvalue().decode()

    def id(self, target):
        if target not in self.papers:
            words = (f"title=zq-{target}", f"out={str(target == 'open').lower()}", "pin=zq-pin")
            _, told = self.run("guest" if target == "guests" else "ada", "create", *words)
            self.papers[target] = re.search(r'(?:Paper |"id": ")([-\w]+)', told)[1]
        return self.papers[target]

    def sent(self, actor, key):
        """Return the id of the command that *actor* sent with *key*."""
        return command_id(Actor(self.name(actor)), key)

    def foreign(self, actor, id):
        """Return what *actor*, who typed *id*, is not to be shown."""
        others = {target: other for target, other in self.papers.items() if other != id}
        unread = [f"zq-{target}" for target in self.papers if actor not in READERS[target]]
        return ["zq-margin", "zq-pin", *others.values(), *unread]


def ended_as(code, told):
    """Return what an answer of the program says; both of its forms say it."""
    if code == 0:
        return DONE
    assert code == 1, told
    if told.startswith("{"):
        return {403: FORBIDDEN, 404: MISSING}.get(json.loads(told)["status"], told)
    return next((how for start, how in SAID.items() if told.startswith(start)), told)


SAID = {"✘ Not allowed: ": FORBIDDEN, "✘ Not found: ": MISSING}


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    file = tmp_path_factory.mktemp("line") / "zq_press.py"
    file.write_text(
        f"from {__name__} import Paper\n"
        "from starmodel.bootstrap import Settings, create_app\n"
        'app = create_app(Paper, settings=Settings(store="memory"))\n'
    )
    environ, path, argv = dict(os.environ), list(sys.path), sys.argv
    sys.path.insert(0, str(file.parent))
    yield Line(file)
    os.environ.clear()
    os.environ.update(environ)
    sys.path[:], sys.argv = path, argv
    del sys.modules[file.stem]


def test_the_program_decides_what_the_class_says_and_shows_nothing_else(line):
    wrong, missing = [], set()
    for name, actor, target in product(events_of(line.app), ACTORS, TARGETS):
        of_class = name in ("create", "sweep")
        if of_class and target != "never":
            continue
        id = "never" if target == "never" else line.id(target)
        words = [f"{key}={value}" for key, value in ARGS.get(name, {}).items()]
        code, told = line.run(actor, name, *([] if of_class else [id]), *words)
        found = ended_as(code, told)
        if found == DONE and name == "delete":
            del line.papers[target]
        if found != expected(actor, name, target) or any(one in told for one in line.foreign(actor, id)):
            wrong.append((name, actor, target, told))
        if found == MISSING:
            missing.add(re.sub(r'"id": "[0-9a-f]{12}"', "", told.replace(id, "ID")))  # each refusal has its own
    assert wrong == []
    assert len(missing) == 2  # in words, and as a document: the same of what is hidden as of what never was


def test_the_program_takes_back_for_who_may_change_it_and_for_no_other(line):
    for target, does in (("adas", "ada"), ("guests", "guest")):
        id = line.id(target)
        line.run(does, "rename", id, f"title=zq-{target}-again", "--key", "again")
        command = line.sent(does, "again")
        for service, actor in product(("undo", "redo"), (*(name for name in ACTORS if name != does), does)):
            code, told = line.run(actor, service, f"command={command}")
            refused = FORBIDDEN if actor in READERS[target] else MISSING
            assert ended_as(code, told) == (DONE if actor == does else refused), (service, actor, told)
            assert not [one for one in line.foreign(actor, id) if one in told], (service, actor, told)


def test_a_batch_does_what_each_of_its_rows_allows(world):
    for name, actor in product(("rename", "stamp", "praise", "shut", "delete"), ACTORS):
        ids = {target: world.target(name, target) for target in TARGETS}
        form = {
            "_do": name,
            "_id": [*ids.values()],
            "_batch": f"batch{name}{actor}",
            "_step": "run",
            **ARGS.get(name, {}),
        }
        answer = world.ask(actor, "POST", "/paper/bulk", data=form)
        world.web.portal.call(world.web.app.pages.batches.finished)
        batch = world.call(world.app.load, Batch, answer.headers["location"].rpartition("/")[2]).entity
        may = [target for target in TARGETS if expected(actor, name, target) == DONE]
        assert (batch.done + batch.unchanged, batch.refused) == (len(may), len(TARGETS) - len(may)), (name, actor)
        if name == "delete":
            world.papers = {target: id for target, id in world.papers.items() if target not in may}


def test_an_import_changes_what_its_sender_may_change(world):
    for actor in ("ada",):
        ids = {target: world.target("update", target) for target in TARGETS if target != "never"}
        records = "id,title\n" + "".join(f"{id},by-{actor}\n" for id in ids.values())
        sent = world.ask(actor, "POST", "/paper/import", files={"file": ("x.csv", records, "text/csv")})
        form = {"file": sent.headers["location"].partition("=")[2], "key": "id", "m": ["id", "title"]}
        world.ask(actor, "POST", "/paper/import", data={**form, "_batch": f"import{actor}"})
        world.web.portal.call(world.web.app.pages.batches.finished)
        changed = {t for t, id in ids.items() if world.call(world.app.load, Paper, id).entity.title == f"by-{actor}"}
        assert changed == {target for target in ids if actor in OWNERS[target]}


@pytest.mark.parametrize("by", ["python", "click", "rest"])
def test_only_who_may_change_it_takes_back_and_does_again(world, by):
    for target, owner_of in (("adas", "ada"), ("guests", "guest")):
        does = world.call(
            world.app.dispatch, Paper.rename(f"by {by}").on(world.id(target)), actor=world.actor(owner_of)
        ).command.id
        for service, actor in product(("undo", "redo"), (*(name for name in ACTORS if name != owner_of), owner_of)):
            if by == "python":
                command = Command(entity="Paper", event=service, args={"command": does})
                found = tried(world, world.app.dispatch, command, actor)
            else:
                start, more = ("/api", {}) if by == "rest" else ("", {"starmodel-request": "1"})
                found = of(world.ask(actor, "POST", f"{start}/paper/{service}", more, json={"command": does}))
            may_read = actor in READERS[target]
            assert found == (DONE if actor == owner_of else FORBIDDEN if may_read else MISSING), (service, actor)


def shows(world, actor, target):
    """Return whether each way of reading shows *actor* a paper; every one by what it holds."""
    id = world.id(target)
    stored = world.call(world.app.load, Paper, id)
    mine = f'"{id}"'.encode()
    return {
        "list": id.encode() in world.get(actor, "/paper?limit=100").content,
        "page": world.get(actor, f"/paper/{id}").status_code == 200,
        "history": world.get(actor, f"/paper/{id}?at={stored.version}").status_code == 200,
        "past": world.get(actor, f"/paper/{id}?before={stored.version}").status_code == 200,
        "picker": mine in world.get(actor, f"/paper/choices?q=zq-{target}").content.replace(b": ", b":"),
        "palette": id.encode() in world.get(actor, f"/_starmodel/palette?of=paper/{id}").content,
        "csv": id.encode() in world.get(actor, "/paper/export.csv").content,
        "json": id.encode() in world.get(actor, "/paper/export.json").content,
        "rest": world.get(actor, f"/api/paper/{id}").status_code == 200,
        "rest list": mine in world.get(actor, "/api/paper?limit=100").content,
        "rest search": mine in world.ask(actor, "GET", "/api/paper", params={"q": f"zq-{target}"}).content,
    }


def test_every_way_to_read_shows_the_same(world):
    for target in TARGETS[:-1]:
        world.call(world.app.dispatch, Paper.rename(f"zq-{target}").on(world.id(target)))
    for actor, target in product(ACTORS, TARGETS[:-1]):
        found = shows(world, actor, target)
        assert found == dict.fromkeys(found, actor in READERS[target]), (actor, target)
    for actor in ACTORS:
        rows = world.get(actor, "/api/paper?limit=1&count=true").json()
        everything = world.get(actor, "/api/paper?limit=100").json()["items"]
        assert rows["count"] == len(everything)


def test_nothing_private_is_in_any_byte_and_in_no_log(world, caplog):
    caplog.set_level(logging.DEBUG)
    ids = {target: world.id(target) for target in TARGETS[:-1]}
    before = len(caplog.text)
    for actor in ACTORS:
        told = b""
        for path in ("/", "/paper", "/paper/export.csv", "/paper/export.json", "/api/paper", "/_starmodel/palette?q=z"):
            told += world.get(actor, path).content
        for id, name in product(ids.values(), ("rename", "stamp", "shut", "update")):
            told += world.get(actor, f"/paper/{id}").content
            told += world.ask(actor, "POST", f"/api/paper/{id}/{name}?dry_run=true", json=ARGS.get(name, {})).content
        assert b"zq-margin" not in told
        assert b"zq-pin" not in told
        hidden = [target for target in ids if actor not in READERS[target]]
        assert not [target for target in hidden if f"zq-{target}".encode() in told]
    assert "zq-" not in caplog.text[before:]


def test_the_program_itself_is_not_asked(world):
    for name in ("shut", "stamp", "praise", "sweep", "rename"):
        command = Command(entity="Paper", event=name, args=ARGS.get(name, {}), entity_id=world.target(name, "guests"))
        world.call(world.app.dispatch, command, actor=SYSTEM)
