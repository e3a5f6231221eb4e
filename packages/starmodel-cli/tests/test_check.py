"""``starmodel check``: every rule fires on what it is for, and is silent about a project that is well."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import date
from typing import Annotated

import pytest

from starmodel.adapters.files import DirectoryFileStore, MemoryFileStore
from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.cli.addresses import Address
from starmodel.cli.checks import RULES, Database, Facts, Schema, Web, findings
from starmodel.core import Entity, File, Reference, Secret, event
from starmodel.core.actors import ALLOWED
from starmodel.core.ports import Durability
from starmodel.plugins import PluginRecord
from starmodel.testing import application

GOOD_SECRET = "4f1c0d2b9e8a7c6d5e4f3a2b1c0d9e8f"


class DiskRepo(MemoryRepo):
    """Stands for a store that keeps what it is given."""

    durability = Durability.DISK
    single_process = False


class Everybody:
    """A policy of the application's own."""

    def decide(self, *_):
        return ALLOWED


class Author(Entity):
    name: str
    password: Secret[str] = ""


class Book(Entity):
    title: str
    author_id: Annotated[str, Reference("Author")]

    @event(method="get")
    def summary(self) -> str:
        title = self.title
        return title.upper()


def app(*kinds, **options):
    return application(
        *(kinds or (Author, Book)),
        **{"stores": {"memory": DiskRepo()}, "policies": [Everybody()], **options},
    )


@pytest.fixture
def good(tmp_path):
    """The facts about a project that is well."""
    folder = tmp_path / "shop"
    (folder / "app").mkdir(parents=True)
    (folder / "app/main.py").write_text("app = 1\n")
    (folder / "static").mkdir()
    (folder / "static/logo.svg").touch()
    (folder / "migrations").mkdir()
    (folder / "migrations/one.py").touch()
    (folder / "pyproject.toml").write_text('[project]\nname = "shop"\ndependencies = ["starmodel[all]~=0.1"]\n')
    for name in (".env", "shop.db"):
        (folder / name).touch(mode=0o600)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o022)
    return Facts(
        folder=folder,
        environ={
            "STARMODEL_SECRET": GOOD_SECRET,
            "STARMODEL_ENV": "production",
            "DATABASE_URL": f"sqlite:///{folder}/shop.db",
            "FORWARDED_ALLOW_IPS": "10.0.0.2",
        },
        today=date(2026, 1, 1),
        python=(3, 12),
        application=app(),
        web=Web(hosts=("localhost", "shop.example.org", "*.shop.example.org"), has_auth=True),
        addresses=(Address("/", ("GET",), "page", "home"), Address("/about", ("GET",), "page", "about")),
        databases=(Database(store="sql", file=folder / "shop.db"),),
        schema=Schema(),
        plugins=(PluginRecord(name="good", hooks=("starmodel_authorize",)),),
        packages={"starmodel": "1.0", "starmodel-core": "1.0"},
        tracked=frozenset({"pyproject.toml", "app/main.py"}),
        mounts={"/": "ext4"},
        log_levels={"": logging.WARNING, "starmodel": logging.NOTSET},
    )


def with_env(facts, **environ):
    return replace(facts, environ={**facts.environ, **environ})


def without_env(facts, *names):
    return replace(facts, environ={name: value for name, value in facts.environ.items() if name not in names})


def with_file(facts, name, text="", mode=0o600):
    path = facts.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return facts


def with_database(facts, **changes):
    return replace(facts, databases=(Database(**{"store": "sql", **changes}),))


def with_hosts(facts, *hosts):
    return replace(facts, web=replace(facts.web, hosts=("localhost", *hosts)))


def with_plugin(facts, **changes):
    return replace(facts, plugins=(*facts.plugins, PluginRecord(**{"name": "bad", **changes})))


def entities():
    """Entities that are wrong in one way each; made here, so that no other test meets them."""

    class Lost(Entity):
        book_id: Annotated[str, Reference("Bok")]

    class Apart(Entity):
        author_id: Annotated[str, Reference(Author)]
        model_config = {"store": "other"}

    class Reader(Entity):
        count: int = 0

        @event(method="get")
        def look(self) -> None:
            self.count += 1

    class Known(Entity):
        pin: Secret[str] = "1234"

    class Open(Entity):
        api_key: str = ""

    return Lost, Apart, Reader, Known, Open


def with_files(facts, files):
    class Paper(Entity):
        scan: File | None = None

    return replace(facts, application=app(Author, Book, Paper, files=files))


