"""How a command is read from a request: every form it may come in, and every way it may be wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from starmodel.core import Entity, event


class Note(Entity):
    title: str = ""
    count: int = 0
    ratio: float = 0.0
    tags: list[str] = []

    @event
    def write(self, title: str = "", count: int = 0, tags: list[str] | None = None) -> None:
        self.title, self.count, self.tags = title, count, tags or []

    @event
    def keep(self, anything: Any) -> Any:
        return anything

    @event
    def weigh(self, ratio: float) -> None:
        self.ratio = ratio

    @event(method="put")
    def replace(self, title: str) -> None:
        self.title = title

    @event(method="get")
    def peek(self, part: str = "all") -> str:
        return f"{part} of {self.title}"


@pytest.fixture
async def app(start):
    return await start(Note)


@pytest.fixture
async def url(visitor):
    made = await visitor.post("/note/create", {"title": "first"})
    return f"/note/{made.json['id']}"


async def stored(app, url):
    return (await app.application.load(Note, url.rpartition("/")[2])).entity


async def test_a_json_object_holds_the_arguments_by_name(app, visitor, url):
    answer = await visitor.post(f"{url}/write", {"title": "second", "count": 3})

    assert answer.status == 200
    assert answer.json["entity"] == {"id": url[6:], "title": "second", "count": 3, "ratio": 0.0, "tags": []}
    assert answer.json["version"] == 2
    assert (await stored(app, url)).title == "second"


async def test_a_form_holds_them_as_text_and_is_answered_by_the_page_it_came_from(app, visitor, url):
    answer = await visitor.form(f"{url}/write", {"title": "5", "count": "7"}, referer="http://localhost/notes?page=2")

    assert (answer.status, answer.header("location")) == (303, "/notes?page=2")
    note = await stored(app, url)
    assert (note.title, note.count) == ("5", 7)


async def test_a_multipart_form_is_read_like_any_form(app, visitor, url):
    body = b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nm\xc3\xbcde\r\n--b--\r\n'

    answer = await visitor.ask("POST", f"{url}/write", body, content_type="multipart/form-data; boundary=b")

    assert answer.status == 303
    assert (await stored(app, url)).title == "müde"


async def test_a_name_that_comes_several_times_in_a_form_is_a_list(app, visitor, url):
    await visitor.form(f"{url}/write", {"title": "x", "tags": ["a", "b"]})

    assert (await stored(app, url)).tags == ["a", "b"]


@pytest.mark.parametrize(("sent", "read"), [(["a"], ["a"]), ([""], []), ([], [])])
async def test_a_list_of_one_is_a_list_and_of_none_is_empty(app, visitor, url, sent, read):
    await visitor.form(f"{url}/write", {"title": "x", "tags": sent})

    assert (await stored(app, url)).tags == read


async def test_a_name_that_comes_several_times_in_the_address_is_a_list_too(app, visitor, url):
    await visitor.form(f"{url}/write?title=x&tags=a&tags=b")

    assert (await stored(app, url)).tags == ["a", "b"]


async def test_arguments_in_the_address_go_with_those_in_the_body_which_win(app, visitor, url):
    await visitor.form(f"{url}/write?title=address&count=2", {"title": "body"})

    note = await stored(app, url)
    assert (note.title, note.count) == ("body", 2)


async def test_an_empty_text_is_no_number(app, visitor, url):
    await visitor.form(f"{url}/write", {"title": "", "count": ""})

    note = await stored(app, url)
    assert (note.title, note.count) == ("", 0)


async def test_an_empty_body_calls_with_every_default(app, visitor, url):
    assert (await visitor.ask("POST", f"{url}/write")).status == 200
    assert (await visitor.ask("POST", f"{url}/write", content_type="application/json")).status == 200
    assert (await stored(app, url)).title == ""


async def test_a_byte_order_mark_is_no_problem(app, visitor, url):
    await visitor.ask("POST", f"{url}/write", b'\xef\xbb\xbf{"title": "bom"}', content_type="application/json")

    assert (await stored(app, url)).title == "bom"


async def test_a_name_given_twice_in_json_is_refused(app, visitor, url):
    before = (await stored(app, url)).title
    reply = await visitor.ask("POST", f"{url}/write", b'{"title": "a", "title": "b"}', content_type="application/json")

    assert reply.status == 422
    assert (await stored(app, url)).title == before


async def test_json_may_name_its_charset(visitor, url):
    answer = await visitor.post(f"{url}/write", {}, content_type="Application/JSON; charset=utf-8")

    assert answer.status == 200


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_an_event_answers_to_its_own_method_and_to_the_post_of_a_page(app, visitor, url, method):
    answer = await visitor.ask(method, f"{url}/replace", b'{"title": "put"}', content_type="application/json")

    assert answer.status == 200
    assert (await stored(app, url)).title == "put"


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "PATCH"])
async def test_it_answers_to_no_other(app, visitor, url, method):
    before = await stored(app, url)

    assert (await visitor.ask(method, f"{url}/write")).status == 405
    assert await stored(app, url) is before


async def test_a_reading_event_is_called_by_get(visitor, url):
    answer = await visitor.get(f"{url}/peek?part=half")

    assert (answer.status, answer.json["returned"]) == (200, "half of first")


async def test_an_address_that_is_not_encoded_is_refused(visitor, url):
    assert (await visitor.get(f"{url}/peek?part=\x80")).status == 400


WRONG_BODIES = {
    "no JSON": b"{",
    "no text": b"\xff\xfe\xfa",
    "a list": b"[1]",
    "a text": b'"x"',
    "null": b"null",
    "NaN": b'{"count": NaN}',
    "a number beyond every float": b'{"count": 1e400}',
    "more digits than anybody can read": b'{"count": ' + b"9" * 5000 + b"}",
    "half a character": b'{"title": "\\ud800"}',
    "a wrong type": b'{"count": "many"}',
    "a list for a text": b'{"title": ["x"]}',
    "an object for a number": b'{"count": {"gt": 0}}',
    "an argument nobody asked for": b'{"title": "x", "owner": "me"}',
    "a field that is no argument": b'{"ratio": 2}',
    "a name with underscores": b'{"__class__": {"__init__": {}}}',
    "a path": b'{"title.__class__": "x"}',
}


@pytest.mark.parametrize("body", WRONG_BODIES.values(), ids=WRONG_BODIES.keys())
async def test_a_body_that_does_not_fit_is_refused_and_changes_nothing(app, visitor, url, body):
    before = await stored(app, url)

    answer = await visitor.ask("POST", f"{url}/write", body, content_type="application/json")

    assert answer.status == 422
    assert answer.header("content-type") == "application/problem+json"
    assert answer.json["errors"], "it says what is wrong"
    assert await stored(app, url) is before


@pytest.mark.parametrize(("levels", "status"), [(32, 200), (33, 422), (100_000, 422)])
async def test_32_levels_are_deep_enough(visitor, url, levels, status):
    body = b'{"anything": ' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"

    answer = await visitor.ask("POST", f"{url}/keep", body, content_type="application/json")

    assert answer.status == status
    assert ("nested" in answer.text) is (status == 422)


@pytest.mark.parametrize("text", ["nan", "NaN", "inf", "-Infinity", "1e999"])
async def test_no_text_of_a_form_becomes_a_number_that_json_cannot_hold(app, visitor, url, text):
    before = await stored(app, url)

    assert (await visitor.form(f"{url}/weigh", {"ratio": text})).status == 422
    assert await stored(app, url) is before


async def test_what_is_wrong_is_told_for_each_value(visitor, url):
    answer = await visitor.post(f"{url}/write", {"titel": "x", "count": "many"})

    problems = {tuple(problem["loc"]): problem["message"] for problem in answer.json["errors"]}
    assert set(problems) == {("titel",), ("count",)}
    assert "title" in problems["titel",]


async def test_a_missing_argument_is_named(visitor, url):
    answer = await visitor.post(f"{url}/replace", {})

    assert [problem["loc"] for problem in answer.json["errors"]] == [["title"]]


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "application/jsonp", "json", "image/png"])
async def test_a_body_of_another_kind_is_not_looked_at(app, visitor, url, media):
    before = await stored(app, url)

    answer = await visitor.ask("POST", f"{url}/write", b'{"title": "sneaky"}', content_type=media)

    assert answer.status == 415
    assert await stored(app, url) is before


async def test_a_body_without_a_kind_is_not_looked_at(visitor, url):
    assert (await visitor.ask("POST", f"{url}/write", b'{"title": "sneaky"}')).status == 415


async def test_a_file_is_refused_and_says_so(visitor, url):
    body = b'--b\r\nContent-Disposition: form-data; name="title"; filename="a.txt"\r\n\r\nx\r\n--b--\r\n'

    answer = await visitor.ask("POST", f"{url}/write", body, content_type="multipart/form-data; boundary=b")

    assert answer.status == 422
    assert "text/html" in answer.header("content-type"), "a form without a script gets a page"
    assert "file" in answer.text


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("multipart/form-data", b"--b\r\n"),
        ("multipart/form-data; boundary=b", b"--c\r\n\r\n--c--"),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 2000)),
        ("application/x-www-form-urlencoded", b"count=%ff%fe"),
    ],
)
async def test_a_form_that_cannot_be_read_is_refused_in_a_page(app, visitor, url, media, body):
    before = await stored(app, url)

    answer = await visitor.ask("POST", f"{url}/write", body, content_type=media)

    assert answer.status == 422
    assert "text/html" in answer.header("content-type")
    assert await stored(app, url) is before


async def test_no_charset_of_a_form_brings_in_half_a_character(visitor, url):
    part = b'--b\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\nutf-7\r\n'
    body = part + b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\n+2AA-\r\n--b--\r\n'

    answer = await visitor.ask(
        "POST", f"{url}/write", body, content_type="multipart/form-data; charset=utf-7; boundary=b"
    )

    assert answer.status in (303, 422)
    assert (await visitor.get(f"{url}/peek")).status == 200


async def test_a_client_that_leaves_half_way_through_its_body_has_not_sent_a_command(app, visitor, url):
    before = await stored(app, url)
    scope = visitor.scope("POST", f"{url}/write", {"content-type": "application/json", "content-length": "20"})
    messages = iter([{"type": "http.request", "body": b"", "more_body": True}, {"type": "http.disconnect"}])
    sent = []

    async def receive():
        return next(messages)

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)

    assert await stored(app, url) is before


async def test_a_body_over_the_limit_is_refused_by_its_announced_length(visitor, url):
    answer = await visitor.ask("POST", f"{url}/write", b"{}", content_type="application/json", content_length="2000000")

    assert answer.status == 413


@pytest.mark.parametrize("media", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
async def test_a_body_over_the_limit_is_refused_while_it_comes(app, visitor, url, media):
    before = await stored(app, url)
    chunks = [b"a=" + b"x" * 99_998] * 11

    answer = await visitor.ask("POST", f"{url}/write", chunks, chunked=True, content_type=media)

    assert answer.status == 413
    assert await stored(app, url) is before


@pytest.mark.parametrize("length", ["-1", "1e3", "", "abc", "9" * 5000])
async def test_a_length_that_is_none_is_refused(visitor, url, length):
    assert (await visitor.ask("POST", f"{url}/write", b"{}", content_length=length)).status == 413


async def test_a_body_in_many_chunks_is_one_body(app, visitor, url):
    body = json.dumps({"title": "in pieces"}).encode()

    await visitor.ask("POST", f"{url}/write", [body[:5], b"", body[5:]], content_type="application/json")

    assert (await stored(app, url)).title == "in pieces"
