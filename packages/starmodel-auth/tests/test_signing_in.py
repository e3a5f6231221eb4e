"""Signing in and out, as a browser without scripts does it."""

from __future__ import annotations

import asyncio
import re
import threading

import pytest
from argon2 import PasswordHasher
from asgi_visitors import Visitor

from starmodel.adapters.auth import User
from starmodel.core import Entity

pytestmark = pytest.mark.anyio


def cookie(visitor):
    return {name: value for name, value in visitor.cookies.items() if name != "starmodel-known"}


async def test_nobody_is_known_until_they_sign_in_and_then_they_are_with_their_roles(visitor, auth, sign_in):
    assert "nobody []" in (await visitor.get("/who")).text
    answer = await sign_in(visitor, "ADA", next="/note?order=-text")
    assert (answer.status, answer.header("location")) == (303, "/note?order=-text")
    ada = await auth.accounts.get("ada")
    assert f"{ada.id} ['editor']" in (await visitor.get("/who")).text.replace("&#x27;", "'").replace("&#39;", "'")


async def test_the_session_has_another_id_after_signing_in_and_after_signing_out(visitor, app, sign_in):
    await visitor.get("/who")
    seen = [cookie(visitor)]
    await sign_in(visitor)
    seen.append(cookie(visitor))
    await visitor.form("/logout")
    seen.append(cookie(visitor))
    assert "nobody" in (await visitor.get("/who")).text
    assert len({str(one) for one in seen}) == 3
    for old in seen[:2]:
        thief = Visitor(app)
        thief.cookies = dict(old)
        assert "nobody" in (await thief.get("/who")).text


async def test_what_was_in_the_session_before_is_not_in_that_of_the_user(app, visitor, sign_in):
    @app.get("/put/{value}")
    def put(session, value: str):
        session["basket"] = value
        return "put"

    @app.get("/basket")
    def basket(session):
        return f"basket: {session.get('basket')}"

    await visitor.get("/put/planted")
    await sign_in(visitor)
    assert "basket: None" in (await visitor.get("/basket")).text


async def test_a_wrong_password_an_unknown_name_and_a_disabled_user_have_the_same_answer(visitor, auth, sign_in, app):
    await auth.accounts.disable(await auth.accounts.add("Eve", "some words that eve has"))
    answers = [
        await sign_in(visitor, "ada", "not the password"),
        await sign_in(visitor, "bob", "not the password"),
        await sign_in(visitor, "eve", "some words that eve has"),
        await sign_in(visitor, "eve", "not the password"),
    ]
    told = {re.sub(r'value="(ada|bob|eve)"|[\w-]{16,22}', "", answer.text) for answer in answers}
    assert {answer.status for answer in answers} == {403}
    assert len(told) == 1
    assert "nobody" in (await visitor.get("/who")).text


async def test_the_same_work_is_done_for_a_name_that_nobody_has(visitor, auth, sign_in, monkeypatch):
    done = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", lambda self, *given: done.append(given) or verify(self, *given))
    for name, password in [("ada", "wrong"), ("bob", "wrong"), ("ada", "w" * 5000), ("n" * 5000, "wrong"), ("", "")]:
        await sign_in(visitor, name, password)
    assert len(done) == 5


async def test_after_too_many_attempts_it_is_said_when_to_try_again_and_the_right_password_waits_too(
    app, sign_in, auth, now
):
    for name in ("ada", "bob"):
        visitor = Visitor(app, client="192.0.2.1" if name == "ada" else "192.0.2.2")
        statuses = [(await sign_in(visitor, name, "not the password")).status for _ in range(12)]
        assert statuses == [403] * 10 + [429] * 2
    visitor = Visitor(app, client="192.0.2.1")
    answer = await sign_in(visitor)
    assert (answer.status, answer.header("retry-after")) == (429, "60")
    now[0] += 60
    assert (await sign_in(visitor)).status == 303


async def test_the_browser_that_a_user_signed_in_from_before_is_not_slowed_down_by_others(app, visitor, sign_in):
    await sign_in(visitor)
    await visitor.form("/logout")
    for number in range(120):
        await sign_in(Visitor(app, client=f"198.51.100.{number}"), password="guess")
    stranger = Visitor(app, client="203.0.113.1")
    assert (await sign_in(stranger)).status == 429
    assert (await sign_in(visitor)).status == 303
    stranger.cookies["starmodel-known"] = visitor.cookies["starmodel-known"].replace("~", "~0")
    assert (await sign_in(stranger)).status == 429


async def test_the_navigation_shows_the_way_in_or_out(visitor, sign_in):
    assert 'href="/login"' in (await visitor.get("/note")).text
    await sign_in(visitor)
    page = (await visitor.get("/note", accept_language="de")).text
    assert 'href="/logout"' in page
    assert ">Abmelden" in page
    assert 'href="/login"' not in page


async def test_other_sites_sign_nobody_in_or_out(visitor, sign_in):
    for sent in ({"sec_fetch_site": "cross-site"}, {"origin": "https://evil.example"}):
        answer = await visitor.form("/login", {"name": "ada", "password": "a few words for ada"}, **sent)
        assert answer.status == 403
        assert "nobody" in (await visitor.get("/who")).text
    await sign_in(visitor)
    assert (await visitor.form("/logout", sec_fetch_site="cross-site")).status == 403
    assert (await visitor.get("/logout")).status == 200
    assert "nobody" not in (await visitor.get("/who")).text


