"""What the environment may say, and what is said when it makes no sense."""

from __future__ import annotations

import pytest

from starmodel.bootstrap import Settings
from starmodel.core.errors import ConfigurationError


def test_nothing_said_is_production_on_this_machine_in_memory():
    assert Settings.from_environment({}) == Settings("production", None, (), "memory", ())


def test_everything_can_be_said():
    said = {
        "STARMODEL_ENV": "development",
        "STARMODEL_SECRET": "x" * 32,
        "STARMODEL_HOSTS": "shop.example, *.cdn.example,",
        "STARMODEL_STORE": "sql",
        "STARMODEL_DISABLE_PLUGINS": "a,b",
        "REDIS_URL": "redis://db/3",
        "STARMODEL_BUS": "redis",
        "STARMODEL_AUTH": "password, ldap",
        "STARMODEL_SESSIONS": "sql",
        "STARMODEL_FRAGMENTS": "redis",
        "STARMODEL_TASKS": "papyrus",
    }

    assert Settings.from_environment(said) == Settings(
        "development",
        "x" * 32,
        ("shop.example", "*.cdn.example"),
        "sql",
        ("a", "b"),
        redis_url="redis://db/3",
        bus="redis",
        auth=("password", "ldap"),
        sessions="sql",
        fragments="redis",
        tasks="papyrus",
    )


def test_the_environment_of_the_process_is_what_is_read(monkeypatch):
    monkeypatch.setenv("STARMODEL_STORE", "mine")

    assert Settings.from_environment().store == "mine"


@pytest.mark.parametrize(
    "name", ["STARMODEL_SECRET", "STARMODEL_HOSTS", "STARMODEL_STORE", "STARMODEL_DISABLE_PLUGINS"]
)
def test_what_is_empty_was_not_said(name):
    assert Settings.from_environment({name: ""}) == Settings()


@pytest.mark.parametrize("env", ["dev", "", "Production", "test"])
def test_an_unknown_environment_is_refused(env):
    with pytest.raises(ConfigurationError, match=r"STARMODEL_ENV.*development or production"):
        Settings.from_environment({"STARMODEL_ENV": env})


def test_a_short_secret_is_refused_without_being_told():
    with pytest.raises(ConfigurationError, match="needs 32") as caught:
        Settings.from_environment({"STARMODEL_SECRET": "hunter2"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("STARMODEL_STORE", "DATABASE_URL"),
        ("STARMODEL_BUS", "REDIS_URL"),
        ("STARMODEL_SESSIONS", "DATABASE_URL"),
        ("STARMODEL_FRAGMENTS", "REDIS_URL"),
        ("STARMODEL_TASKS", "DATABASE_URL"),
    ],
)
def test_an_address_in_the_place_of_a_name_is_refused_without_its_password(name, instead):
    with pytest.raises(ConfigurationError, match=rf"{name} takes a name.*{instead}") as caught:
        Settings.from_environment({name: "redis://scott:tiger@db/0"})
    assert "tiger" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "workers"),
    [({"WEB_CONCURRENCY": "4"}, 4), ({"STARMODEL_WORKERS": "1", "WEB_CONCURRENCY": "4"}, 1), ({}, 1)],
)
def test_how_many_processes_serve_is_taken_from_what_servers_read_too(said, workers):
    assert Settings.from_environment(said).workers == workers


@pytest.mark.parametrize("name", ["STARMODEL_WORKERS", "WEB_CONCURRENCY"])
def test_what_is_no_number_of_processes_is_refused_by_its_name(name):
    with pytest.raises(ConfigurationError, match=f"{name}='none'"):
        Settings.from_environment({name: "none"})
