"""The example of users and policies does what its first lines promise."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from starmodel.adapters.auth import Accounts, PasswordHashing
from starmodel.core import SYSTEM

EXAMPLE = Path(__file__).parents[2] / "examples" / "letters.py"
USERS = {"ada": ["editor"], "bob": [], "eve": []}


@pytest.fixture
def web(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/letters.db")
    monkeypatch.setenv("STARMODEL_ENV", "development")
    spec = importlib.util.spec_from_file_location("letters", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "letters", module)
    spec.loader.exec_module(module)
    with TestClient(module.app, base_url="http://localhost") as web:
        accounts = Accounts(module.app.application, PasswordHashing(), by=SYSTEM)
        for name, roles in USERS.items():
            web.portal.call(accounts.add, name, f"a long sentence of {name}", roles)
        yield web


def sign_in(web, name):
    web.cookies.clear()
    sent = {"name": name, "password": f"a long sentence of {name}"}
    assert web.post("/login", data=sent, follow_redirects=False).status_code == 303


def test_users_write_a_few_editors_print_and_everybody_reads(web):
    assert web.post("/letter/write", json={"subject": "noise"}).status_code == 403

    sign_in(web, "bob")
    sent = [web.post("/letter/write", json={"subject": f"noise {number}"}) for number in range(4)]
    assert [answer.status_code for answer in sent] == [200, 200, 200, 429]
    letter = f"/letter/{sent[0].json()['id']}"
    assert web.post(f"{letter}/print", json={}).status_code == 403
    assert web.post(f"{letter}/update", json={"text": "It is loud."}).status_code == 200

    sign_in(web, "eve")
    assert web.get(letter).status_code == 404

    sign_in(web, "ada")
    assert web.post(f"{letter}/print", json={}).status_code == 200
    assert web.post(f"{letter}/update", json={"text": "It is quiet."}).status_code == 403

    web.cookies.clear()
    seen = web.get("/letter").text
    assert "noise 0" in seen
    assert "noise 1" not in seen
    assert f"{letter}/print" not in seen
