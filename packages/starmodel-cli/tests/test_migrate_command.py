"""``starmodel migrate`` finds the application, and hands it to whatever package migrates databases."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.usefixtures("project")

MIGRATIONS = """
    import os
    from types import SimpleNamespace

    def migrations(application, folder, *, store):
        def called(name):
            def call(*args, **options):
                url = os.environ.get("DATABASE_URL")
                said = {"call": name, "args": list(args), "options": options, "app": application, "store": store}
                said |= {"folder": str(folder), "env": os.environ["STARMODEL_ENV"], "url": url}
                return SimpleNamespace(lines=["did", name], document=said, ok=name != "check")
            return call
        return SimpleNamespace(**{name: called(name) for name in ("make", "up", "down", "status", "sql", "check")})
"""


@pytest.fixture
def migrate(cli, install, project, monkeypatch):
    """Run with migrations that say what they were asked; return how it ended, and that."""
    from starmodel.cli import migrations

    monkeypatch.setattr(migrations, "SQL", "speaking")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    install("speaking-migrations", "starmodel.migrations", "speaking = speaking_migrations:migrations", MIGRATIONS)
    (project / "main.py").write_text("app = 'the application'")

    def run(*arguments):
        ended = cli("migrate", *arguments, "--json")
        return ended, json.loads(ended.out) if ended.out else {}

    return run


@pytest.mark.parametrize(
    ("arguments", "call", "args", "options"),
    [
        (["up"], "up", ["head"], {"trial": True}),
        (["up", "abc", "--no-trial"], "up", ["abc"], {"trial": False}),
        (["up", "+1"], "up", ["+1"], {"trial": True}),
        (["down"], "down", ["-1"], {"trial": True}),
        (["down", "-2"], "down", ["-2"], {"trial": True}),
        (["down", "base", "--no-trial"], "down", ["base"], {"trial": False}),
        (["status"], "status", [], {}),
        (["sql"], "sql", ["head"], {}),
        (["make"], "make", [None], {"rename": [], "drop": [], "default": [], "allow_loss": False}),
        (
            [
                "make",
                "-m",
                "why",
                "--rename",
                "A.b=c",
                "--rename",
                "D=E",
                "--drop",
                "A.x",
                "--default",
                "A.y=1",
                "--allow-loss",
            ],
            "make",
            ["why"],
            {"rename": ["A.b=c", "D=E"], "drop": ["A.x"], "default": ["A.y=1"], "allow_loss": True},
        ),
    ],
)
def test_commands_are_handed_on(migrate, project, arguments, call, args, options):
    ended, said = migrate(*arguments)
    assert ended.code == 0, ended
    assert (said["call"], said["args"], said["options"]) == (call, args, options)
    assert (said["app"], said["folder"], said["store"]) == ("the application", str(project / "migrations"), None)


def test_a_check_that_fails_ends_with_1(migrate):
    ended, said = migrate("check")
    assert (ended.code, said["ok"]) == (1, False)


def test_people_get_lines(migrate, cli):
    assert cli("migrate", "status").out == "did\nstatus\n"


def test_the_environment_comes_from_the_file_beside_the_application(migrate, project, monkeypatch):
    (project / ".env").write_text("DATABASE_URL=sqlite:///shop.db\nSTARMODEL_ENV=production\n")
    _, said = migrate("status")
    assert (said["url"], said["env"]) == ("sqlite:///shop.db", "production")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///other.db")
    assert migrate("status")[1]["url"] == "sqlite:///other.db"


def test_an_application_is_named_as_for_run(migrate, project):
    (project / "shop.py").write_text("def create_app(): return 'made'\nother = 'another'")
    assert migrate("status", "--app", "shop.py")[1]["app"] == "made"
    assert migrate("status", "--app", "shop:other", "--store", "s")[1]["app"] == "another"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("1 / 0", ["main could not be loaded: ZeroDivisionError: division by zero", "main.py:1: 1 / 0"]),
        ("def broken(", ["main could not be loaded: SyntaxError", "main.py:1"]),
        ("raise SystemExit(0)", ["main could not be loaded: SystemExit: 0"]),
        ("ap = 1", ["main has no app and no create_app; did you mean 'ap'?"]),
    ],
)
def test_an_application_that_cannot_be_loaded_is_told(migrate, project, code, words):
    (project / "main.py").write_text(code)
    ended, _ = migrate("status")
    assert ended.code == 1
    assert [word for word in words if word not in ended.err] == []
    assert "Traceback" not in ended.err


def test_no_application_is_told(migrate, project):
    (project / "main.py").unlink()
    ended, _ = migrate("status")
    assert (ended.code, "no app/main.py, main.py or app.py in" in ended.err) == (1, True)


def test_without_a_package_that_migrates_it_is_told_what_to_install(cli, project, monkeypatch):
    from starmodel.cli import migrations

    monkeypatch.setattr(migrations, "SQL", "nothing")
    (project / "main.py").touch()
    ended = cli("migrate", "status")
    assert (ended.code, "pip install 'starmodel[sql]'" in ended.err) == (1, True)
