"""``starmodel migrate`` in a project as a person has it: a file, a database, and entities that change."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sqlite3
import sys
from contextlib import closing
from textwrap import dedent

import pytest

from starmodel.cli import main

FIRST = """
    from starmodel.bootstrap import create_application
    from starmodel.core import Entity

    class Todo(Entity):
        name: str
        note: str = ""

    app = create_application(Todo)
"""
SECOND = FIRST.replace("name: str", "title: str").replace('note: str = ""', 'note: str = ""\n        rank: int = 1')


def _ended(program):
    with pytest.raises(SystemExit) as ended:
        program()
    return ended.value.code or 0


class Project:
    def __init__(self, folder):
        self.folder = folder
        self.versions = 0
        (folder / "pyproject.toml").touch()
        (folder / ".env").write_text("STARMODEL_STORE=sql\nDATABASE_URL=sqlite:///shop.db\n")

    def code(self, text):
        file = self.folder / "main.py"
        file.write_text(dedent(text))
        self.versions += 1  # a cached module of the same second would be taken for this one
        os.utime(file, (self.versions, self.versions))

    def run(self, *arguments, expected=0):
        """Run the command line in this process, as if it were a new one."""
        before, path = dict(os.environ), list(sys.path)
        sys.modules.pop("main", None)
        importlib.invalidate_caches()
        said = io.StringIO()
        sys.argv = ["starmodel", "migrate", *arguments]
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                code = _ended(main)
        finally:
            os.environ.clear()
            os.environ.update(before)
            sys.path[:] = path
        assert code == expected, said.getvalue()
        return said.getvalue()

    def rows(self, statement):
        with closing(sqlite3.connect(self.folder / "shop.db")) as file, file:
            return file.execute(statement).fetchall()


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name in [name for name in os.environ if name.startswith(("STARMODEL_", "DATABASE_"))]:
        monkeypatch.delenv(name)
    yield Project(tmp_path)
    sys.modules.pop("main", None)


def test_a_project_goes_from_its_first_table_to_a_renamed_field_and_back(project):
    project.code(FIRST)
    assert "add todo" in project.run("make", "-m", "first")
    assert "Applied" in project.run("up")
    project.rows("INSERT INTO todo (id, name) VALUES ('a', 'kept')")
    project.code(SECOND)
    assert "--rename Todo.name=title" in project.run("make", expected=1)
    assert "no revision says: add todo.title" in project.run("check", expected=1)
    project.run("make", "-m", "better names", "--rename", "Todo.name=title")
    assert "better names" in project.run("status")
    assert "rank" in project.run("sql")
    project.run("up")
    assert project.rows("SELECT title, rank FROM todo") == [("kept", 1)]
    assert json.loads(project.run("check", "--json"))["problems"] == []
    assert "Took back" in project.run("down")
    assert project.rows("SELECT name FROM todo") == [("kept",)]
    assert sorted(path.name for path in project.folder.iterdir() if "trial" in path.name) == []


def test_status_is_written_for_programs(project):
    project.code(FIRST)
    made = json.loads(project.run("make", "--json"))
    status = json.loads(project.run("status", "--json"))
    assert status["database"] == "sqlite:///shop.db"
    assert status["at"] == []
    assert [one["revision"] in made["revision"] for one in status["pending"]] == [True]


@pytest.mark.parametrize(
    ("code", "env", "words"),
    [
        (FIRST, "STARMODEL_STORE=memory\n", 'no entity is kept in SQL: write model_config = {"store": "sql"}'),
        ("app = 1", "", "what was named is no StarModel application"),
        (FIRST, "STARMODEL_STORE=sql\nDATABASE_URL=mysql://me:secret@host/x\n", "no support for 'mysql' databases"),
        (FIRST, "STARMODEL_STORE=sql\nDATABASE_URL=sqlite:///no/folder/x.db\n", "see that the folder exists"),
        (FIRST, "STARMODEL_STORE=sql\nDATABASE_URL=postgresql://me:secret@127.0.0.1:1/x\n", "start the server"),
    ],
)
def test_what_is_missing_is_told(project, code, env, words):
    project.code(code)
    (project.folder / ".env").write_text(env)
    told = project.run("status", expected=1)
    assert words in told
    assert "secret" not in told
