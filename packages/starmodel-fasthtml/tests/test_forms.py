"""The forms of entities and events as anybody without scripts has them: drawn, sent, refused, drawn again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from html import unescape
from html.parser import HTMLParser
from typing import Annotated
from urllib.parse import urlencode

import pytest

from starmodel.core import Entity, Private, Reference, Secret, Shown, event
from starmodel.core.ports import Decision


class Kind(Enum):
    OPEN = "open"
    PAID = "paid"


@dataclass(frozen=True)
class Money:
    amount: Decimal
    currency: str = "EUR"


@dataclass(frozen=True)
class Line:
    what: str
    pieces: int = 1
    price: Money | None = None


class Client(Entity):
    name: str
    email: str = ""


class Bill(Entity):
    title: str
    kind: Kind = Kind.OPEN
    urgent: bool = False
    checked: bool | None = None
    due: date | None = None
    nick: str | None = None
    body: str = ""
    at: datetime = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    client_id: Annotated[str | None, Reference("Client")] = None
    tags: list[str] = []
    lines: list[Line] = []
    price: Money | None = None
    counts: dict[str, int] = {}
    spot: tuple[int, str] = (1, "a")
    paid_by: Annotated[str, Shown(label="Paid by", help="Who paid", when={"kind": "paid"})] = ""
    margin: Private[int] = 5
    pin: Secret[str] = "1234"

    def check(self) -> None:
        if self.title == "bad":
            raise ValueError("no bill is called bad")

    @event
    def remind(self, until: date, clients: list[Client], note: str = "soon") -> None:
        """Remind them, and write down when."""
        self.due, self.body = until, f"{note}: {', '.join(one.name for one in clients)}"

    @event
    def reprice(self, price: Money) -> None:
        self.price = price

    @event(confirm="Really close it?")
    def close(self) -> None:
        self.kind = Kind.PAID


class Form(HTMLParser):
    """The fields that a browser would send for the page's form of an entity, if nobody touched it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action, self.fields, self.errors, self._inside, self._skip = "", [], {}, False, 0
        self._select, self._area = None, None
        self.feed(html)
        wrong = re.findall(r'id="([^"]+)-error"[^>]*>([^<]+)<', html)
        self.errors = {id.partition("-")[2].partition("-")[2]: unescape(text) for id, text in wrong}

    def handle_starttag(self, tag, attrs):
        has = dict(attrs)
        if tag == "template":
            self._skip += 1
        if tag == "form" and "data-sm-form" in has:
            self._inside, self.action = True, has["action"]
        if not self._inside or self._skip:
            return
        name = has.get("name")
        if tag == "input" and name and (has["type"] != "checkbox" or "checked" in has):
            self.fields.append((name, has.get("value", "on")))
        elif tag == "select":
            self._select = (name, "multiple" in has, [])
        elif tag == "option" and self._select:
            self._select[2].append((has.get("value"), "selected" in has))
        elif tag == "textarea":
            self._area = (name, "")

    def handle_data(self, data):
        if self._area:
            self._area = (self._area[0], self._area[1] + data)

    def handle_endtag(self, tag):
        if tag == "template":
            self._skip -= 1
        elif tag == "form":
            self._inside = False
        elif tag == "textarea" and self._area:
            self.fields.append((self._area[0], self._area[1].removeprefix("\n")))
            self._area = None
        elif tag == "select" and self._select:
            name, several, options = self._select
            chosen = [value for value, is_chosen in options if is_chosen] or ([] if several else [options[0][0]])
            self.fields += [(name, value) for value in chosen]
            self._select = None

    def __getitem__(self, name):
        return next(value for key, value in reversed(self.fields) if key == name)

    def __contains__(self, name):
        return any(key == name for key, _ in self.fields)

    async def send(self, visitor, **changed):
        values = {name.replace("__", "."): value for name, value in changed.items()}
        kept = [(name, value) for name, value in self.fields if name not in values]
        body = urlencode([*kept, *((name, value) for name, value in values.items() if value is not None)])
        return await visitor.ask(
            "POST", self.action, body.encode(), content_type="application/x-www-form-urlencoded", accept="text/html"
        )


@pytest.fixture
async def app(start):
    return await start(Bill, Client)


async def opened(visitor, address, **headers):
    answer = await visitor.get(address, **headers)
    assert answer.status == 200, answer.text
    return Form(answer.text)