def forgotten(facts):
    """Let a file of the project define an entity that nobody gives to the application."""
    import importlib.util

    path = facts.folder / "app/extra.py"
    path.write_text("from starmodel.core import Entity\nclass Leftover(Entity):\n    x: int = 0\n")
    spec = importlib.util.spec_from_file_location("extra_of_a_project", path)
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    forgotten.kept = module
    return facts


OTHER = {"memory": DiskRepo(), "other": DiskRepo()}

BAD = {
    "app.failed": lambda f: replace(f, application=None, failure="main could not be loaded: ZeroDivisionError"),
    "address.doubled": lambda f: replace(f, addresses=(*f.addresses, Address("/", ("GET",), "page", "other"))),
    "entity.forgotten": forgotten,
    "reference.unknown": lambda f: replace(f, application=app(entities()[0])),
    "reference.apart": lambda f: replace(f, application=app(Author, entities()[1], stores=OTHER)),
    "event.writing-get": lambda f: replace(f, application=app(entities()[2])),
    "field.known-secret": lambda f: replace(f, application=app(entities()[3])),
    "field.public-secret": lambda f: replace(f, application=app(entities()[4])),
    "schema.unreachable": lambda f: replace(f, schema=Schema(failure="no server")),
    "schema.behind": lambda f: replace(f, schema=Schema(drift=("add a column",))),
    "schema.absent": lambda f: with_database(f, file=f.folder / "nowhere.db"),
    "schema.unrevised": lambda f: (f.folder / "migrations/one.py").unlink() or f,
    "schema.pending": lambda f: replace(f, schema=Schema(pending=("abc first",)), deploy=True),
    "schema.drift": lambda f: replace(f, schema=Schema(drift=("add a column",)), deploy=True),
    "store.ephemeral": lambda f: replace(f, application=app(stores={"memory": MemoryRepo()})),
    "store.alone": lambda f: replace(
        with_env(f, STARMODEL_WORKERS="2"), application=app(stores={"memory": MemoryRepo()}), databases=()
    ),
    "workers.sqlite": lambda f: with_env(f, WEB_CONCURRENCY="4"),
    "database.implied": lambda f: without_env(f, "DATABASE_URL"),
    "database.relative": lambda f: with_database(f, file=f.folder / "shop.db", is_relative=True),
    "database.readable": lambda f: with_file(f, "shop.db", mode=0o644),
    "database.served": lambda f: with_database(f, file=f.folder / "static/shop"),
    "database.network-disk": lambda f: replace(f, mounts={"/": "ext4", str(f.folder): "nfs4"}),
    "database.superuser": lambda f: with_database(f, host="localhost", user="postgres"),
    "database.unencrypted": lambda f: with_database(f, host="db.example.org", user="shop"),
    "database.password-published": lambda f: with_database(
        with_file(f, "app/main.py", "url = 'postgresql://shop:hunter-22@db'"), host="localhost", password="hunter-22"
    ),
    "redis.implied": lambda f: replace(f, application=app(stores={"redis": MemoryRepo()})),
    "redis.unencrypted": lambda f: with_env(f, REDIS_URL="redis://:hunter-22@cache.example.org/0?durability=disk"),
    "redis.open": lambda f: with_env(f, REDIS_URL="rediss://cache.example.org/0?durability=disk"),
    "redis.unasked": lambda f: with_env(f, REDIS_URL="redis://127.0.0.1/0"),
    "redis.password-published": lambda f: with_env(
        with_file(f, "app/main.py", "url = 'redis://:hunter%22@db'; password = 'hunter\"'"),
        REDIS_URL="redis://:hunter%22@127.0.0.1",
    ),
    "secret.missing": lambda f: without_env(f, "STARMODEL_SECRET"),
    "secret.short": lambda f: with_env(f, STARMODEL_SECRET="4f1c0d2b"),
    "secret.weak": lambda f: with_env(f, STARMODEL_SECRET="a-secret-that-somebody-typed-in-1234567"),
    "secret.development": lambda f: with_file(f, ".starmodel/secret", GOOD_SECRET + "\n"),
    "secret.published": lambda f: with_file(f, "app/main.py", f"SECRET = '{GOOD_SECRET}'"),
    "env.development": lambda f: with_env(f, STARMODEL_ENV="development"),
    "env.misspelt": lambda f: with_env(f, STARMODEL_SECERT="x"),
    "env.debugging": lambda f: with_env(f, PYTHONDEVMODE="1"),
    "envfile.readable": lambda f: with_file(f, ".env", mode=0o640),
    "envfile.tracked": lambda f: replace(f, tracked=frozenset({".env"})),
    "envfile.unignored": lambda f: replace(f, is_env_ignored=False),
    "hosts.missing": with_hosts,
    "hosts.wildcard": lambda f: with_hosts(f, "*.org"),
    "hosts.malformed": lambda f: with_hosts(f, "https://shop.example.org"),
    "proxy.any": lambda f: with_env(f, FORWARDED_ALLOW_IPS="*"),
    "proxy.unsaid": lambda f: without_env(f, "FORWARDED_ALLOW_IPS"),
    "policy.open": lambda f: replace(f, application=app(policies=()), web=Web(hosts=f.web.hosts), plugins=()),
    "policy.missing": lambda f: replace(f, application=app(policies=()), plugins=()),
    "assets.foreign": lambda f: replace(f, web=replace(f.web, foreign_assets=("//far.example.org/x.js",))),
    "python.ended": lambda f: replace(f, today=date(2028, 11, 1)),
    "packages.mixed": lambda f: replace(f, packages={**f.packages, "starmodel-sql": "0.9"}),
    "packages.undeclared": lambda f: with_file(f, "pyproject.toml", '[project]\nname = "shop"\n'),
    "plugin.failed": lambda f: with_plugin(f, status="failed", error="ImportError"),
    "plugin.missing": lambda f: with_plugin(f, status="missing", error="it is not installed"),
    "plugin.shadowed": lambda f: with_plugin(f, status="shadowed", error="another has its name"),
    "plugin.unknown": lambda f: with_env(f, STARMODEL_DISABLE_PLUGINS="godo"),
    "plugin.all-off": lambda f: with_env(f, STARMODEL_DISABLE_PLUGINS="*"),
    "log.talkative": lambda f: replace(f, log_levels={"sqlalchemy.engine": logging.INFO}),
    "process.root": lambda f: replace(f, is_root=True),
    "files.writable": lambda f: with_file(f, "app/main.py", mode=0o666),
    "files.served": lambda f: with_file(f, "static/backup.sqlite3"),
    "uploads.unwritable": lambda f: with_files(with_file(f, "taken"), DirectoryFileStore("taken/files")),
    "uploads.served": lambda f: with_files(f, DirectoryFileStore("static/files")),
    "uploads.ephemeral": lambda f: with_files(f, MemoryFileStore()),
    "code.breakpoint": lambda f: with_file(f, "app/main.py", "def f():\n    import pdb\n    pdb.set_trace()\n"),
}

