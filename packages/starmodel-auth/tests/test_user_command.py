"""``starmodel user``: who may sign in is said where the application runs."""

from __future__ import annotations

import json
import sys

import pytest

from starmodel.cli import main

MAIN = """
from starmodel.bootstrap import create_app
from starmodel.core import Entity

class Note(Entity):
    text: str = ""

app = create_app(Note)
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Stand in a project that keeps its data in SQLite, and lets people sign in."""
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "main.py").write_text(MAIN)
    monkeypatch.chdir(tmp_path)
    for name, value in {"AUTH": "password", "STORE": "sql", "ENV": "development", "UI": "plain"}.items():
        monkeypatch.setenv(f"STARMODEL_{name}", value)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    sys.modules.pop("main", None)


@pytest.fixture
def user(monkeypatch, capsys, project):
    """Run ``starmodel user``, with a password in the environment if there is one; a new process each time, nearly."""

    def user(*words, password=None):
        monkeypatch.setattr(sys, "argv", ["starmodel", "user", *words])
        sys.modules.pop("main", None)
        monkeypatch.setenv("STARMODEL_USER_PASSWORD", password or "")
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return user


def users_of(user):
    return {one["name"]: (one["roles"], one["disabled"]) for one in json.loads(user("list", "--json")[1])}


def test_users_are_added_listed_changed_and_disabled(user):
    assert "starmodel user add" in user("list")[1]
    code, out, _ = user("add", "Ada", "--role", "editor", password="a few words for ada")
    assert (code, out) == (0, "Ada may sign in as editor.\n")
    assert user("roles", "ada", "admin", "editor")[1] == "Ada has the roles admin, editor now.\n"
    assert "signed out everywhere" in user("disable", "ADA")[1]
    assert users_of(user) == {"Ada": (["admin", "editor"], True)}
    assert user("enable", "ada")[1] == "Ada may sign in again as admin, editor.\n"
    assert "another password" in user("password", "ada", password="other words for ada")[1]


def test_what_does_not_fit_is_said_in_one_sentence_and_changes_nothing(user):
    user("add", "ada", password="a few words for ada")
    for words, password, told in [
        (["add", "ADA"], "a few words for ada", "there is a user 'ADA' already"),
        (["add", "bob"], "short", "at least 15 characters"),
        (["password", "adda"], "a few words for ada", "did you mean 'ada'?"),
        (["add", "bob"], None, "STARMODEL_USER_PASSWORD"),
    ]:
        code, out, err = user(*words, password=password)
        assert (code, out) == (1, ""), words
        assert told in err
        assert "Traceback" not in err
    assert users_of(user) == {"ada": ([], False)}


def test_an_application_without_signing_in_and_one_that_forgets_are_told_apart(user, monkeypatch):
    monkeypatch.setenv("STARMODEL_STORE", "memory")
    assert "'memory', which ends with each process" in user("list")[2]
    monkeypatch.setenv("STARMODEL_AUTH", "")
    assert "STARMODEL_AUTH=password" in user("list")[2]
