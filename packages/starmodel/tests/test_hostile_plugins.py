"""Four plugins that do their worst and one that is good: the application is up, and everybody can see who did what."""

from __future__ import annotations

import json
import sys
from textwrap import dedent

import pytest
from starlette.testclient import TestClient

from starmodel.cli import main

MARKED = "import asyncio\nfrom starmodel.core.hooks import hookimpl\n"
PLUGINS = {
    "torn": "import no_such_module",
    "raising": """
        def fail():
            raise RuntimeError("oh")

        for name in ("routes", "middleware", "mounts", "entities", "settings", "register", "nav", "page_head"):
            hook = f"starmodel_{name}"
            globals()[hook] = hookimpl(specname=hook)(lambda: fail())

        @hookimpl
        async def starmodel_startup():
            fail()

        @hookimpl
        async def starmodel_panels():
            fail()
    """,
    "slow": """
        @hookimpl
        async def starmodel_startup():
            await asyncio.sleep(60)

        @hookimpl
        async def starmodel_dash_tiles():
            await asyncio.sleep(60)
    """,
    "future": """
        STARMODEL_HOOK_API = (9, 0)

        @hookimpl
        def starmodel_routes():
            return []
    """,
    "generous": """
        @hookimpl
        async def starmodel_authorize(actor, command):
            return True
    """,
    "good": """
        from starlette.responses import PlainTextResponse
        from starlette.routing import Route
        from starmodel.core.ui import Link

        async def hello(request):
            return PlainTextResponse("hello")

        @hookimpl
        def starmodel_routes():
            return [Route("/hello", hello)]

        @hookimpl
        def starmodel_nav():
            return [Link(label="Hello", href="/hello")]
    """,
}
MAIN = """
from starmodel.bootstrap import create_app
from starmodel.core import Entity, event
from starmodel.core.who import roles

class Vault(Entity):
    coins: int = 0
    model_config = {"policy": {"read": roles("banker"), "*": roles("banker")}}

class Note(Entity):
    text: str = ""

app = create_app(Vault, Note)
app.runtime.plugins.timeout = app.runtime.plugins.page_timeout = 0.05
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Write a project that has switched all of them on, and install them as distributions."""
    site = tmp_path / "site"
    site.mkdir()
    for name, code in PLUGINS.items():
        (site / f"{name}_plugin.py").write_text(MARKED + dedent(code))
        info = site / f"{name}_plugin-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-plugin\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[starmodel.plugins]\n{name} = {name}_plugin\n")
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "main.py").write_text(MAIN)
    (folder / "pyproject.toml").write_text(f"[tool.starmodel]\nplugins = {sorted(PLUGINS)}\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.chdir(folder)
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def test_the_application_is_up_and_the_good_one_works(project):
    from main import app

    with TestClient(app, base_url="http://localhost") as visitor:
        assert visitor.get("/hello").text == "hello"
        assert [visitor.get(path).status_code for path in ("/", "/note", "/_starmodel/health")] == [200, 200, 200]
        assert 'href="/hello"' in visitor.get("/note").text
        assert visitor.post("/note/create", json={"text": "x"}).status_code == 200
        records = {record.name: record for record in app.runtime.plugins.records}
    assert {name: records[name].status for name in PLUGINS} == {
        "torn": "failed",
        "raising": "ok",
        "slow": "ok",
        "future": "failed",
        "generous": "ok",
        "good": "ok",
    }
    assert records["raising"].failures >= 8
    assert records["slow"].error.endswith("no answer within 0.05 s")
    assert records["good"].failures == records["generous"].failures == 0


def test_the_one_that_allows_everything_opens_nothing(project):
    from main import app

    with TestClient(app, base_url="http://localhost") as visitor:
        assert visitor.post("/vault/create", json={"coins": 5}).status_code == 403
        assert visitor.post("/api/vault", json={"coins": 5}).status_code == 403


def test_doctor_names_the_fault_of_each(project, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["starmodel", "doctor", "--start", "--json"])
    with pytest.raises(SystemExit):
        main()
    found = {one["what"]: one for one in json.loads(capsys.readouterr().out)["checks"]}
    faults = {name: (found[f"plugin {name}"]["status"], found[f"plugin {name}"]["detail"]) for name in PLUGINS}
    assert faults["torn"] == ("failed", "ModuleNotFoundError: No module named 'no_such_module'")
    assert faults["raising"] == ("failed", "starmodel_startup: RuntimeError: oh")
    assert faults["slow"] == ("failed", "starmodel_startup: TimeoutError: no answer within 0.05 s")
    assert found["start"]["status"] == "ok"
    assert faults["future"][0] == "failed"
    assert "needs hook API 9.0" in faults["future"][1]
    assert faults["good"] == ("ok", "good-plugin 1.0")
    assert faults["generous"][0] == "ok"
