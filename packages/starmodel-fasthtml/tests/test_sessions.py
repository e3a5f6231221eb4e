"""Who a visitor is: a signed cookie, worth nothing to anybody else, and what is theirs alone."""

from __future__ import annotations

import re

import pytest
from asgi_visitors import Visitor
from fasthtml.common import P

from starmodel.app.signing import Signer
from starmodel.core import Entity, event
from starmodel.core.actors import Actor


class Basket(Entity):
    items: int = 0

    @event
    def put(self, count: int = 1) -> None:
        self.items += count


@pytest.fixture
def build_shop(build):
    def build_shop(**options):
        app = build(Basket, **options)

        @app.get("/")
        def home(basket: Basket):
            return P(f"{basket.items} things of {basket.id}")

        @app.get("/login")
        def login(session):
            session["user"] = "ada lovelace"
            session.rotate()
            return P("hello")

        @app.get("/who")
        def who(session):
            return P(session.get("user", "nobody"))

        @app.get("/logout")
        def logout(session):
            session.clear()
            return P("bye")

        return app

    return build_shop


@pytest.fixture
async def app(start, build_shop):
    return await start(app=build_shop())


async def things(visitor):
    return int(re.search(r"(\d+) things", (await visitor.get("/")).text)[1])


class TestTheCookie:
    async def test_is_given_with_the_first_page_and_not_again(self, app):
        visitor = Visitor(app)

        assert len((await visitor.get("/")).all("set-cookie")) == 1
        assert (await visitor.get("/")).all("set-cookie") == []

    async def test_is_out_of_reach_of_scripts_and_of_forms_elsewhere(self, app):
        (cookie,) = (await Visitor(app).get("/")).all("set-cookie")

        name, _, attributes = cookie.partition("=")
        assert name.startswith("starmodel-")
        assert set(attributes.split("; ")[1:]) == {"Path=/", "Max-Age=2592000", "HttpOnly", "SameSite=Lax"}

    async def test_is_bound_to_the_host_over_https(self, app):
        (cookie,) = (await Visitor(app, scheme="https").get("/")).all("set-cookie")

        assert cookie.startswith("__Host-starmodel-")
        assert "Secure" in cookie.split("; ")

    async def test_of_plain_http_is_worth_nothing_over_https(self, app):
        plain = Visitor(app)
        await plain.get("/")
        https = Visitor(app, scheme="https")
        https.cookies = dict(plain.cookies)

        assert len((await https.get("/")).all("set-cookie")) == 1

    async def test_has_another_name_for_another_secret(self, app, build_shop):
        ours = (await Visitor(app).get("/")).all("set-cookie")[0].partition("=")[0]
        others = (await Visitor(build_shop(secret="another secret, just as long")).get("/")).all("set-cookie")[0]

        assert ours != others.partition("=")[0]

    @pytest.mark.parametrize("path", ["starmodel.css", "starmodel.js", "datastar.js"])
    async def test_does_not_come_with_what_everybody_may_cache(self, app, path):
        answer = await Visitor(app).get(app.runtime.assets.url(path))

        assert answer.status == 200
        assert answer.all("set-cookie") == []
        assert "visitor-" not in answer.everything


@pytest.mark.parametrize(
    "change",
    [
        lambda value: "",
        lambda value: "x",
        lambda value: "x" * 65536,
        lambda value: value[:-1],
        lambda value: value[:-1] + ("A" if value[-1] != "A" else "B"),
        lambda value: ("A" if value[0] != "A" else "B") + value[1:],
        lambda value: value.partition(".")[0] + ".",
        lambda value: "." + value.partition(".")[2],
        lambda value: value + "x",
        lambda value: value.upper(),
        lambda value: "\xe4" + value,
        lambda value: Signer("another secret").sign("session", value.partition(".")[0]),
        lambda value: Signer("a secret that is long enough for tests").sign("page", value.partition(".")[0]),
    ],
)
async def test_a_forged_cookie_is_answered_by_a_new_visit(app, change):
    visitor = Visitor(app)
    await visitor.get("/")
    first = visitor.id
    await visitor.post(f"/basket/{first}/put", {})
    ((name, value),) = visitor.cookies.items()
    visitor.cookies[name] = change(value)

    answer = await visitor.get("/")

    assert len(answer.all("set-cookie")) == 1
    assert visitor.id != first
    assert "0 things" in answer.text


async def test_a_visit_outlives_the_process(app, start, build_shop):
    visitor = Visitor(app)
    await visitor.get("/")
    before = visitor.id
    visitor.app = await start(app=build_shop())

    assert (await visitor.get("/")).all("set-cookie") == []
    assert visitor.id == before


async def test_the_id_in_a_page_does_not_make_a_cookie(app):
    visitor = Visitor(app)
    page = await visitor.get("/")
    ((name, value),) = visitor.cookies.items()

    assert visitor.id in page.text
    assert value.partition(".")[0] not in page.text
    thief = Visitor(app)
    thief.cookies = {name: visitor.id}
    await thief.get("/")
    assert thief.id != visitor.id


class TestWhatIsTheirsAlone:
    async def test_each_visitor_has_their_own(self, app):
        one, two = Visitor(app), Visitor(app)
        await one.get("/")
        await two.get("/")

        await one.post(f"/basket/{one.id}/put", {"count": 3})

        assert (await things(one), await things(two)) == (3, 0)

    async def test_nobody_else_can_change_it_or_find_out_that_it_is_there(self, app):
        one, two = Visitor(app), Visitor(app)
        await one.get("/")
        await one.post(f"/basket/{one.id}/put", {})

        there = await two.post(f"/basket/{one.id}/put", {})
        nowhere = await two.post("/basket/visitor-0123456789abcdef0123456789abcdef/put", {})

        assert (there.status, there.body) == (404, nowhere.body)
        assert await things(one) == 1

    async def test_it_cannot_be_created_for_somebody(self, app):
        one, two = Visitor(app), Visitor(app)
        await one.get("/")

        assert (await two.post("/basket/create", {"id": one.id})).status == 422

    async def test_the_cookieless_share_nothing(self, app):
        one, two = await Visitor(app).get("/"), await Visitor(app).get("/")

        assert re.search(r"of (visitor-\w+)", one.text)[1] != re.search(r"of (visitor-\w+)", two.text)[1]


