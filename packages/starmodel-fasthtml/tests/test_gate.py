"""The gate before every route: which hosts, which sites, which headers, and what is told when something breaks."""

from __future__ import annotations

import re

import pytest
from asgi_visitors import Visitor
from fasthtml.common import P
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from starmodel.adapters.fasthtml import GateSettings
from starmodel.core import Entity, event
from starmodel.core.errors import StoreError


class Safe(Entity):
    content: str = "gold"

    @event
    def empty(self) -> None:
        self.content = ""

    @event(method="delete")
    def burn(self) -> None:
        self.content = "ash"

    @event(method="get")
    def look(self) -> str:
        return self.content


@pytest.fixture
async def app(start):
    app = await start(Safe)

    @app.get("/")
    def home():
        return P("home")

    @app.post("/page")
    def page():
        return P("posted")

    @app.route("/both", methods=["GET", "POST"])
    def both():
        return P("both")

    @app.get("/broken")
    def broken():
        raise RuntimeError("the vault code is 1234")

    app.mount("/mounted", Mount("", routes=[Route("/x", lambda _: PlainTextResponse("x"), methods=["GET", "POST"])]))
    return app


async def make(visitor):
    return (await visitor.post("/safe/create", {})).json["id"]


def routes_of(app, id):
    """Return (method, path) of every route of the application."""
    found = []
    for route in app.router.routes:
        path = re.sub(r"{(id|file)}", id, route.path)
        methods = getattr(route, "methods", None) or {"POST"}
        found += [(method, path + ("/x" if isinstance(route, Mount) else "")) for method in methods]
    assert ("DELETE", f"/safe/{id}/burn") in found
    assert ("POST", "/mounted/x") in found
    return found