async def made(app, kind=Bill, **values):
    return (await app.application.dispatch(kind.create(**values))).entity.id


async def kept(app, id, kind=Bill):
    return (await app.application.load(kind, id)).entity


async def test_a_new_entity_is_made_by_its_form_and_shown(app, visitor):
    form = await opened(visitor, "/bill/new")

    answer = await form.send(visitor, title="Rent", urgent="on", due="2026-05-05")

    assert answer.status == 303
    assert answer.header("location").startswith("/bill/")
    bill = await kept(app, answer.header("location")[6:])
    assert (bill.title, bill.urgent, bill.due, bill.kind) == ("Rent", True, date(2026, 5, 5), Kind.OPEN)
    assert (bill.nick, bill.checked, bill.price, bill.lines, bill.tags) == (None, None, None, [], [])
    assert (bill.at, bill.pin) == (Bill.__entity_fields__ and datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), "1234")


async def test_neither_private_nor_secret_values_are_in_a_form(app, visitor):
    id = await made(app, title="t", pin="hush-hush")

    form = await opened(visitor, f"/bill/{id}/edit")

    assert "margin" not in form
    assert form["pin"] == ""
    answer = await form.send(visitor, title="")
    assert "hush-hush" not in answer.text


async def test_a_form_that_is_sent_as_it_was_drawn_changes_nothing(app, visitor):
    line = Line("tea", 2, Money(Decimal("1.50")))
    client = await made(app, Client, name="Ada")
    values = {"title": "t", "body": "\na\r\nb", "tags": ["x", "y"], "lines": [line], "price": Money(Decimal(5), "USD")}
    id = await made(app, **values, counts={"a": 1}, client_id=client, checked=False, pin="9")
    before = await app.application.load(Bill, id)

    answer = await (await opened(visitor, f"/bill/{id}/edit")).send(visitor)

    assert answer.status == 303
    assert await app.application.load(Bill, id) == before


async def test_every_part_of_a_value_can_be_changed(app, visitor):
    id = await made(app, title="t", lines=[Line("tea", 2), Line("jam")], tags=["x"], price=Money(Decimal(5)))

    form = await opened(visitor, f"/bill/{id}/edit")
    await form.send(
        visitor, lines__0__what="", lines__0__pieces="", lines__1__price__amount="2.5", lines__2__what="new",
        tags__0="", tags__1="z", price__amount="", price__currency="", counts='{"n": 3}', urgent="on", nick="Joe",
    )  # fmt: skip

    bill = await kept(app, id)
    assert bill.lines == [Line("jam", 1, Money(Decimal("2.5"))), Line("new")]
    assert (bill.tags, bill.price, dict(bill.counts), bill.urgent, bill.nick) == (["z"], None, {"n": 3}, True, "Joe")


async def test_what_was_ticked_and_listed_can_be_taken_away(app, visitor):
    id = await made(app, title="t", urgent=True, tags=["x"], nick="Joe", due=date(2026, 1, 1))

    form = await opened(visitor, f"/bill/{id}/edit")
    sent = [(name, value) for name, value in form.fields if (name, value) != ("urgent", "on")]
    form.fields = sent
    await form.send(visitor, tags__0="", nick="", due="")

    bill = await kept(app, id)
    assert (bill.urgent, bill.tags, bill.nick, bill.due) == (False, [], None, None)


async def test_a_form_that_does_not_fit_comes_back_with_what_is_wrong_at_its_fields(app, visitor):
    form = await opened(visitor, "/bill/new")

    answer = await form.send(
        visitor, title="", due="tomorrow", lines__0__what="tea", lines__0__pieces="<b>", body="kept"
    )

    assert answer.status == 422
    again = Form(answer.text)
    assert again.errors.keys() == {"title", "due", "lines-0-pieces"}
    assert again.errors["title"] == "is required"
    assert (again["body"], again["lines.0.what"], again["lines.0.pieces"], again["due"]) == (
        "kept",
        "tea",
        "<b>",
        "tomorrow",
    )
    assert 'aria-invalid="true"' in answer.text
    assert 'role="alert"' in answer.text
    assert "sm-live" not in answer.text

    corrected = await again.send(visitor, title="t", due="", lines__0__pieces="3")
    assert corrected.status == 303
    assert (await kept(app, corrected.header("location")[6:])).lines == [Line("tea", 3)]


