"""Two users, and rules that hide rows: every address is asked by the one for what is the other's, and nothing gets out.

What a user stores is marked, and so is what no user may see.  Each answer is searched for marks byte by byte.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from functools import partial
from itertools import product
from typing import Annotated

import pytest
from starlette.testclient import TestClient

from starmodel import core
from starmodel.adapters.files import MemoryFileStore
from starmodel.bootstrap import Settings, create_app
from starmodel.core import Actor, Decision, Entity, Owner, Private, Reference, Secret, anyone, event
from starmodel.core.files import Accept, File

MARK = re.compile(rb"zq-[a-z]+-[a-z0-9]+")
PNG = b"\x89PNG\r\n\x1a\n"


def mark(whose, what):
    return f"zq-{whose}-{what}"


class Folder(Entity):
    name: str
    owner: str = ""


class Case(Entity):
    title: str
    note: str = ""
    tags: list[str] = []
    amount: int = 0
    owner: str = ""
    folder_id: Annotated[str | None, Reference(Folder)] = None
    paper: Annotated[File | None, Accept("*/*")] = None
    margin: Private[str] = mark("nobody", "margin")

    @event
    def close(self) -> None:
        self.note = f"{self.note} closed"

    @event
    def hand_over(self, to: str, folder: Folder | None = None) -> None:
        self.note = to

    @event(method="get")
    def recite(self) -> str:
        return self.note


class Box(Entity):
    """Everybody may change one; only its owner sees it."""

    title: str
    note: str = ""
    owner: str = ""
    margin: Private[str] = mark("nobody", "box")
    pin: Secret[str] = mark("nobody", "pin")

    @event
    def shake(self, hard: str = "") -> None:
        self.note = f"{self.note}."


class RuledFolder(Folder):
    """The same three classes, which say themselves who may."""

    owner: Annotated[str, Owner()] = ""
    model_config = {"namespace": "Folder", "policy": core.owner}


class RuledCase(Case):
    owner: Annotated[str, Owner()] = ""
    folder_id: Annotated[str | None, Reference(RuledFolder)] = None
    model_config = {"namespace": "Case", "policy": core.owner}

    @event
    def hand_over(self, to: str, folder: RuledFolder | None = None) -> None:
        self.note = to


class RuledBox(Box):
    owner: Annotated[str, Owner()] = ""
    model_config = {"namespace": "Box", "policy": {"read": core.owner, "*": anyone}}


OPEN, RULED = (Folder, Case, Box), (RuledFolder, RuledCase, RuledBox)


class OwnAlone:
    def decide(self, actor, action, kind, id, entity, /):
        is_free = entity is None or not hasattr(entity, "owner") or kind.__entity_name__ == "StarModelView"
        is_open = is_free or entity.owner == actor.id or (kind is Box and action != "read")
        return Decision(is_open, why="it is another's", hidden=True)


class ByHeader:
    async def identify(self, headers, session, visitor, /):
        return Actor(headers["x-user"], roles=frozenset({"user"})) if "x-user" in headers else None


class User:
    """Asks, and keeps what was answered."""

    def __init__(self, client, name):
        self.client, self.name, self.seen, self.cookies = client, name, set(), {}

    def ask(self, method, path, headers=None, **body):
        self.client.cookies = self.cookies
        given = {"x-user": self.name, **(headers or {})}
        answer = self.client.request(method, path, headers=given, follow_redirects=False, **body)
        self.cookies = dict(self.client.cookies)
        assert answer.status_code < 500, (method, path, answer.text)
        self.seen |= set(MARK.findall(_all_of(answer)))
        return answer

    def get(self, path, **headers):
        return self.ask("GET", path, headers)

    def made(self, path, *, owner="", **fields):
        if owner and not self.client.app.application.catalog.kind("Case").__entity_policy__:
            fields["owner"] = owner
        answer = self.ask("POST", f"/api/{path}", json=fields)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def foreign(self):
        """Return the marks that were seen, and are not the user's own."""
        return {found for found in self.seen if not found.startswith(f"zq-{self.name}-".encode())}


def _all_of(answer):
    told = b"\n".join(b"%s: %s" % pair for pair in answer.headers.raw)
    body = answer.content
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"\n".join(book.read(name) for name in book.namelist())
    return told + b"\n" + body