FOREIGN = [
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
    {"sec_fetch_site": "CROSS-SITE"},
    {"sec_fetch_site": "nonsense"},
    {"sec_fetch_site": ""},
    {"sec_fetch_site": "cross-site", "origin": "http://localhost"},
    {"origin": "http://evil.example"},
    {"origin": "https://localhost.evil.example"},
    {"origin": "http://localhost:8000"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "localhost"},
]
OURS = [
    {},
    {"sec_fetch_site": "same-origin"},
    {"sec_fetch_site": "none"},
    {"origin": "http://localhost"},
    {"sec_fetch_site": "same-origin", "origin": "http://evil.example"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_another_site_changes_nothing_by_any_route(app, visitor, headers):
    id = await make(visitor)
    before, published = await app.application.load(Safe, id), len(app.application.bus.published)
    for method, path in routes_of(app, id):
        if path == "/_starmodel/live":
            continue
        answer = await visitor.ask(method, path, b"", **headers)
        if method not in ("GET", "HEAD"):
            assert (answer.status, answer.all("set-cookie")) == (403, []), (method, path)
    assert await app.application.load(Safe, id) == before
    assert len(app.application.bus.published) == published


@pytest.mark.parametrize("headers", OURS, ids=str)
async def test_our_own_pages_and_programs_may(app, visitor, headers):
    id = await make(visitor)

    assert (await visitor.post(f"/safe/{id}/empty", {}, **headers)).status == 200
    assert (await visitor.form("/page", {}, **headers)).status == 200


async def test_getting_every_route_changes_nothing(app, visitor):
    id = await make(visitor)
    published = len(app.application.bus.published)
    for method, path in routes_of(app, id):
        if method in ("GET", "HEAD") and path != "/_starmodel/live":
            await visitor.ask(method, path)
    assert len(app.application.bus.published) == published


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:9", "[::1]", "[::1]:80", "LOCALHOST"])
async def test_it_answers_to_this_machine(app, host):
    assert (await Visitor(app, host=host).get("/")).status == 200


@pytest.mark.parametrize(
    "host", ["", "evil.example", "localhost.evil.example", "evil.example:80", "localhost:x", "[::2]", "local\xffhost"]
)
async def test_it_does_not_answer_to_another_host(app, host):
    answer = await Visitor(app, host=host).get("/")

    assert (answer.status, answer.all("set-cookie")) == (400, [])
    assert answer.header("content-type") == "text/plain; charset=utf-8"


async def test_a_program_that_is_turned_away_is_told_in_json_and_people_in_plain_text(app, visitor):
    foreign = {"origin": "http://evil.example"}
    program = await visitor.post("/safe/create", {}, **foreign)
    assert (program.status, program.header("content-type")) == (403, "application/problem+json")
    assert "another site" in program.json["detail"]
    form = await visitor.form("/safe/create", {}, **foreign)
    assert (form.status, form.header("content-type")) == (403, "text/plain; charset=utf-8")
    app.attach("/apart", PlainTextResponse("x"))
    elsewhere = Visitor(app, host="evil.example")
    apart = await elsewhere.get("/apart/x")
    assert (apart.status, apart.header("content-type")) == (400, "application/problem+json")
    looked_at = await elsewhere.get("/apart/x", accept="text/html")
    assert (looked_at.status, looked_at.header("content-type")) == (400, "text/plain; charset=utf-8")


async def test_it_answers_to_the_hosts_it_was_given(start):
    app = await start(Safe, gate=GateSettings(hosts=("shop.example", "*.cdn.example")))

    for host, status in {"shop.example": 404, "a.cdn.example": 404, "cdn.example": 400, "xcdn.example": 400}.items():
        assert (await Visitor(app, host=host).get("/nowhere")).status == status, host


async def test_a_websocket_from_another_site_is_closed_before_it_opens(app):
    headers = [(b"host", b"localhost"), (b"origin", b"http://evil.example")]
    sent = []

    async def send(message):
        sent.append(message)

    await app({"type": "websocket", "path": "/", "headers": headers, "scheme": "ws", "query_string": b""}, None, send)

    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_every_answer_forbids_guessing_its_type(app, visitor):
    id = await make(visitor)
    for method, path in [*routes_of(app, id), ("GET", "/nowhere")]:
        if path != "/_starmodel/live":
            answer = await visitor.ask(method, path)
            assert answer.all("x-content-type-options") == ["nosniff"], (method, path)
    assert (await Visitor(app, host="evil.example").get("/")).all("x-content-type-options") == ["nosniff"]


@pytest.mark.parametrize("path", ["/", "/nowhere", "/both"])
async def test_every_page_has_a_policy_with_a_nonce_of_its_own(visitor, path):
    first, second = await visitor.get(path), await visitor.get(path)

    policy = first.header("content-security-policy")
    nonce = re.search(r"script-src 'self' 'nonce-([\w-]{16,})'", policy)[1]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert f'<script nonce="{nonce}"' in first.text
    assert nonce not in second.everything


@pytest.mark.parametrize("media", ["text/html", "TEXT/HTML; charset=x", "image/svg+xml", "application/xhtml+xml"])
async def test_whatever_can_hold_a_script_has_the_policy(app, visitor, media):
    @app.get("/made")
    def made():
        return Response("<x/>", headers={"Content-Type": media})

    answer = await visitor.get("/made")

    assert "script-src" in answer.header("content-security-policy")


async def test_the_policy_reaches_applications_that_spell_their_headers_otherwise(app, visitor):
    async def odd(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"Content-Type", b"text/html")]})
        await send({"type": "http.response.body", "body": b""})

    app.mount("/odd", odd)

    assert (await visitor.get("/odd/")).header("content-security-policy")