class TestASession:
    async def test_remembers_on_the_server(self, app):
        visitor = Visitor(app)
        await visitor.get("/login")

        assert "ada lovelace" in (await visitor.get("/who")).text
        assert "lovelace" not in str(visitor.cookies)

    async def test_is_forgotten_when_it_is_cleared(self, app):
        visitor = Visitor(app)
        await visitor.get("/login")
        await visitor.get("/logout")

        assert "nobody" in (await visitor.get("/who")).text

    async def test_keeps_the_visitor_when_its_id_changes(self, app):
        visitor = Visitor(app)
        await visitor.get("/")
        before, cookie = visitor.id, dict(visitor.cookies)
        await visitor.post(f"/basket/{visitor.id}/put", {})

        await visitor.get("/login")

        assert visitor.cookies != cookie
        assert visitor.id == before
        assert await things(visitor) == 1

    async def test_a_cookie_planted_before_the_login_is_worth_nothing_after_it(self, app):
        thief, victim = Visitor(app), Visitor(app)
        await thief.get("/")
        victim.cookies = dict(thief.cookies)
        await victim.get("/login")
        await victim.post(f"/basket/{victim.id}/put", {"count": 9})

        assert "nobody" in (await thief.get("/who")).text
        assert await things(thief) == 0

    async def test_a_request_that_was_under_way_does_not_displace_the_new_cookie(self, app, monkeypatch):
        visitor, slow = Visitor(app), Visitor(app)
        await visitor.get("/")
        slow.cookies = dict(visitor.cookies)
        await visitor.get("/login")

        assert (await slow.get("/")).all("set-cookie") == []
        monkeypatch.setattr("starmodel.adapters.fasthtml.sessions._UNDER_WAY", -1.0)
        assert len((await slow.get("/")).all("set-cookie")) == 1, "later on it is a cookie like any other bad one"

    async def test_the_visitor_stays_when_the_process_does_not(self, app, start, build_shop):
        visitor = Visitor(app)
        await visitor.get("/login")
        before = visitor.id

        visitor.app = await start(app=build_shop())
        await visitor.get("/")

        assert visitor.id == before

    async def test_an_id_may_change_more_than_once(self, app):
        visitor = Visitor(app)
        await visitor.get("/")
        before, cookies = visitor.id, []
        for _ in range(3):
            await visitor.get("/login")
            cookies.append(dict(visitor.cookies))
        assert visitor.id == before
        for old in cookies[:-1]:
            other = Visitor(app)
            other.cookies = old
            assert "nobody" in (await other.get("/who")).text


class Registry:
    """Says who sent a request by a header."""

    async def identify(self, headers, session, visitor):
        return Actor(headers["x-user"]) if "x-user" in headers else None


async def test_somebody_who_signed_in_still_has_their_own_things(start, build_shop):
    visitor = Visitor(await start(app=build_shop(auth=[Registry()])))
    first = await visitor.get("/", x_user="ada")

    assert first.status == 200
    assert (await visitor.post(f"/basket/{visitor.id}/put", {}, x_user="ada")).status == 200
    assert "1 things" in (await visitor.get("/", x_user="ada")).text


class BySession:
    """Whoever the session says."""

    async def identify(self, headers, session, visitor):
        return Actor(session["user"], visitor) if "user" in session else None


class TestAStreamOfAVisitThatIsOver:
    @pytest.fixture
    async def app(self, start, build_shop):
        app = build_shop(auth=[BySession()])

        @app.get("/rename")
        def rename(session):
            session["user"] = "bob"
            return P("hello")

        return await start(app=app)

    @pytest.mark.parametrize("way", ["/login", "/logout", "/rename"])
    async def test_ends_at_once_and_those_of_others_stay(self, app, way):
        ada, bob = Visitor(app), Visitor(app)
        await ada.get("/login")
        async with (await ada.open("/")).stream() as own, (await bob.open("/")).stream() as other:
            await own.hello()
            await other.hello()
            await ada.get(way)
            await own.end()
            assert not other.ended

    async def test_ends_when_the_program_signs_its_actor_out_who_is_nobody_then(self, app):
        ada, bob = Visitor(app), Visitor(app)
        await ada.get("/login")
        async with (await ada.open("/")).stream() as own, (await bob.open("/")).stream() as other:
            await own.hello()
            await other.hello()
            await app.sign_out("ada lovelace")
            await own.end()
            assert not other.ended
        assert "nobody" in (await ada.get("/who")).text

    async def test_is_not_opened_again_with_the_cookie_of_before(self, app):
        ada, thief = Visitor(app), Visitor(app)
        await ada.get("/login")
        page = await ada.open("/")
        thief.cookies = dict(ada.cookies)
        await ada.get("/logout")
        page.visitor = thief
        async with page.stream() as stream:
            await stream.until("sm-stale")

    async def test_goes_on_when_a_page_only_remembers_more(self, app):
        @app.get("/note")
        def note(session):
            session["note"] = "x"
            return P("noted")

        ada = Visitor(app)
        await ada.get("/login")
        async with (await ada.open("/")).stream() as stream:
            await stream.hello()
            await ada.get("/note")
            assert not stream.ended
