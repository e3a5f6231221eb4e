"""``starmodel run`` hands the right application, options and environment to whatever server is installed."""

from __future__ import annotations

import json
import pickle
from functools import partial
from types import SimpleNamespace

import pytest

from starmodel.cli.announcement import announce

LONG = "s" * 32

pytestmark = pytest.mark.usefixtures("project")


@pytest.fixture
def run(cli, server, project):
    """Run with the speaking server; return its announcement and what it was asked to do."""
    (project / "main.py").touch()

    def run(*arguments):
        ended = cli("run", *arguments)
        assert ended.code == 0, ended
        line, document = ended.out.splitlines()
        return line, json.loads(document) | {"err": ended.err}

    return run


def test_the_project_here_is_served_with_auto_reload(run, project):
    line, served = run()
    assert line == "🔧 http://here (auto-reload)"
    assert served["target"] == "main"
    assert served["app_dir"] == str(project)
    assert (served["host"], served["port"], served["reload"], served["workers"]) == ("127.0.0.1", 8000, True, 1)
    assert served["env"]["STARMODEL_ENV"] == "development"
    assert served["env"]["STARMODEL_SECRET"] == (project / ".starmodel/secret").read_text()


def test_options_are_handed_on(run, project):
    (project / "shop.py").touch()
    _, served = run("shop.py:web", "--host", "localhost", "--port", "0", "--no-reload")
    assert (served["target"], served["host"], served["port"], served["reload"]) == ("shop:web", "localhost", 0, False)


@pytest.mark.parametrize(
    ("arguments", "note", "reload"),
    [
        (["--no-reload"], "development", False),
        (["--reload"], "auto-reload", True),
        (["--workers", "2"], "development, 2 workers", False),
        (["--production"], "production", False),
        (["--production", "--workers", "4"], "production, 4 workers", False),
    ],
)
def test_the_announcement_says_how_it_is_served(run, monkeypatch, arguments, note, reload):
    monkeypatch.setenv("STARMODEL_SECRET", LONG)
    line, served = run(*arguments)
    assert line == f"🔧 http://here ({note})"
    assert served["reload"] is reload


def test_production_is_told_to_the_application(run, monkeypatch):
    monkeypatch.setenv("STARMODEL_SECRET", LONG)
    assert run("--production")[1]["env"] == {
        "STARMODEL_ENV": "production",
        "STARMODEL_SECRET": LONG,
        "STARMODEL_WORKERS": "1",
    }


def test_a_production_environment_is_not_overruled(run, monkeypatch):
    monkeypatch.setenv("STARMODEL_SECRET", LONG)
    monkeypatch.setenv("STARMODEL_ENV", "production")
    line, served = run()
    assert line.endswith("(production)")
    assert (served["reload"], served["env"]["STARMODEL_ENV"]) == (False, "production")


def test_the_env_file_of_the_project_reaches_the_application(run, project):
    (project / ".env").write_text("EXTRA=1\n")
    assert run()[1]["env"]["EXTRA"] == "1"


def test_production_without_a_secret_is_refused(cli, server, project):
    (project / "main.py").touch()
    ended = cli("run", "--production")
    assert ended.code == 1
    assert "production needs STARMODEL_SECRET" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.com"])
def test_auto_reload_is_not_opened_to_the_network(cli, server, project, host):
    (project / "main.py").touch()
    ended = cli("run", "--host", host)
    assert ended.code == 1
    assert f"whoever can reach {host}" in ended.err
    assert ended.out == ""


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_auto_reload_is_open_to_this_machine(run, host):
    assert run("--host", host)[1]["reload"] is True


def test_development_on_the_network_is_possible_with_a_warning(run):
    _, served = run("--host", "0.0.0.0", "--no-reload")
    assert "development mode, which shows errors to visitors, is open" in served["err"]


def test_production_on_the_network_needs_no_warning(run, monkeypatch):
    monkeypatch.setenv("STARMODEL_SECRET", LONG)
    assert run("--host", "0.0.0.0", "--production")[1]["err"] == ""


@pytest.mark.parametrize(
    "arguments", [["--reload", "--production"], ["--reload", "--workers", "2"], ["--workers", "0"], ["--port", "65536"]]
)
def test_options_that_do_not_go_together_are_a_mistake_of_usage(cli, project, arguments):
    (project / "main.py").touch()
    assert cli("run", *arguments).code == 2


def test_no_application_is_told(cli):
    ended = cli("run")
    assert ended.code == 1
    assert "name a file: starmodel run path/to/file.py" in ended.err


def test_no_server_is_told_with_what_to_install(cli, project, monkeypatch):
    monkeypatch.setattr("starmodel.cli.commands.run.SERVER", "missing")
    (project / "main.py").touch()
    ended = cli("run")
    assert (ended.code, ended.out) == (1, "")
    assert "pip install 'starmodel[fasthtml]'" in ended.err
    assert not (project / ".starmodel").exists()


def test_an_error_of_the_server_is_told_without_a_traceback(cli, install, project, monkeypatch):
    code = """
        from starmodel.core.errors import StarModelError

        def serve(target, **options):
            raise StarModelError("the port [8000] is taken")
    """
    install("sad-server", "starmodel.server", "sad = sad_server:serve", code)
    monkeypatch.setattr("starmodel.cli.commands.run.SERVER", "sad")
    (project / "main.py").touch()
    ended = cli("run")
    assert (ended.code, ended.err) == (1, "✘ the port [8000] is taken\n")


def test_the_announcement_can_be_sent_to_another_process():
    assert pickle.loads(pickle.dumps(partial(announce, note="x"))).keywords == {"note": "x"}


def test_the_announcement_adds_what_the_application_says_of_itself(capsys):
    inner = SimpleNamespace(
        state=SimpleNamespace(starmodel=SimpleNamespace(summary=lambda: {"memory": "process", "sql": "disk"}))
    )
    announce("http://here", SimpleNamespace(app=inner), note="auto-reload")
    assert capsys.readouterr().out == "🔧 http://here (auto-reload)\n   memory: process, sql: disk\n"


@pytest.mark.parametrize("application", [None, object(), SimpleNamespace(state=SimpleNamespace(starmodel=object()))])
def test_an_application_that_says_nothing_of_itself_is_no_obstacle(capsys, application):
    announce("http://here", application, note="x")
    assert capsys.readouterr().out == "🔧 http://here (x)\n"