async def test_blank_items_before_a_wrong_one_do_not_move_its_message(app, visitor):
    form = await opened(visitor, "/bill/new")

    again = Form(
        (await form.send(visitor, title="t", lines__0__what="", lines__4__what="a", lines__4__pieces="x")).text
    )

    assert again.errors.keys() == {"lines-0-pieces"}
    assert (again["lines.0.what"], again["lines.0.pieces"]) == ("a", "x")


async def test_a_broken_rule_is_told_above_the_form(app, visitor):
    answer = await (await opened(visitor, "/bill/new")).send(visitor, title="bad", body="kept")

    assert answer.status == 422
    assert "no bill is called bad" in answer.text
    assert Form(answer.text)["body"] == "kept"


async def test_what_must_be_there_cannot_be_blanked(app, visitor):
    id = await made(app, title="t")

    answer = await (await opened(visitor, f"/bill/{id}/edit")).send(visitor, title=" ", at="", due="never")

    assert answer.status == 422
    assert Form(answer.text).errors.keys() == {"title", "at", "due"}
    assert (await kept(app, id)).title == "t"


async def test_an_event_has_a_form_of_its_arguments(app, visitor):
    eve = await made(app, Client, name="Eve")
    await made(app, Client, name="Ada")
    id = await made(app, title="t")

    form = await opened(visitor, f"/bill/{id}/do/remind", referer="http://localhost/bill?q=t")
    assert form["note"] == "soon"
    answer = await form.send(visitor, until="2026-06-06", **{"clients__0~": "Ada", "clients__1": eve})
    assert answer.status == 303
    assert answer.header("location") == "/bill?q=t"
    assert (await kept(app, id)).body == "soon: Ada, Eve"


async def test_an_event_that_asks_before_has_a_page_that_asks(app, visitor):
    id = await made(app, title="t")

    answer = await visitor.get(f"/bill/{id}/do/close")

    assert "Really close it?" in answer.text
    assert (await Form(answer.text).send(visitor)).status == 303
    assert (await kept(app, id)).kind is Kind.PAID


async def test_deleting_asks_and_leads_to_the_list(app, visitor):
    id = await made(app, title="Rent <1>")

    answer = await visitor.get(f"/bill/{id}/do/delete", referer=f"http://localhost/bill/{id}")
    assert "Rent &lt;1&gt;" in answer.text
    done = await Form(answer.text).send(visitor)

    assert (done.status, done.header("location")) == (303, "/bill")
    assert not (await app.application.find(Bill)).items


async def test_a_reference_is_found_by_what_it_is_called(app, visitor):
    ada = await made(app, Client, name="Ada")
    form = await opened(visitor, "/bill/new")

    answer = await form.send(visitor, title="t", **{"client_id~": "Ada"})
    id = answer.header("location")[6:]
    assert (await kept(app, id)).client_id == ada

    form = await opened(visitor, f"/bill/{id}/edit")
    assert (form["client_id"], form["client_id~"]) == (ada, "Ada")
    await form.send(visitor, **{"client_id~": ""})
    assert (await kept(app, id)).client_id is None


@pytest.mark.parametrize(("names", "message"), [([], "there is none"), (["Ada", "Ada"], "several")])
async def test_a_name_of_nobody_or_of_several_is_told_at_its_field(app, visitor, names, message):
    for name in names:
        await made(app, Client, name=name)

    answer = await (await opened(visitor, "/bill/new")).send(visitor, title="t", **{"client_id~": "Ada"})

    assert answer.status == 422
    again = Form(answer.text)
    assert message in again.errors["client_id"]
    assert again["client_id~"] == "Ada"


async def test_what_is_hidden_by_another_field_is_not_kept(app, visitor):
    form = await opened(visitor, "/bill/new")
    answer = await form.send(visitor, title="t", paid_by="me", kind="open")
    id = answer.header("location")[6:]
    assert (await kept(app, id)).paid_by == ""

    await (await opened(visitor, f"/bill/{id}/edit")).send(visitor, paid_by="me", kind="paid")
    assert (await kept(app, id)).paid_by == "me"