SILENT = {
    "uploads.unwritable": lambda f: with_files(f, DirectoryFileStore("not/there/yet")),
    "uploads.ephemeral": lambda f: replace(f, application=app(files=MemoryFileStore())),
    "policy.missing": lambda f: replace(f, application=app(policies=())),  # a plugin decides
    "store.ephemeral": lambda f: replace(f, application=None),
    "secret.weak": lambda f: without_env(f, "STARMODEL_SECRET"),
    "workers.sqlite": lambda f: with_env(f, STARMODEL_WORKERS="1", WEB_CONCURRENCY="4"),
    "env.misspelt": lambda f: with_env(f, STARMODEL_SECRETS_OF_ANOTHER_PROGRAM="x", DATABASE="x"),
    "database.unencrypted": lambda f: with_database(f, host="db.example.org", options={"sslmode": "verify-full"}),
    "database.password-published": lambda f: with_database(with_file(f, "app/main.py", "app"), password="app"),
    "redis.implied": lambda f: with_env(BAD["redis.implied"](f), REDIS_URL="redis://127.0.0.1/0?durability=disk"),
    "redis.unencrypted": lambda f: with_env(f, REDIS_URL="redis://localhost"),
    "redis.open": lambda f: with_env(f, REDIS_URL="unix:///run/redis.sock"),
    "redis.unasked": lambda f: with_env(f, REDIS_URL="redis://localhost/0?durability=process"),
    "redis.password-published": lambda f: with_env(with_file(f, "app/main.py", "app"), REDIS_URL="redis://:app@db"),
    "hosts.missing": lambda f: replace(f, web=None),
    "code.breakpoint": lambda f: with_file(f, ".venv/lib/x.py", "breakpoint()"),
    "files.writable": lambda f: with_file(f, ".venv/lib/x.py", mode=0o666),
    "schema.behind": lambda f: replace(f, schema=Schema(drift=("add a column",)), deploy=True),
    "packages.undeclared": lambda f: (f.folder / "pyproject.toml").unlink() or f,
    "python.ended": lambda f: replace(f, python=(3, 99), today=date(2090, 1, 1)),
}


def ids(facts):
    return {one.id for one in findings(facts, deploy=True)}


