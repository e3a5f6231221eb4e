"""``starmodel doctor``: what is here and what of it works, in a project and outside of one."""

from __future__ import annotations

import json
import socket

import pytest

MAIN = """
from starmodel.core import Entity
from starmodel.testing import application

class Todo(Entity):
    title: str

app = application(Todo)
"""


@pytest.fixture
def doctor(cli, project):
    def doctor(*arguments, code=MAIN):
        if code is not None:
            (project / "main.py").write_text(code)
        ended = cli("doctor", "--json", *arguments)
        document = json.loads(ended.out)
        assert document["ok"] is (ended.code == 0)
        return ended.code, {one["what"]: one for one in document["checks"]}

    return doctor


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_what_is_installed_is_listed_with_its_version(doctor):
    _, found = doctor()
    assert found["Python"]["status"] == "ok"
    assert "starmodel-cli" in found["packages"]["detail"]
    assert found["persistence memory"] == {
        "what": "persistence memory",
        "status": "ok",
        "detail": found["persistence memory"]["detail"],
    }
    assert found["persistence memory"]["detail"].startswith("starmodel-core ")


def test_a_project_that_works_is_told_with_what_it_keeps(doctor, project):
    code, found = doctor("--port", str(free_port()))
    assert code == 0
    assert found["project"]["detail"] == f"main in {project}"
    assert found["application"]["detail"] == "Todo; 0 addresses"
    assert (found["store memory"]["status"], found["store memory"]["detail"]) == ("warning", "ephemeral")


def test_an_adapter_that_cannot_be_imported_is_told(doctor, install):
    install("sad", "starmodel.persistence", "sad = sad:Store", "import no_such_module")
    code, found = doctor()
    assert code == 1
    assert found["persistence sad"]["status"] == "failed"
    assert "sad 1.2: ModuleNotFoundError: No module named 'no_such_module'" in found["persistence sad"]["detail"]


def test_a_plugin_that_does_not_work_is_told(doctor, install, monkeypatch):
    monkeypatch.setenv("STARMODEL_PLUGINS", "sad")
    install("sad", "starmodel.plugins", "sad = sad", "1 / 0")
    code, found = doctor()
    assert (code, found["plugin sad"]["detail"]) == (1, "ZeroDivisionError: division by zero")


def test_a_project_that_cannot_be_loaded_is_told_with_its_line(doctor):
    code, found = doctor(code="x = 1 / 0")
    assert code == 1
    assert "main.py:1: x = 1 / 0" in found["application"]["detail"]


def test_it_works_outside_of_a_project(doctor):
    code, found = doctor(code=None)
    assert code == 0
    assert found["project"]["status"] == "warning"
    assert "application" not in found


def test_a_project_that_was_named_and_is_not_there_fails(doctor):
    assert doctor("--app", "nowhere.py", code=None)[0] == 1


def test_a_port_that_is_taken_is_told(doctor):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        _, found = doctor("--port", str(port))
    assert found[f"port {port}"]["status"] == "warning"
    assert "--port chooses another" in found[f"port {port}"]["detail"]


def test_people_get_lines(cli, project):
    (project / "main.py").write_text(MAIN)
    out = cli("doctor").out
    assert "✔ Python: 3." in out
    assert "⚠ store memory: ephemeral" in out