@pytest.fixture(params=["memory", pytest.param("sql", marks=pytest.mark.long), "ruled"])
def client(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    is_ruled = request.param == "ruled"
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    settings = Settings(store="sql" if is_ruled else request.param, database_url=url, env="development")
    options = {"policies": [] if is_ruled else [OwnAlone()], "auth": [ByHeader()], "files": MemoryFileStore()}
    with TestClient(create_app(*(RULED if is_ruled else OPEN), settings=settings, **options)) as client:
        yield client


@pytest.fixture
def alice(client):
    return User(client, "alice")


@pytest.fixture
def bob(client):
    return User(client, "bob")


class Things:
    """What a user has: one of everything, with a past."""

    def __init__(self, user):
        name = user.name
        self.folder = user.made("folder", name=mark(name, "folder"), owner=name)
        sent = user.ask("POST", "/api/case/create/files/paper", content=PNG + mark(name, "paper").encode())
        self.reference = sent.json()["reference"]
        fields = {"note": mark(name, "note"), "tags": [mark(name, "tag")], "folder_id": self.folder}
        self.case = user.made("case", title=mark(name, "title"), amount=5, owner=name, paper=self.reference, **fields)
        self.box = user.made("box", title=mark(name, "box"), note=mark(name, "boxnote"), owner=name)
        self.gone = user.made("case", title=mark(name, "gone"), owner=name)
        self.commands = [
            user.ask(*asked, {"starmodel-request": "1"}, json={**fields}).headers["starmodel-command"]
            for *asked, fields in (
                ("POST", f"/case/{self.case}/update", {"title": mark(name, "later")}),
                ("POST", f"/case/{self.case}/close", {}),
                ("POST", f"/case/{self.gone}/delete", {}),
            )
        ]
        view = {"name": mark(name, "view"), "of": "/case", "query": f"q={mark(name, 'query')}", "_key": "k"}
        user.ask("POST", "/starmodelview/keep", data=view)
        self.view = re.search(r"/starmodelview/([^/]+)/", user.get("/case/views").text)[1]
        record = f"title,note\n{mark(name, 'row')},x\n"
        upload = user.ask("POST", "/case/import", files={"file": ("cases.csv", record, "text/csv")})
        self.token = upload.headers["location"].partition("=")[2]
        form = {"_do": "hand_over", "_id": [self.case], "_batch": f"batch{name}", "_step": "run", "to": "x"}
        self.batch = user.ask("POST", "/case/bulk", data=form).headers["location"]
        finish(user.client)
        user.ask("PATCH", f"/api/case/{self.case}", json={"note": mark(name, "note")})
        user.ask("PATCH", f"/api/box/{self.box}", json={"title": mark(name, "newbox")})


def finish(client):
    client.portal.call(client.app.pages.batches.finished)


EVENTS = {
    "case": ("update", "delete", "close", "hand_over", "recite"),
    "folder": ("update", "delete"),
    "box": ("shake", "update"),
}
QUERIES = (
    "q=zq",
    "limit=200",
    "sort=-title&columns=title,note,tags,folder_id,paper",
    "title.startswith=zq",
    "tags.contains=zq",
    "amount.ge=1",
    "folder_id={folder}",
    "folder_id.name.startswith=zq",
    'where={{"not":{{"folder_id.name":"x"}}}}',
    'where={{"or":[{{"title":{{"gt":"a"}}}},{{"folder_id.name":{{"gt":"a"}}}}]}}',
    "margin.startswith=zq",
    "sort=margin",
    "sort=pin",
    "folder_id.owner=alice",
    "fields=title,margin",
    "count=true",
)
MEMBER = (
    *("", "/edit", "/cell/title", "/cell/note", "/files/paper", "/recite"),
    *("?at=1", "?at=2", "?before=2", "?before=9"),
    *(f"/do/{name}" for name in EVENTS["case"]),
)
PAGES = ("filter", "options", "views", "usual", "bulk", "new", "choices", "export.csv", "export.json", "export.xlsx")


def addresses(things):
    """Yield every address that may be read, with ids, tokens and questions that lead to somebody's *things*."""
    known = vars(things)
    yield from ("/", "/_starmodel/palette", "/_starmodel/palette?q=zq", "/_starmodel/palette?q=close%20zq")
    yield from ("/api/openapi.json", "/api/docs", f"/_starmodel/palette?of=case/{things.case}", things.batch)
    for name in ("case", "folder", "box"):
        yield f"/{name}"
        yield from (f"/{name}/{page}" for page in PAGES)
        yield from (f"/{name}/choices?q=zq", f"/{name}/choices?q={known[name][:6]}")
        yield from (
            f"/{name}/import",
            f"/{name}/import?file={things.token}",
            f"/{name}/import?do=check&file={things.token}",
        )
        yield from (f"/{name}/{known[name]}{part}" for part in MEMBER)
        yield from (f"/api/{name}/{known[name]}{part}" for part in ("", "/files/paper", "/recite"))
    yield from (f"/case/{things.gone}{part}" for part in ("", "?at=1", "?before=2", "/edit"))
    for query in QUERIES:
        asked = query.format(folder=things.folder)
        yield from (f"{start}?{asked}" for start in ("/case", "/case/export.csv", "/case/filter", "/api/case"))


def read_everything(user, things, below=""):
    for address in addresses(things):
        if not address.startswith(below):
            continue
        user.get(address)
        if re.search(r"palette|filter|options|views|new|/do/|edit", address):  # what a script asks for in another form
            user.get(address, **{"starmodel-request": "options"})


def try_everything(user, things):
    """Send every event, form, batch and import for somebody's *things*, in every way that there is."""
    for name, events in EVENTS.items():
        id = vars(things)[name]
        for event_name, version in [("update", "1"), *product(events, [""])]:
            path, values = f"/{name}/{id}/{event_name}", {"title": "x", "name": "x", "note": "x", "to": "x"}
            based = {"starmodel-base-version": version} if version else {}
            taken = {"update": ("title", "note", "name"), "hand_over": ("to",)}.get(event_name, ())
            args = {key: values[key] for key in taken if not (name == "folder") ^ (key == "name")}
            user.ask("POST", path, based, json=args)
            user.ask("POST", path, {**based, "starmodel-request": "1"}, json=args)
            user.ask("POST", path, based, data={**args, "_form": f"/{name}/{id}", "_key": "k"})
            user.ask("POST", f"/{name}/{id}/do/{event_name}", data={**args, "folder~": "zq", "folder": things.folder})
            user.ask("POST", f"/api{path}?dry_run=true", json=args)
            user.ask("PATCH", f"/api/{name}/{id}", {"if-match": '"1"'}, json=args)
            form = {"_do": event_name, "_id": [id, things.gone], "_batch": f"b{name}{event_name}{version}", **args}
            user.ask("POST", f"/{name}/bulk", data={**form, "_step": "try"})
            run = user.ask("POST", f"/{name}/bulk", data={**form, "_step": "run"})
            finish(user.client)
            user.get(run.headers.get("location", "/"))
    user.ask("POST", f"/case/{things.case}/update/files/paper", content=b"x")
    for service, command in product(("undo", "redo"), things.commands):
        user.ask("POST", f"/case/{service}", json={"command": command})
        user.ask("POST", f"/api/case/{service}?dry_run=true", json={"command": command})
    for name in ("rename", "revise", "share", "choose", "delete"):
        args = {"rename": {"name": "x"}, "revise": {"query": "x"}, "share": {"shared": True}}.get(name, {})
        user.ask("POST", f"/starmodelview/{things.view}/{name}", json=args)
    for wish in ("undo", "go-on"):
        user.ask("POST", things.batch, data={"do": wish})
    user.ask("POST", "/case/import", data={"file": things.token, "_batch": "b1", "m": ["title", "note"]})
    import_over(user, f"id,title,note\n{things.case},x,x\n")
    refused = user.ask("POST", "/api/case", json={"title": "mine", "folder_id": things.folder})
    assert refused.status_code == 422
    refer(user, things.folder)
    user.ask("POST", "/api/case", json={"title": "mine", "owner": user.name, "paper": things.reference})
    user.ask("POST", "/api/case", json={"title": "mine", "paper": things.reference})
    finish(user.client)


def refer(user, folder):
    """Let the program itself make a case of the user's that refers to a folder which they may not see."""
    application = user.client.app.application
    kind = application.catalog.kind("Case")
    owner = {} if kind.__entity_policy__ else {"owner": user.name}
    command = kind.create(title="mine", folder_id=folder, **owner)
    user.client.portal.call(partial(application.dispatch, command, actor=Actor(user.name, trusted=True)))


def import_over(user, records):
    sent = user.ask("POST", "/case/import", files={"file": ("x.csv", records, "text/csv")})
    user.get(f"{sent.headers['location']}&do=check&key=id")
    form = {"file": sent.headers["location"].partition("=")[2], "key": "id", "m": ["id", "title", "note"]}
    began = user.ask("POST", "/case/import", data={**form, "_batch": "b2"})
    finish(user.client)
    user.get(began.headers["location"])


def kept(user, things):
    """Return what is stored of a user's things but for their box, which everybody may change."""
    found = [user.get(f"/api/{name}?limit=200&sort=id").json() for name in ("folder", "case")]
    file = user.get(f"/case/{things.case}/files/paper").content
    return (
        json.dumps(found),
        file,
        user.get(f"/case/{things.gone}").status_code,
        user.get("/case/views").text.count(things.view),
    )


def test_nothing_of_one_user_reaches_another(alice, bob):
    hers, his = Things(alice), Things(bob)
    before = kept(alice, hers)
    try_everything(bob, hers)
    read_everything(bob, hers)
    read_everything(bob, his, below="/case")  # which refer to her folder
    assert bob.foreign() == set()
    assert kept(alice, hers) == before


def test_whoever_may_sees_it_all_and_nobody_what_is_nobodys(alice, bob):
    hers = Things(alice)
    alice.seen.clear()
    read_everything(alice, hers)
    words = (
        "folder",
        "title",
        "later",
        "note",
        "tag",
        "newbox",
        "box",
        "boxnote",
        "gone",
        "paper",
        "view",
        "row",
        "query",
    )
    assert alice.seen == {mark("alice", word).encode() for word in words}


def test_what_is_hidden_looks_like_what_never_was(alice, bob):
    hers = Things(alice)
    for part in MEMBER:
        answers = [bob.get(f"/api/case/{id}{part}") for id in (hers.case, "never")]
        pages = [bob.get(f"/case/{id}{part}") for id in (hers.case, "never")]
        for one, other in (answers, pages):
            assert one.status_code == other.status_code, part
            assert plain(one, hers.case) == plain(other, "never"), part


def plain(answer, id):
    """Return an answer without what is made for it alone."""
    text = re.sub(r"nonce=\"[^\"]*\"|name=\"_key\" value=\"[^\"]*\"|\"id\":\s*\"[0-9a-f]{12}\"", "", answer.text)
    return text.replace(id, "")