@pytest.fixture(autouse=True)
def nobody_forgotten(monkeypatch, request):
    """Entities of other tests are none of this project's: it has its own folder."""
    yield
    forgotten.kept = None


def test_every_rule_has_an_example_and_an_id_of_its_own():
    assert BAD.keys() == {rule.id for rule in RULES}
    assert len(RULES) == len(BAD)
    assert len([rule for rule in RULES if rule.deploy]) >= 20


def test_nothing_is_found_in_a_project_that_is_well(good):
    assert findings(good, deploy=True) == []


@pytest.mark.parametrize("id", BAD)
def test_each_rule_finds_what_it_is_for_and_says_what_to_do(good, id):
    assert id not in ids(good)
    found = [one for one in findings(BAD[id](good), deploy=True) if one.id == id]
    assert found
    assert all(one.message and one.advice for one in found)


@pytest.mark.parametrize("id", SILENT)
def test_a_rule_is_silent_where_it_has_no_cause(good, id):
    assert id not in ids(SILENT[id](good))


@pytest.mark.parametrize("id", [rule.id for rule in RULES if rule.deploy])
def test_what_only_matters_to_others_is_left_out_of_a_plain_check(good, id):
    assert id not in {one.id for one in findings(BAD[id](good), deploy=False)}


def test_the_classes_of_the_framework_are_no_news(good, monkeypatch):
    class Kept(Entity):
        name: str = ""

    monkeypatch.setattr(Kept, "__module__", "starmodel.adapters.somewhere")
    open_to_all = replace(good, application=app(Author, Kept, policies=()), web=Web(hosts=good.web.hosts), plugins=())
    (found,) = [one for one in findings(open_to_all, deploy=True) if one.id == "policy.open"]
    assert found.message == "whoever reaches it may change Author"


def test_where_people_sign_in_it_names_what_everybody_may_still_change(good):
    facts = replace(good, application=app(Author, policies=()), plugins=())
    (found,) = [one for one in findings(facts, deploy=True) if one.id == "policy.missing"]
    assert found.message == "people are told apart, and everybody may still change Author"


def test_no_finding_repeats_a_secret(good):
    bad = BAD["database.password-published"](BAD["secret.published"](good))
    told = " ".join(f"{one.message} {one.advice} {one.where}" for one in findings(bad, deploy=True))
    assert "hunter" not in told
    assert GOOD_SECRET not in told
    assert "hunter" not in repr(bad.databases)


def test_the_worst_comes_first(good):
    bad = BAD["proxy.unsaid"](BAD["secret.missing"](BAD["process.root"](good)))
    assert [one.severity for one in findings(bad, deploy=True)] == ["error", "warning", "info"]


# -- the command ------------------------------------------------------------------------------------------------------

MAIN = """
from starmodel.core import Entity
from starmodel.testing import application

class Todo(Entity):
    token: str = ""

class Forgotten(Entity):
    pass

app = application(Todo)
"""


@pytest.fixture
def check(cli, project):
    def check(code, *arguments):
        (project / "main.py").write_text(code)
        return cli("check", *arguments)

    return check


def test_people_are_told_what_and_where_and_what_to_do(check, project):
    ended = check(MAIN)
    assert ended.code == 0
    assert "⚠ field.public-secret: Todo.token is public" in ended.out
    assert "⚠ entity.forgotten: the application does not know Forgotten" in ended.out
    assert f"{project}/main.py:8" in ended.out
    assert ended.out.endswith("2 warnings\n")


def test_warnings_fail_when_they_shall(check):
    assert check(MAIN, "--strict").code == 1


def test_programs_get_json(check):
    document = json.loads(check(MAIN, "--json").out)
    assert document["ok"] is True
    assert {one["id"] for one in document["findings"]} == {"field.public-secret", "entity.forgotten"}
    assert set(document["findings"][0]) == {"id", "severity", "message", "advice", "where"}


def test_deployment_of_what_is_for_development_fails(check):
    ended = check(MAIN, "--deploy", "--json")
    assert ended.code == 1
    found = {one["id"] for one in json.loads(ended.out)["findings"]}
    assert {"secret.missing", "store.ephemeral"} <= found


def test_an_application_that_cannot_be_loaded_is_a_finding_with_its_line(check):
    ended = check("1 / 0")
    assert ended.code == 1
    assert "✘ app.failed: main could not be loaded: ZeroDivisionError" in ended.out
    assert "main.py:1: 1 / 0" in ended.out


def test_a_project_that_is_well_is_told_so(check):
    code = "from starmodel.testing import application\napp = application()"
    assert check(code).out == "✔ Nothing is wrong.\n"