async def test_what_depends_on_another_field_is_not_changed_alone_and_that_is_told(app, visitor):
    id = await made(app, title="t")

    answer = await visitor.get(f"/bill/{id}/cell/paid_by", starmodel_request="1")
    assert (answer.status, answer.json["detail"]) == (409, "Paid by is asked for only while: Kind = Paid")
    alone = await visitor.form(f"/bill/{id}/update", {"paid_by": "me"}, starmodel_request="1")
    assert (alone.status, alone.json["errors"][0]["loc"]) == (422, ["paid_by"])

    await visitor.post(f"/bill/{id}/update", {"kind": "paid"})
    assert 'name="paid_by"' in (await visitor.get(f"/bill/{id}/cell/paid_by", starmodel_request="1")).text
    assert (await visitor.form(f"/bill/{id}/update", {"paid_by": "me"}, starmodel_request="1")).status == 204


async def test_an_argument_that_is_a_field_made_of_parts_begins_with_what_they_are(app, visitor):
    id = await made(app, title="t", price=Money(Decimal(2), "USD"))

    form = await opened(visitor, f"/bill/{id}/do/reprice")
    assert (form["price.amount"], form["price.currency"]) == ("2", "USD")
    await form.send(visitor, price__amount="3")

    assert (await kept(app, id)).price == Money(Decimal(3), "USD")


async def test_two_who_change_the_same_field_choose_which_one_holds(app, visitor):
    id = await made(app, title="first")
    mine, theirs = await opened(visitor, f"/bill/{id}/edit"), await opened(visitor, f"/bill/{id}/edit")
    await theirs.send(visitor, title="<theirs>", body="of them")

    answer = await mine.send(visitor, title="mine", nick="me")

    assert answer.status == 409
    assert "Take theirs: &lt;theirs&gt;" in answer.text
    assert "Somebody else has stored: &lt;theirs&gt;" in answer.text
    assert (await kept(app, id)).title == "<theirs>"
    again = Form(answer.text)
    assert (again["title"], again["title?"], again.action.partition("?")[2]) == ("mine", "yours", "_base=2")

    assert (await again.send(visitor, **{"title?": "theirs"})).status == 303
    bill = await kept(app, id)
    assert (bill.title, bill.body, bill.nick) == ("<theirs>", "of them", "me")


async def test_a_form_that_did_not_fit_still_says_which_version_it_was_filled_from(app, visitor):
    id = await made(app, title="first", body="old")
    mine = await opened(visitor, f"/bill/{id}/edit")
    await (await opened(visitor, f"/bill/{id}/edit")).send(visitor, body="theirs")

    drawn = await mine.send(visitor, title="", body="mine")
    again = Form(drawn.text)

    assert again.action.partition("?")[2] == "_base=1"
    assert 'tabindex="-1" autofocus' in drawn.text
    assert (await again.send(visitor, title="second")).status == 409
    assert (await kept(app, id)).body == "theirs"


async def test_a_conflict_has_both_values_for_programs_too(app, visitor):
    id = await made(app, title="first", due=date(2026, 1, 1))
    await visitor.post(f"/bill/{id}/update", {"due": "2026-02-02", "pin": "1"})

    headers = {"starmodel_base_version": "1"}
    answer = await visitor.post(f"/bill/{id}/update", {"due": "2026-03-03", "pin": "2"}, **headers)

    assert answer.status == 409
    assert answer.json["version"] == 2
    assert answer.json["conflicts"] == {
        "due": {"theirs": "2026-02-02", "yours": "2026-03-03"},
        "pin": {"theirs": "***", "yours": "***"},
    }


async def test_the_script_of_a_page_is_given_a_dialog(app, visitor):
    id = await made(app, title="t")

    answer = await visitor.get(f"/bill/{id}/edit", starmodel_request="1")

    assert answer.text.startswith("<dialog")
    assert "data-live=" in answer.text
    assert "<html" not in answer.text
    form = Form(answer.text)
    body = urlencode([*form.fields, ("title", "")]).encode()
    media = "application/x-www-form-urlencoded"
    again = await visitor.ask("POST", form.action, body, content_type=media, starmodel_request="1")
    assert again.status == 422
    assert again.text.startswith("<dialog")
    assert Form(again.text).errors == {"title": "is required"}