class TestSomethingBreaks:
    async def test_an_id_is_told_and_the_rest_is_logged(self, visitor, caplog):
        answer = await visitor.get("/broken", accept="application/json")

        assert answer.status == 500
        assert "vault" not in answer.everything
        id = re.search(r"the id (\w+)", answer.text)[1]
        assert id in caplog.text
        assert "the vault code is 1234" in caplog.text

    async def test_who_looks_at_a_page_sees_one_with_the_id(self, visitor, caplog):
        answer = await visitor.get("/broken")

        assert (answer.status, answer.header("content-type")) == (500, "text/html; charset=utf-8")
        assert "<h1>Something went wrong</h1>" in answer.text
        assert answer.header("content-security-policy")
        assert "vault" not in answer.everything
        assert re.search(r"<code>(\w+)</code>", answer.text)[1] in caplog.text

    @pytest.mark.parametrize("client", ["127.0.0.1", "::1"])
    async def test_in_development_this_machine_sees_the_traceback(self, build, client):
        app = broken(build(gate=GateSettings(debug=True)))

        assert "1234" in (await Visitor(app, client=client).get("/broken")).text

    @pytest.mark.parametrize(
        ("client", "headers"),
        [
            ("192.168.0.7", {}),
            ("127.0.0.1", {"x_forwarded_for": "1.2.3.4"}),
            ("127.0.0.1", {"forwarded": "for=1.2.3.4"}),
            ("::1", {"x_real_ip": "1.2.3.4"}),
            ("", {}),
        ],
    )
    async def test_and_nobody_else_does(self, build, client, headers):
        app = broken(build(gate=GateSettings(debug=True)))

        assert "1234" not in (await Visitor(app, client=client).get("/broken", **headers)).everything

    async def test_nobody_does_in_production(self, build):
        assert "1234" not in (await Visitor(broken(build())).get("/broken")).everything

    async def test_a_handler_of_the_application_answers_instead(self, build):
        app = broken(build(exception_handlers={500: lambda req, exc: P("Sorry, ", type(exc).__name__)}))

        answer = await Visitor(app).get("/broken")

        assert answer.status == 500
        assert "Sorry, RuntimeError" in answer.text
        assert answer.header("content-security-policy")

    async def test_so_does_one_for_the_very_error(self, build):
        app = broken(build())
        app.add_exception_handler(RuntimeError, lambda req, exc: PlainTextResponse("mine", 418))

        assert (await Visitor(app).get("/broken")).status == 418

    async def test_a_handler_that_breaks_too_is_no_way_out(self, build):
        app = broken(build())
        app.add_exception_handler(Exception, lambda req, exc: 1 / 0)

        answer = await Visitor(app).get("/broken")

        assert answer.status == 500
        assert "Something went wrong" in answer.text

    async def test_an_answer_that_breaks_half_way_is_cut_off(self, app, visitor, caplog):
        async def half(_scope, _receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise RuntimeError("too late")

        app.mount("/half", half)

        with pytest.raises(ConnectionError, match="had begun"):
            await visitor.get("/half/")
        assert "too late" in caplog.text

    async def test_a_log_line_is_one_line_whatever_the_address(self, app, visitor, caplog):
        @app.get("/broken/{what}")
        def broken_too(what: str):
            raise RuntimeError("x")

        await visitor.get("/broken/a%0aERROR%20forged")

        assert not any("\n" in record.getMessage() for record in caplog.records)


def broken(app):
    @app.get("/broken")
    def broken():
        raise RuntimeError("the vault code is 1234")

    return app


@pytest.mark.parametrize(
    ("error", "says", "traces"),
    [
        (StoreError("the disk is on holiday; call it back"), "the disk is on holiday; call it back", False),
        (RuntimeError("a fault of the program"), "a fault of the program", True),
    ],
)
async def test_why_the_start_failed_is_said_in_words_where_there_are_any(build, error, says, traces):
    app, told = build(), []

    async def broken():
        raise error

    async def starting():
        return {"type": "lifespan.startup"}

    async def send(message):
        told.append(message)

    app.runtime.open = broken
    with pytest.raises(type(error)):
        await app({"type": "lifespan", "state": {}}, starting, send)
    [message] = told
    assert message["type"] == "lifespan.startup.failed"
    assert says in message["message"]
    assert ("Traceback" in message["message"]) is traces