async def test_the_page_says_what_each_field_is_for_and_what_went_wrong(visitor, sign_in):
    asked = (await visitor.get("/login?next=//evil.example")).text
    assert 'autocomplete="username"' in asked
    assert 'autocomplete="current-password"' in asked
    assert "evil" not in asked
    refused = await sign_in(visitor, "<b>ada", "wrong")
    assert "<title>Error: Sign in" in refused.text
    assert 'role="alert"' in refused.text
    assert re.search(r'<input type="password"[^>]*aria-invalid="true"', refused.text)
    assert "&lt;b&gt;ada" in refused.text
    assert "wrong" not in refused.text
    assert refused.text.count("The name or the password is not right.") == 1
    assert refused.header("cache-control") == "no-store"


async def test_the_page_speaks_the_language_of_its_reader(visitor):
    assert "Benutzername" in (await visitor.get("/login", accept_language="de")).text
    assert "اسم المستخدم" in (await visitor.get("/login", accept_language="ar")).text


async def test_what_is_no_form_signs_nobody_in(visitor):
    right = {"name": "ada", "password": "a few words for ada"}
    assert (await visitor.post("/login", right)).status == 403
    assert (await visitor.form("/login", {**right, **{str(n): "" for n in range(50)}})).status == 403
    raw = b"name=ada&name=bob&password=%ff%fe&password=a+few+words+for+ada"
    answer = await visitor.ask("POST", "/login", raw, content_type="application/x-www-form-urlencoded")
    assert answer.status == 403


async def test_a_hash_of_older_parameters_is_made_anew_and_the_session_goes_on(app, visitor, auth, sign_in):
    ada = await auth.accounts.get("ada")
    older = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash("a few words for ada")
    await app.application.dispatch(User.keep_better(password_hash=older).on(ada.id))
    await sign_in(visitor)
    kept = (await auth.accounts.get("ada")).password_hash
    assert "t=1" in kept
    assert ada.id in (await visitor.get("/who")).text
    await sign_in(Visitor(app))
    assert (await auth.accounts.get("ada")).password_hash == kept


async def test_whoever_comes_while_too_many_wait_is_told_to_come_back(visitor, auth, sign_in, monkeypatch):
    monkeypatch.setattr(auth.hashing, "_places", threading.BoundedSemaphore(1))
    with auth.hashing._places:
        answer = await sign_in(visitor)
        assert (answer.status, answer.header("retry-after")) == (503, "5")
    assert (await sign_in(visitor)).status == 303


async def test_of_two_who_take_a_name_at_once_one_gets_it(auth, app):
    taken = [auth.accounts.add(name, "some words for bob") for name in ("Bob", "BOB", "bob")]
    made = await asyncio.gather(*taken, return_exceptions=True)
    assert sorted(type(one).__name__ for one in made) == ["NameTakenError", "NameTakenError", "User"]


async def test_users_have_no_door_of_their_own(app, visitor, auth, sign_in):
    await sign_in(visitor)
    ada = await auth.accounts.get("ada")
    for event in ("set_password", "set_roles", "disable", "enable", "keep_better"):
        args = {"password_hash": "x"} if "pass" in event or "keep" in event else {}
        args = {"roles": ["admin"]} if event == "set_roles" else args
        assert (await visitor.post(f"/starmodeluser/{ada.id}/{event}", args)).status in (403, 404)
    made = await visitor.post("/starmodeluser/register", {"name": "x", "password_hash": "x", "roles": ["admin"]})
    assert made.status in (403, 404)
    for path in ("/starmodeluser", f"/starmodeluser/{ada.id}", "/api/starmodeluser", f"/api/starmodeluser/{ada.id}"):
        assert (await visitor.get(path)).status == 404
    assert (await auth.accounts.get("ada")) == ada


async def test_neither_a_password_nor_its_hash_is_in_the_log_of_commands(app, auth):
    ada = await auth.accounts.get("ada")
    await auth.accounts.set_password(ada, "other words for ada")
    told = repr(await app.application.history.timeline(User, ada.id))
    assert "set_password" in told
    assert "argon2" not in told.replace("password_hash", "")
    assert "words" not in told


async def test_whoever_may_not_see_a_page_is_led_to_signing_in_and_back(app, visitor, sign_in):
    from starmodel.core.errors import ForbiddenError

    @app.get("/inner")
    async def inner(request):
        actor = await app.runtime.actor(request.scope)
        if "admin" not in actor.roles:
            raise ForbiddenError("inner", "only some may")
        return "inside"

    led = await visitor.get("/inner?a=b%20c", accept="text/html")
    assert (led.status, led.header("location")) == (303, "/login?next=/inner%3Fa%3Db%2520c")
    assert (await visitor.get("/inner", accept="application/json")).status == 403
    asked = (await visitor.get(led.header("location"))).text
    assert 'value="/inner?a=b%20c"' in asked
    await sign_in(visitor)
    assert (await visitor.get("/inner", accept="text/html")).status == 403


async def test_installed_is_not_on(start):
    class Plain(Entity):
        text: str = ""

    app = await start(Plain)
    visitor = Visitor(app)
    assert (await visitor.get("/login")).status == 404
    assert not app.runtime.has_auth
    assert (await visitor.get("/plain")).status == 200