async def test_values_are_checked_without_being_kept(app, visitor):
    id = await made(app, title="t")
    for path, sent in (
        ("/bill/do/create", {"title": "", "title@": "blank=skip"}),
        (f"/bill/{id}/do/update", {"title": "", "title@": "blank=refuse"}),
    ):
        assert (await visitor.form(path, sent)).json == {
            "errors": [{"loc": ["title"], "message": "is required", "code": "missing", "name": "title"}]
        }
    assert (await visitor.form(f"/bill/{id}/do/update", {"title": "bad"})).json["errors"][0]["loc"] == []
    assert (await visitor.form(f"/bill/{id}/do/update", {"title": "good"})).json == {"errors": []}
    assert (await visitor.form(f"/bill/{id}/do/close", {})).json == {"errors": []}
    bill = await kept(app, id)
    assert (bill.title, bill.kind) == ("t", Kind.OPEN)
    assert len((await app.application.find(Bill)).items) == 1


async def test_choices_are_found_by_their_words_and_are_never_all(app, visitor):
    for number in range(30):
        await made(app, Client, name=f"Ada {number:02}")
    await made(app, Client, name="Eve")

    assert [one["name"] for one in (await visitor.get("/client/choices?q=eve")).json["choices"]] == ["Eve"]
    found = (await visitor.get("/client/choices?q=")).json["choices"]
    assert [one["name"] for one in found[:2]] == ["Ada 00", "Ada 01"]
    assert len(found) == 20
    assert (await visitor.get("/client/choices?q=nobody")).json == {"choices": []}


class NobodyButEve:
    def decide(self, actor, action, kind, id, entity):
        if kind is Client and entity is not None and entity.name != "Eve":
            return Decision(False, "not yours", hidden=True)
        if action == "remind":
            return Decision(False, "not now")
        return Decision(True)


async def test_nobody_is_offered_or_can_name_what_they_may_not_see(start):
    from asgi_visitors import Visitor

    app = await start(Bill, Client, policies=[NobodyButEve()])
    visitor = Visitor(app)
    ada = await made(app, Client, name="Ada")
    await made(app, Client, name="Eve")
    assert [one["name"] for one in (await visitor.get("/client/choices?q=")).json["choices"]] == ["Eve"]

    form = await opened(visitor, "/bill/new")
    for typed in ("Ada", ada):
        answer = await form.send(visitor, title="t", **{"client_id~": typed})
        assert "there is none" in Form(answer.text).errors["client_id"]
    id = await made(app, title="t", client_id=ada)
    assert "Ada" not in (await visitor.get(f"/bill/{id}/edit")).text
    assert (await visitor.get(f"/bill/{id}/do/remind")).status == 403


@pytest.mark.parametrize(
    "address", ["/bill/nothing/edit", "/bill/do/nothing", "/bill/x/do/create", "/bill/x/do/remind"]
)
async def test_forms_of_what_is_not_there_are_not_there(app, visitor, address):
    assert (await visitor.get(address)).status == 404


@pytest.mark.parametrize("back", ["//evil.example/x", "https://evil.example", "/\\evil.example", "javascript:x", ""])
async def test_a_form_leads_to_no_other_site(app, visitor, back):
    id = await made(app, title="t")

    answer = await (await opened(visitor, f"/bill/{id}/edit")).send(visitor, _form=back)

    assert (answer.status, answer.header("location")) == (303, "/")


HOSTILE = "<script>alert(1)</script>\"'&{{x}} \ue000key\ue001"


async def test_hostile_values_stay_text_in_every_control(app, visitor):
    client = await made(app, Client, name=HOSTILE)
    id = await made(
        app, title=HOSTILE, body=HOSTILE, tags=[HOSTILE], lines=[Line(HOSTILE)], client_id=client, counts={HOSTILE: 1}
    )
    for address in ("/bill/new", f"/bill/{id}/edit", f"/bill/{id}/do/delete"):
        answer = await visitor.get(address)
        assert answer.status == 200
        assert "<script>alert" not in answer.text

    form = await opened(visitor, f"/bill/{id}/edit")
    before = await app.application.load(Bill, id)
    assert (await form.send(visitor)).status == 303
    assert await app.application.load(Bill, id) == before
    again = await form.send(
        visitor, due=HOSTILE, kind=HOSTILE, lines__0__pieces=HOSTILE, **{"client_id~": HOSTILE + "x"}
    )
    assert again.status == 422
    assert "<script>alert" not in again.text
