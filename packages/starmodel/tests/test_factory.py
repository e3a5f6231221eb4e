"""Putting an application together: from entities and settings to something that answers."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass

import pytest
from fasthtml.common import P
from starlette.testclient import TestClient

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.bootstrap import Settings, create_app, create_application, create_fasthtml_app
from starmodel.core import DomainEvent, Entity, event
from starmodel.core.actors import Actor, Decision
from starmodel.core.contributions import Metric, Sample
from starmodel.core.errors import AdapterNotFoundError, ConfigurationError, ForbiddenError
from starmodel.core.hooks import hookimpl
from starmodel.plugins import PluginHost
from starmodel.testing import FakeClock, PlainCodec


class Note(Entity):
    text: str = ""
    ratio: float = 0.0

    @event
    def write(self, text: str = "", ratio: float = 0.0) -> None:
        self.text, self.ratio = text, ratio


def client(app, **options):
    return TestClient(app, base_url="http://localhost", **options)


def test_an_app_is_its_entities_and_nothing_more():
    with client(create_app(Note)) as visitor:
        made = visitor.post("/note/create", json={"text": "hello"})
        changed = visitor.post(f"/note/{made.json()['id']}/write", json={"text": "bye"})

    assert changed.json()["entity"]["text"] == "bye"


def test_the_manifests_name_for_it_takes_a_list():
    app = create_fasthtml_app(states=[Note], title="Notes")
    app.get("/")(lambda: P("x"))

    with client(app) as visitor:
        assert visitor.post("/note/create", json={}).status_code == 200
        assert "<title>Notes</title>" in visitor.get("/").text


def test_a_page_may_be_all_there_is():
    app = create_app()
    app.get("/")(lambda: P("hello"))

    assert "<p>hello</p>" in client(app).get("/").text


@pytest.mark.parametrize(("wrong", "right"), [("policy", "policies"), ("titel", "title"), ("store", "stores")])
def test_a_misspelt_option_does_not_end_up_in_the_page(wrong, right):
    with pytest.raises(ConfigurationError, match=f"no option '{wrong}'; did you mean '{right}'"):
        create_app(Note, **{wrong: "x"})


@pytest.mark.parametrize("wrong", ["timezone", "secret", "secret_key", "gate", "application", "ids"])
def test_an_option_that_nobody_takes_is_refused(wrong):
    with pytest.raises(ConfigurationError, match=f"create_app.. has no option '{wrong}'; .*attributes of <body>"):
        create_app(Note, **{wrong: "x"})


async def test_the_clock_may_be_handed_in():
    clock = FakeClock()
    for application in (create_app(Note, clock=clock).application, create_application(Note, clock=clock)):
        async with application:
            done = await application.dispatch(Note.create())
            assert done.commit.at == clock.now()


def test_other_keywords_are_those_of_fasthtml():
    app = create_app(cls="dark", data_theme="sea", hx_boost="true")
    app.get("/")(lambda: P("x"))

    assert '<body class="dark" data-theme="sea" hx-boost="true">' in client(app).get("/").text


def test_the_codec_may_be_handed_in():
    codec = PlainCodec()

    assert create_app(Note, codec=codec).application.codec is codec


@pytest.mark.parametrize("wrong", [[Note], "Note", Note()])
def test_something_that_is_no_class_says_what_to_write(wrong):
    with pytest.raises(ConfigurationError, match="create_app"):
        create_app(wrong)


def test_the_same_secret_knows_a_visitor_again():
    settings = Settings(secret="x" * 32)
    first = client(create_app(Note, settings=settings)).get("/")
    name, _, value = first.headers["set-cookie"].split(";")[0].partition("=")

    assert "set-cookie" not in client(create_app(Note, settings=settings), cookies={name: value}).get("/").headers


def test_without_a_secret_each_start_has_its_own():
    first, second = create_app(Note), create_app(Note)

    assert first.runtime.signer.sign("session", "x") != second.runtime.signer.sign("session", "x")


def test_hosts_are_those_of_this_machine_of_the_settings_and_of_the_call():
    app = create_app(Note, settings=Settings(hosts=("shop.example",)), hosts=["other.example"])

    for host, status in {"localhost": 200, "shop.example": 200, "other.example": 200, "evil.example": 400}.items():
        assert TestClient(app, base_url=f"http://{host}").get("/").status_code == status


@pytest.mark.parametrize(("env", "shown"), [("development", True), ("production", False)])
def test_a_traceback_is_for_development(env, shown):
    app = create_app(settings=Settings(env=env))

    @app.get("/")
    def broken():
        raise RuntimeError("the vault code is 1234")

    answer = client(app).get("/")

    assert answer.status_code == 500
    assert ("1234" in answer.text) is shown


def test_a_store_nobody_offers_is_told_at_once():
    with pytest.raises(AdapterNotFoundError, match="no installed package offers 'redsi'"):
        create_app(Note, settings=Settings(store="redsi"))


def test_stores_may_be_handed_in():
    repo = MemoryRepo()
    app = create_application(Note, stores={"memory": repo})

    assert app.persistence.for_class(Note) is repo
    assert app.summary() == {"memory": "ephemeral"}


class Nobody:
    def decide(self, actor, action, kind, id, entity):
        return Decision(allowed=False, why="the shop is closed")


class Ada:
    async def identify(self, headers, session, visitor):
        return Actor("ada", visitor)


def test_policies_and_auth_are_asked():
    with client(create_app(Note, policies=[Nobody()], auth=[Ada()])) as visitor:
        answer = visitor.post("/note/create", json={})

    assert answer.status_code == 403
    assert "the shop is closed" in answer.text


def test_a_provider_that_nobody_offers_stops_the_start():
    with pytest.raises(AdapterNotFoundError, match=r"'passwort'.*did you mean 'password'"):
        create_app(auth="passwort")
    with pytest.raises(AdapterNotFoundError, match="'ldap'"):
        create_app(settings=Settings(auth=("ldap",)))
    with pytest.raises(ConfigurationError, match="cannot say who asks"):
        create_app(auth=[object()])


def test_plugins_may_be_handed_in_or_left_out():
    host = PluginHost()

    assert create_app(Note, plugins=host).runtime.plugins is host
    assert create_app(Note, settings=Settings(disabled_plugins=("*",))).runtime.plugins is not host


def test_without_the_web_adapter_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "starmodel.adapters.fasthtml", None)
    error = ModuleNotFoundError("no", name="starmodel.adapters.fasthtml")

    class Missing:
        def find_spec(self, name, path=None, target=None):
            if name.startswith("starmodel.adapters.fasthtml"):
                raise error

    monkeypatch.delitem(sys.modules, "starmodel.adapters.fasthtml")
    for name in [name for name in sys.modules if name.startswith("starmodel.adapters.fasthtml.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])

    with pytest.raises(AdapterNotFoundError, match=r"pip install 'starmodel\[fasthtml\]'"):
        create_app(Note)


def test_what_is_missing_elsewhere_is_not_blamed_on_the_adapter(monkeypatch):
    class Missing:
        def find_spec(self, name, path=None, target=None):
            if name.startswith("starmodel.adapters.fasthtml"):
                raise ModuleNotFoundError("no", name="zlib")

    for name in [name for name in sys.modules if name.startswith("starmodel.adapters.fasthtml")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])

    with pytest.raises(ModuleNotFoundError, match="no"):
        create_app(Note)


@pytest.mark.parametrize("body", [b'{"ratio": NaN}', b'{"ratio": 1e999}', b'{"ratio": "nan"}', b'{"text": "\\ud800"}'])
def test_the_default_codec_lets_nothing_in_that_cannot_get_out(body):
    with client(create_app(Note)) as visitor:
        url = f"/note/{visitor.post('/note/create', json={}).json()['id']}/write"

        assert visitor.post(url, content=body, headers={"content-type": "application/json"}).status_code == 422
        assert visitor.post(url, data={"ratio": "inf"}).status_code == 422


class Kept(Entity):
    text: str = ""
    model_config = {"store": "sql"}


async def test_an_entity_in_sql_goes_where_database_url_says(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/shop.db")
    monkeypatch.setenv("STARMODEL_ENV", "development")
    for text in ("first", "second"):
        async with create_application(Kept) as app:
            await app.dispatch(Kept.create(text=text))
            count = await app.count(Kept)
    assert count == 2
    assert app.summary() == {"sql": "disk"}


async def test_without_an_address_it_is_a_file_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with create_application(Note, settings=Settings(store="sql", env="development")) as app:
        await app.dispatch(Note.create())
    assert (tmp_path / "starmodel.db").exists()


async def test_a_store_that_was_given_is_taken(tmp_path):
    app = create_application(Kept, stores={"sql": MemoryRepo()})
    assert app.summary() == {"sql": "ephemeral"}


def test_an_address_that_cannot_be_used_stops_the_start_without_its_password():
    with pytest.raises(ConfigurationError, match="no support for 'oracle'") as refusal:
        create_application(Kept, settings=Settings(database_url="oracle://scott:tiger@db/x"))
    assert "tiger" not in str(refusal.value)


def test_without_the_package_the_store_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "starmodel.adapters.persistence.sqlmodel", None)
    with pytest.raises(AdapterNotFoundError, match="starmodel\\[sql\\]"):
        create_application(Kept)


async def test_in_production_it_starts_on_tables_that_fit_and_adds_none(tmp_path):
    url = f"sqlite:///{tmp_path}/shop.db"
    with pytest.raises(ConfigurationError, match="the table kept is missing"):
        await create_application(Kept, settings=Settings(database_url=url)).open()
    async with create_application(Kept, settings=Settings(database_url=url, env="development")) as app:
        await app.dispatch(Kept.create(text="x"))
    async with create_application(Kept, settings=Settings(database_url=url)) as app:
        assert await app.count(Kept) == 1


class Fleeting(Entity):
    text: str = ""
    model_config = {"store": "redis", "ttl": 60}


async def test_an_entity_in_redis_goes_where_redis_url_says(redis_url, monkeypatch):
    monkeypatch.setenv("REDIS_URL", redis_url)
    for text in ("first", "second"):
        async with create_application(Fleeting) as app:
            await app.dispatch(Fleeting.create(text=text))
            count = await app.count(Fleeting)
    assert count == 2
    assert app.summary() == {"redis": "process"}


async def test_a_server_that_promises_too_little_stops_the_start(redis_url):
    with pytest.raises(ConfigurationError, match=r"asks for durability=disk.*gives process: appendfsync is everysec"):
        await create_application(Fleeting, settings=Settings(redis_url=f"{redis_url}?durability=disk")).open()


def test_an_address_of_redis_that_cannot_be_used_stops_the_start_without_its_password():
    with pytest.raises(ConfigurationError, match="must begin with redis://, not 'http'") as refusal:
        create_application(Fleeting, settings=Settings(redis_url="http://scott:tiger@db/0"))
    assert "tiger" not in str(refusal.value)


def test_without_its_package_the_store_redis_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "starmodel.adapters.persistence.redis", None)
    with pytest.raises(AdapterNotFoundError, match="starmodel\\[redis\\]"):
        create_application(Fleeting)


async def test_changes_come_by_the_bus_that_is_set(redis_url):
    chosen = Settings(redis_url=redis_url, bus="redis")
    one, two = (create_application(Fleeting, settings=chosen) for _ in range(2))
    assert type(one.bus).__name__ == "RedisBus"
    async with one, two:
        seen = two.bus.subscribe()
        made = await one.dispatch(Fleeting.create(text="x"))
        assert (await anext(seen)).changes[0].key == ("Fleeting", made.entity.id)


def test_a_bus_that_nobody_offers_stops_the_start():
    with pytest.raises(AdapterNotFoundError, match="'redsi'; did you mean 'redis'"):
        create_application(Note, settings=Settings(bus="redsi"))
    with pytest.raises(AdapterNotFoundError, match="'kafka'; there is log, memory, redis"):
        create_application(Note, settings=Settings(bus="kafka"))


def test_a_bus_of_one_process_is_refused_for_many():
    with pytest.raises(ConfigurationError, match="2 workers cannot share the bus 'memory'"):
        create_application(Fleeting, settings=Settings(bus="memory", workers=2))


class Ledger:
    """A plugin around commands; it has started when its book is open."""

    def __init__(self):
        self.book, self.heard = None, []

    @hookimpl
    async def starmodel_startup(self, app):
        self.book = self.heard

    @hookimpl
    async def starmodel_shutdown(self, app):
        self.book = None

    @hookimpl
    def starmodel_before_event(self, command):
        return False if command.args.get("text") == "forbidden" else None

    @hookimpl
    def starmodel_after_event(self, command):
        self.book.append(command.event)

    @hookimpl
    def starmodel_domain_event(self, event):
        self.book.append(event.event.text)

    @hookimpl
    def starmodel_openapi(self, document):
        document["info"]["title"] = "Ledger"

    @hookimpl
    def starmodel_metrics(self):
        return [Metric("ledger_lines", "What is in the book.", [Sample(len(self.heard))])]


class Spoiler:
    @hookimpl
    def starmodel_openapi(self, document):
        del document["paths"]


@dataclass(frozen=True)
class Signed(DomainEvent):
    text: str


class Paper(Entity):
    @event
    def sign(self, text: str) -> None:
        self.record(Signed(text))


def with_ledger():
    ledger, host = Ledger(), PluginHost()
    host.add(ledger, "ledger")
    host.add(Spoiler(), "spoiler")
    return ledger, host


def test_plugins_stand_around_commands_from_their_start_until_they_are_shut_down():
    ledger, host = with_ledger()
    with client(create_app(Paper, plugins=host)) as visitor:
        paper = visitor.post("/paper/create", json={}).json()["id"]
        visitor.post(f"/paper/{paper}/sign", json={"text": "yes"})
        assert visitor.post(f"/api/paper/{paper}/sign", json={"text": "forbidden"}).status_code == 403
        title, paths = (visitor.get("/api/openapi.json").json()[name] for name in ("info", "paths"))
    assert sorted(ledger.heard) == ["create", "sign", "yes"]
    assert title["title"] == "Ledger"
    assert "/paper" in paths  # what the other plugin left of the document is not shown
    errors = {record.name: record.error for record in host.records}
    assert errors == {"ledger": None, "spoiler": "starmodel_openapi: TypeError: the document has no 'paths' any more"}


def test_a_token_opens_the_metrics_with_those_of_plugins():
    _, host = with_ledger()
    settings = Settings(metrics_token="0123456789abcdef")
    with client(create_app(Paper, plugins=host, settings=settings)) as visitor:
        shown = visitor.get("/_starmodel/metrics", headers={"Authorization": "Bearer 0123456789abcdef"})
    assert "\nledger_lines 0\n" in shown.text
    with pytest.raises(ConfigurationError, match="token"):
        create_app(Paper, settings=Settings(metrics_token="short"))


def test_without_a_web_plugins_may_refuse_as_well():
    async def forbidden():
        async with create_application(Paper, plugins=with_ledger()[1]) as app:
            await app.dispatch(Paper.create().on("one"))
            await app.dispatch(Paper.sign("forbidden").on("one"))

    with pytest.raises(ForbiddenError):
        asyncio.run(forbidden())
