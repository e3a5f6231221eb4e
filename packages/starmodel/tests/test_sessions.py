"""Where the sessions of an application are kept, by its settings or by its stores."""

from __future__ import annotations

import pytest
from fasthtml.common import P
from starlette.testclient import TestClient

from starmodel.adapters.persistence.memory import MemorySessions
from starmodel.bootstrap import Settings, create_app
from starmodel.core import Entity
from starmodel.core.errors import AdapterNotFoundError, ConfigurationError

SECRET = "a secret of all of them, long enough"


class Fleeting(Entity):
    text: str = ""


class Lasting(Entity):
    text: str = ""
    model_config = {"store": "sql"}


def opened(entity, settings, **options):
    app = create_app(entity, settings=settings, **options)

    @app.get("/login")
    def login(session):
        session["user"] = "ada"
        return P("hello")

    @app.get("/who")
    def who(session):
        return P(session.get("user", "nobody"))

    return app


def kept_in(app):
    with TestClient(app):
        return type(app.runtime.sessions.store).__name__


@pytest.fixture
def settings(tmp_path):
    return Settings(secret=SECRET, env="development", database_url=f"sqlite:///{tmp_path}/test.db")


def test_they_are_kept_in_the_store_that_processes_share_or_in_the_process(settings):
    assert kept_in(opened(Lasting, settings)) == "SQLSessions"
    assert kept_in(opened(Fleeting, settings)) == "MemorySessions"


def test_they_are_kept_where_it_is_said(settings, redis_url):
    named = Settings(secret=SECRET, redis_url=redis_url, sessions="redis")
    own = MemorySessions()
    assert kept_in(opened(Fleeting, named)) == "RedisSessions"
    assert kept_in(opened(Fleeting, settings, sessions="sql")) == "SQLSessions"
    assert kept_in(opened(Lasting, settings, sessions="memory")) == "MemorySessions"
    app = opened(Lasting, settings, sessions=own)
    with TestClient(app):
        assert app.runtime.sessions.store is own


def test_whoever_signed_in_is_known_after_a_restart(settings):
    with TestClient(opened(Lasting, settings)) as before:
        before.get("/login")
    with TestClient(opened(Lasting, settings), cookies=before.cookies) as after:
        assert "ada" in after.get("/who").text


def test_a_place_that_nobody_offers_stops_the_start(settings):
    with pytest.raises(AdapterNotFoundError, match="keeps sessions as 'reddis'; did you mean 'redis'"):
        opened(Fleeting, settings, sessions="reddis")


def test_the_memory_of_one_process_is_refused_for_many(tmp_path):
    many = Settings(workers=2, store="sql", database_url=f"sqlite:///{tmp_path}/test.db", sessions="memory")
    with pytest.raises(ConfigurationError, match="2 workers cannot share sessions that one process keeps"):
        create_app(Fleeting, settings=many)
