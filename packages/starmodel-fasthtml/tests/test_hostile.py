"""Requests that nobody means well with: whatever they hold, no answer is a failure of ours."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import pytest
from asgi_visitors import Visitor
from fasthtml.common import P
from hypothesis import example, given, settings
from hypothesis import strategies as st

from starmodel.adapters.fasthtml import Shared, find
from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.core import Entity, event
from starmodel.testing import application


class Target(Entity):
    text: str = ""
    number: int = 0
    ratio: float = 0.0
    flag: bool = False
    choice: str | None = None
    many: list[str] = []
    table: dict[str, int] = {}

    @event
    def take(self, text: str = "", number: int = 0, many: list[str] | None = None, anything: Any = None) -> Any:
        self.text, self.number, self.many = text, number, many or []
        return anything

    @event(method="get")
    def look(self, text: str = "") -> str:
        return text


NAMES = [
    *Target.__entity_fields__,
    "anything",
    "__class__",
    "__proto__",
    "constructor",
    "_key",
    "id",
    "self",
    "cls",
    "",
    "$",
    "a.b",
    "a[b]",
]
PATHS = [
    "target",
    "take",
    "look",
    "create",
    "update",
    "delete",
    "t",
    "__init__",
    "..",
    "%2e%2e",
    "%00",
    "",
    "_starmodel",
    "live",
    "page",
]
HEADERS = {
    "content-type": [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "text/plain",
        "",
    ],
    "accept": ["*/*", "application/json", "text/event-stream", ""],
    "starmodel-request": ["1", ""],
    "idempotency-key": ["k"],
    "starmodel-base-version": ["0", "1", "-1", "99999"],
    "cookie": ["starmodel=x", "=", ";;;"],
    "referer": ["http://localhost/x", "http://[", "//x"],
    "last-event-id": ["x-1", ""],
    "hx-request": ["true"],
    "content-length": ["0", "5", "x"],
}

header_text = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=60)
headers = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(known) | header_text for name, known in HEADERS.items()}
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(["\ud800", "NaN", "1e999"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
objects = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), values, max_size=6)
json_bodies = (objects | values).map(lambda value: json.dumps(value).encode())
form_bodies = st.lists(st.tuples(st.sampled_from(NAMES), st.text(max_size=10)), max_size=6).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs).encode("utf-8", "surrogatepass")
)
bodies = st.binary(max_size=200) | json_bodies | form_bodies
segments = st.sampled_from(PATHS) | st.text(st.characters(max_codepoint=255, exclude_characters=" \r\n"), max_size=12)
targets = st.lists(segments, max_size=5).map(lambda parts: "/" + "/".join(parts)) | st.sampled_from(
    ["/target/t/take", "/target/create", "/target/t/update", "/target/t/look", "/_starmodel/live?page=", "/page", "/"]
)
queries = (
    st.just("")
    | st.binary(max_size=60).map(lambda raw: "?" + raw.decode("latin-1"))
    | st.text(max_size=20).map(lambda text: "?text=" + text.encode("utf-8", "surrogatepass").decode("latin-1"))
)


@pytest.fixture(scope="module")
def door():
    """One application for all examples, and a way to ask it that needs no loop of the test's own."""
    from starmodel.adapters.fasthtml import StarModelApp

    loop = asyncio.new_event_loop()
    app = StarModelApp(application(Target, stores={"memory": MemoryRepo()}), secret="x" * 32)

    @app.get("/page")
    async def page(target: Annotated[Target, Shared("t")], q: str = "", n: int = 0):
        found = await find(Target, {"text": q}, limit=5)
        return P(target.text, target.number, target.many, q, n), [P(one.text) for one in found]

    @app.get("/page/{target}")
    def one(target: Target):
        return P(target.text)

    life = app.router.lifespan_context(app)
    loop.run_until_complete(life.__aenter__())

    def ask(method, target, body=b"", given=None):
        visitor = Visitor(app)
        named = {name.replace("-", "_"): value for name, value in (given or {}).items()}
        return loop.run_until_complete(visitor.ask(method, target, body, **named))

    yield ask
    loop.run_until_complete(life.__aexit__(None, None, None))
    loop.close()


def assert_no_failure(answer):
    assert answer.status < 500, answer.text
    assert "Traceback" not in answer.text


@settings(max_examples=400)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "X"]),
    target=targets,
    query=queries,
    body=bodies,
    given_headers=headers,
)
@example(method="POST", target="/target/t/take", query="", body=b"{}", given_headers={"referer": "http://["})
@example(method="GET", target="/_starmodel/live", query="?page=\xff.\xff", body=b"", given_headers={})
def test_no_request_makes_the_server_fail(door, method, target, query, body, given_headers):
    if method == "GET":
        body = b""
    assert_no_failure(door(method, target + query, body, given_headers))


@settings(max_examples=400)
@given(name=st.sampled_from(["take", "update", "create", "look"]), args=objects, ours=st.booleans())
@example(name="take", args={"anything": "\ud800"}, ours=False)
@example(name="take", args={"anything": float("nan")}, ours=True)
@example(name="update", args={"ratio": float("inf")}, ours=False)
@example(name="update", args={"number": 10**4000}, ours=False)
def test_no_arguments_do_and_the_pages_stand_afterwards(door, name, args, ours):
    path = "/target/create" if name == "create" else f"/target/t/{name}"
    given = {"content-type": "application/json", **({"starmodel-request": "1"} if ours else {})}

    assert_no_failure(door("POST", path, json.dumps(args).encode(), given))

    page = door("GET", "/page")
    assert page.status == 200, page.text


@settings(max_examples=200)
@given(pairs=st.lists(st.tuples(st.sampled_from(NAMES), st.text(st.characters(), max_size=20)), max_size=8))
def test_no_form_does(door, pairs):
    part = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    body = "".join(part.format(*pair) for pair in pairs).encode("utf-8", "surrogatepass") + b"--b--\r\n"

    assert_no_failure(door("POST", "/target/t/update", body, {"content-type": "multipart/form-data; boundary=b"}))
    assert door("GET", "/page").status == 200


@settings(max_examples=200)
@given(
    token=st.text(st.characters(max_codepoint=255), max_size=80) | st.binary(max_size=60).map(lambda raw: raw.hex()),
    after=st.text(max_size=40),
)
def test_no_token_does(door, token, after):
    from urllib.parse import quote

    answer = door("GET", f"/_starmodel/live?page={quote(token)}&after={quote(after)}", b"", {"last-event-id": "x"})

    assert (answer.status, answer.text) == (200, "event: sm-stale\ndata: {}\n\n")
