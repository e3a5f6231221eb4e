"""Pages: what FastHTML offers still works, scripts get the page's nonce, and hostile text stays text."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from datetime import date

import pytest
from asgi_visitors import Visitor
from fastcore.xml import FT
from fasthtml.common import (
    A,
    Beforeware,
    Body,
    Button,
    Div,
    Form,
    Head,
    Html,
    HttpHeader,
    Input,
    Li,
    Meta,
    NotStr,
    P,
    Redirect,
    Script,
    Span,
    Style,
    Svg,
    Textarea,
    Title,
    Ul,
    cookie,
)
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Route

from starmodel.adapters.fasthtml import on_click, on_submit, view
from starmodel.adapters.fasthtml.wire import WireError
from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.core import Entity, event
from starmodel.core.errors import StoreError
from starmodel.plugins import HookFailedError, PluginHost, hookimpl
from starmodel.testing import FaultyStore

HOSTILE = "</main></title><script>alert(1)</script>\"'`<img src=x onerror=alert(1)>{{x}}&lt;"
HOSTILE += "<!--sm-page--><!--/sm-page-->\u2028"


class Note(Entity):
    text: str = ""
    tags: list[str] = []
    meta: dict[str, str] = {}

    @event
    def write(self, text: str) -> None:
        self.text = text


@pytest.fixture
async def app(start):
    return await start(Note)


class TestWhatFastHTMLOffers:
    async def test_a_tuple_is_title_head_and_body(self, app, visitor):
        @app.get("/")
        def home():
            return Title("Mine"), Meta(name="description", content="x"), P("one"), P("two")

        page = (await visitor.get("/")).text

        head, _, body = page.partition("<body>")
        assert "<title>Mine</title>" in head
        assert 'name="description"' in head
        assert "<p>one</p>" in body
        assert "<title>" not in body

    async def test_the_title_is_the_applications_where_a_page_has_none(self, build):
        app = build(Note, title="Notes & more")
        app.get("/")(lambda: P("x"))

        assert "<title>Notes &amp; more</title>" in (await Visitor(app).get("/")).text

    async def test_a_response_is_sent_as_it_is(self, app, visitor):
        app.get("/json")(lambda: JSONResponse({"a": 1}))
        app.get("/plain")(lambda: PlainTextResponse("x", 418))
        app.get("/dict")(lambda: {"a": 1})

        assert (await visitor.get("/json")).json == {"a": 1}
        assert (await visitor.get("/plain")).status == 418
        assert (await visitor.get("/dict")).json == {"a": 1}

    async def test_a_redirect_redirects(self, app, visitor):
        app.get("/a")(lambda: Redirect("/b"))
        app.get("/c")(lambda: RedirectResponse("/d", 302))

        assert [(await visitor.get(path)).header("location") for path in ("/a", "/c")] == ["/b", "/d"]

    async def test_headers_cookies_and_tasks_may_stand_among_the_elements(self, app, visitor):
        done = []

        @app.get("/")
        def home():
            return P("x"), HttpHeader("x-mine", "1"), cookie("theme", "dark"), BackgroundTask(done.append, 1)

        answer = await visitor.get("/")

        assert answer.header("x-mine") == "1"
        assert any(value.startswith("theme=dark") for value in answer.all("set-cookie"))
        assert len(answer.all("set-cookie")) == 2, "beside the session's own"
        assert done == [1]

    async def test_before_and_after_functions_run(self, build):
        def guard(req, session):
            return None if req.query_params.get("key") else RedirectResponse("/login", 303)

        def stamp(resp):
            return resp, HttpHeader("x-stamped", "1")

        app = build(Note, before=Beforeware(guard, skip=["/login"]), after=stamp)
        app.get("/")(lambda: P("in"))
        app.get("/login")(lambda: P("login"))
        visitor = Visitor(app)

        assert (await visitor.get("/")).header("location") == "/login"
        assert "<p>in</p>" in (await visitor.get("/?key=1")).text
        assert (await visitor.get("/login")).header("x-stamped") == "1"

    async def test_exception_handlers_answer(self, build):
        class OutOfStockError(Exception):
            pass

        def gone(req, exc):
            return PlainTextResponse("gone", 410)

        app = build(Note, exception_handlers={OutOfStockError: gone, 404: lambda req, exc: P("lost")})

        @app.get("/buy")
        def buy():
            raise OutOfStockError

        visitor = Visitor(app)
        assert (await visitor.get("/buy")).status == 410
        assert "<p>lost</p>" in (await visitor.get("/nowhere")).text

    async def test_an_http_exception_has_its_status_and_headers(self, app, visitor):
        @app.get("/teapot")
        def teapot():
            raise HTTPException(418, "short & <b>stout</b>", {"x-tea": "1"})

        @app.get("/same")
        def same():
            raise HTTPException(304)

        answer = await visitor.get("/teapot")
        assert (answer.status, answer.header("x-tea")) == (418, "1")
        assert "short &amp; &lt;b&gt;stout" in answer.text
        assert (await visitor.get("/same")).body == b""

    async def test_another_application_may_be_mounted(self, app, visitor):
        app.mount("/sub", Starlette(routes=[Route("/x", lambda _: PlainTextResponse("sub"))]))

        answer = await visitor.get("/sub/x")

        assert answer.text == "sub"
        assert len(answer.all("set-cookie")) == 1, "it stands behind the gate, too"

    async def test_middleware_runs_behind_the_gate(self, build, start):
        seen = []

        class Shout:
            def __init__(self, app, name):
                self.app, self.name = app, name

            async def __call__(self, scope, receive, send):
                assert scope["type"] != "http" or scope["state"]["visit"], "the gate has been passed"
                seen.append((self.name, scope.get("path")))
                await self.app(scope, receive, send)

        app = build(Note, middleware=[Middleware(Shout, name="given")])
        app.add_middleware(Shout, name="added")
        app.get("/")(lambda: P("x"))
        await start(app=app)
        seen.clear()

        assert (await Visitor(app).get("/")).status == 200
        assert (await Visitor(app).post("/note/create", {})).status == 200
        assert seen == [(name, path) for path in ("/", "/note/create") for name in ("added", "given")]

    async def test_an_error_page_says_what_happened_once_and_what_to_do(self, build):
        app = build(Note)

        @app.get("/members")
        def members():
            raise HTTPException(403, "Sign in to read this.")

        @app.get("/closed")
        def closed():
            raise HTTPException(403)

        visitor = Visitor(app)
        texts = [
            re.sub("<[^>]*>", "|", re.search("<h1>.*Go back", (await visitor.get(path, accept="text/html")).text)[0])
            for path in ("/members", "/closed", "/note/create")
        ]
        words = [[part for part in text.split("|") if part] for text in texts]
        assert words[0] == ["Forbidden", "Sign in to read this.", "Go back"]
        assert words[1] == ["Forbidden", "Go back"]
        assert words[2][0] == "Method not allowed"
        assert words[2][1].startswith("This address cannot be opened like a page")

    @pytest.mark.parametrize("wrap", [lambda lifespan: lifespan, contextlib.asynccontextmanager])
    async def test_a_lifespan_of_either_kind_runs(self, build, start, wrap):
        said = []

        async def lifespan(app):
            said.append("up")
            yield
            said.append("down")

        app = build(Note, lifespan=wrap(lifespan))
        async with app.router.lifespan_context(app):
            assert said == ["up"]
        assert said == ["up", "down"]

    async def test_what_was_opened_is_closed_again_when_the_start_fails(self, build):
        store = FaultyStore(MemoryRepo())

        class Stuck:
            @hookimpl
            def starmodel_startup(self):
                raise OSError("no connection")

        host = PluginHost(strict=True)
        host.add(Stuck())
        app = build(Note, stores={"memory": store}, plugins=host)
        with pytest.raises(HookFailedError, match="no connection"):
            async with app.router.lifespan_context(app):
                pass
        assert (store.calls[0], store.calls[-1]) == ("open", "close")

        store.delay("position", 0)  # the domain event handlers start
        store.fail("position")  # and the live pages do not
        store.calls.clear()
        with pytest.raises(StoreError):
            await app.runtime.open()
        assert store.calls[-1] == "close"

    async def test_a_wrap_of_the_body_stands_inside_the_frame(self, build):
        app = build(Note, body_wrap=lambda content: Div(*content, cls="mine"))
        app.get("/")(lambda: P("x"))
        app.get("/other", body_wrap=lambda content, req: Div(*content, cls=req.url.path[1:]))(lambda: P("x"))
        visitor = Visitor(app)

        assert '<div class="mine">' in (await visitor.open("/")).main
        assert '<div class="other">' in (await visitor.open("/other")).main

    async def test_no_key_file_is_written_and_nothing_is_asked_for_elsewhere(self, build, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        app = build(Note)
        app.get("/")(lambda: P("x"))

        page = (await Visitor(app).get("/")).text

        assert list(tmp_path.iterdir()) == []
        assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", page)


class TestTheNonce:
    CSS = Style("p { color: red }")
    JS = Script("console.log(1)")

    async def nonces(self, visitor, path):
        answer = await visitor.get(path)
        assert answer.status == 200, answer.text
        granted = re.search(r"'nonce-([\w-]+)'", answer.header("content-security-policy"))[1]
        found = re.findall(r"<(?:script|style)([^>]*)>", answer.text)
        return granted, [re.search(r'nonce="([\w-]*)"', attributes) for attributes in found]

    async def assert_all_have_it(self, visitor, path):
        granted, found = await self.nonces(visitor, path)
        assert found
        assert all(nonce is not None and nonce[1] == granted for nonce in found)

    @pytest.mark.parametrize("times", [1, 2])
    async def test_is_on_every_script_and_style_of_a_page(self, app, visitor, times):
        @app.get("/")
        def home():
            return Title("x"), self.CSS, self.JS, Div(self.CSS, Div(self.JS)), Script("fresh")

        for _ in range(times):  # elements that a program keeps are used again
            await self.assert_all_have_it(visitor, "/")

    async def test_is_on_what_the_application_adds_to_every_head_and_foot(self, build):
        app = build(Note, hdrs=(self.CSS, self.JS), ftrs=(Script("foot"),))
        app.get("/")(lambda: P("x"))

        for _ in range(2):
            await self.assert_all_have_it(Visitor(app), "/")

    async def test_is_on_scripts_in_a_component(self, app, visitor):
        class Chart:
            def __ft__(self):
                return Div(Script("draw()"), Style("x"))

        app.get("/")(lambda: Div(Chart()))

        await self.assert_all_have_it(visitor, "/")

    async def test_is_on_a_whole_document_of_the_applications_own(self, app, visitor):
        app.get("/")(lambda: Html(Head(Title("x"), Style("y")), Body(Script("z"))))

        await self.assert_all_have_it(visitor, "/")

    async def test_does_not_stick_to_elements_that_are_kept(self, app, visitor):
        app.get("/")(lambda: Div(self.JS))
        await visitor.get("/")

        assert "nonce" not in self.JS.attrs


class TestNames:
    """An attribute that cannot be, or that Datastar would silently ignore, is an error where it is rendered."""

    @pytest.mark.parametrize(
        ("name", "right"),
        [("data-on-click", "data-on:click"), ("data-bind-name", "data-bind:name"), ("data-class-x", "data-class:x")],
    )
    async def test_a_dash_for_a_colon_raises_and_says_what_to_write(self, app, visitor, caplog, name, right):
        app.get("/")(lambda: Div(P("x", **{name: "y"})))

        assert (await visitor.get("/")).status == 500
        assert right in caplog.text

    @pytest.mark.parametrize(
        "name", ["x onmouseover=alert(1)", 'x"', "x>", "x=y", "", " ", "x\n", "x/", "1x", "\u00e9", "x\0"]
    )
    async def test_a_name_that_breaks_out_raises(self, app, visitor, caplog, name):
        app.get("/")(lambda: Div(FT("p", (), {name: "y"})))

        assert (await visitor.get("/")).status == 500
        assert "cannot be the name of an attribute" in caplog.text

    @pytest.mark.parametrize("tag", ["p onclick=x", "p>", "p/", "", "p\n", "1p"])
    async def test_so_does_a_tag_that_is_none(self, app, visitor, caplog, tag):
        app.get("/")(lambda: Div(FT(tag, ("x",), {})))

        answer = await visitor.get("/")

        assert answer.status == 500 or not tag
        assert "<p onclick" not in answer.text

    async def test_in_a_component_too(self, app, visitor):
        class Odd:
            def __ft__(self):
                return P("x", **{"data-on-click": "y"})

        app.get("/")(lambda: Div(Odd()))

        assert (await visitor.get("/")).status == 500

    async def test_in_the_head_too(self, app, visitor):
        app.get("/")(lambda: (Title("x", **{"a b": "y"}), P("x")))

        assert (await visitor.get("/")).status == 500

    def test_in_a_view_too(self):
        @view
        def wrong(note: Note):
            return Div(**{"data-on-click": "x"})

        with pytest.raises(WireError, match="data-on:click"):
            wrong(Note())

    @pytest.mark.parametrize(
        "name",
        [
            "data-on:click__debounce.200ms",
            "@click",
            ":class",
            "aria-label",
            "data-on-intersect",
            "x-on.y",
            "viewBox",
            "_",
        ],
    )
    async def test_names_that_are_in_use_are_fine(self, app, visitor, name):
        app.get("/")(lambda: Div(FT("p", (), {name: "y"})))

        assert (await visitor.get("/")).status == 200


@dataclasses.dataclass(frozen=True)
class Value:
    text: str


class TestHostileText:
    """Text from outside is text, wherever a page puts it."""

    async def page(self, app, visitor, make):
        app.get("/")(lambda: make(Note(text=HOSTILE, tags=[HOSTILE], meta={HOSTILE: HOSTILE})))
        answer = await visitor.get("/")
        assert answer.status == 200
        return answer.text

    def assert_harmless(self, page):
        own = re.sub(r"<script[^>]*></script>", "", page)
        assert "<script>" not in own
        assert "<img" not in own
        assert page.count("<!--sm-page-->") == 1
        assert page.count("</main>") == 1

    @pytest.mark.parametrize(
        "make",
        {
            "a child": lambda note: P(note.text),
            "one of many children": lambda note: P("x", note.text, Span(note.text)),
            "a title": lambda note: (Title(note.text), P("x")),
            "a text area": lambda note: Textarea(note.text),
            "a list": lambda note: P(note.tags),
            "a list of many": lambda note: P("x", list(note.tags), "y"),
            "a dict": lambda note: FT("p", (note.meta,), {}),
            "bytes": lambda note: P(note.text.encode()),
            "several bytes": lambda note: P(note.text.encode(), "x"),
            "a value": lambda note: P(Value(note.text)),
            "an entity": lambda note: P(note, "x"),
            "an error": lambda note: P(ValueError(note.text)),
            "a set": lambda note: P({note.text}),
            "a generator": lambda note: Ul(Li(text) for text in [note.text]),
            "a page of one text": lambda note: [note.text],
            "a generated page of one text": lambda note: (note.text for _ in [1]),
            "a tuple": lambda note: (note.text, note.tags, note.meta, P("x")),
        }.values(),
        ids=lambda make: "",
    )
    async def test_between_tags(self, app, visitor, make):
        self.assert_harmless(await self.page(app, visitor, make))

    @pytest.mark.parametrize(
        "make",
        {
            "a value": lambda text: Input(value=text),
            "an address": lambda text: A("x", href=text),
            "a data attribute": lambda text: Div(data_x=text),
            "a list": lambda text: Div(cls=[text]),
            "a dict": lambda text: Div(style={"color": text}),
            "another dict": lambda text: FT("p", (), {"data-x": {"k": text}}),
            "an object": lambda text: FT("p", (), {"data-x": Value(text)}),
            "bytes": lambda text: FT("p", (), {"data-x": text.encode()}),
        }.values(),
        ids=lambda make: "",
    )
    async def test_in_an_attribute(self, app, visitor, make):
        page = await self.page(app, visitor, lambda note: make(note.text + "' onmouseover='x"))

        self.assert_harmless(page)
        assert not re.search(r"""<[^<>]*["'] onmouseover=""", page)

    async def test_in_the_arguments_of_a_button(self, app, visitor):
        page = await self.page(app, visitor, lambda note: Button("x", on_click(note.write, note.text)))

        self.assert_harmless(page)

    async def test_in_the_fixed_values_of_a_form(self, app, visitor):
        page = await self.page(app, visitor, lambda note: Form(on_submit(note.write, text=note.text)))

        self.assert_harmless(page)

    async def test_in_a_view(self, app, visitor):
        @view
        def face(note: Note):
            return Div(note.text, note.tags, FT("p", (note.meta,), {}))

        self.assert_harmless(await self.page(app, visitor, face))
        self.assert_harmless(await self.page(app, visitor, lambda note: Div(face(note))))

    async def test_in_the_address_of_a_page_that_is_not_there(self, visitor):
        answer = await visitor.get(
            "/%3Cscript%3Ealert(1)%3C/script%3E?x=<script>", referer='http://localhost/"><script>'
        )

        self.assert_harmless(answer.text)

    async def test_what_is_marked_as_html_is_html(self, app, visitor):
        marked = NotStr("<b>bold</b>"), Svg(NotStr("<path/>"))
        app.get("/")(lambda: Div(*marked, date(2026, 1, 2), 3, None, 1.5, True))

        main = (await visitor.open("/")).main

        assert "<b>bold</b>" in main
        assert "<path/>" in main
        assert "2026-01-02" in main


async def test_the_error_page_leads_back_and_shows_no_form_of_the_visitor(visitor):
    answer = await visitor.get("/nowhere", referer="http://localhost/somewhere?x=1")

    assert 'href="/somewhere?x=1"' in answer.text
    assert "<title>Not found · StarModel</title>" in answer.text
    assert "sm-form" not in answer.text
    assert answer.header("content-type") == "text/html; charset=utf-8"


async def test_every_page_brings_a_form_with_a_key_of_its_own_for_those_without_scripts(app, visitor):
    app.get("/")(lambda: P("x"))

    pages = [(await visitor.get("/")).text for _ in range(2)]
    form = r'<form id="sm-form" method="post" hidden><input type="hidden" name="_key" value="([\w-]{16})"'
    keys = {re.search(form, page)[1] for page in pages}

    assert len(keys) == 2
