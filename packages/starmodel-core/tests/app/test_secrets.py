"""A secret goes in and never comes out: not in the log, a record, an error, a repr or a published commit."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass, replace

import pytest

from starmodel.core import CheckFailedError, Entity, InvalidError, Secret, StarModelError, event
from starmodel.core.commands import REDACTED
from starmodel.core.errors import CommandReusedError
from starmodel.testing import RecordingBus

WORD = "geheim-5317"


@dataclass(frozen=True)
class Shown:
    who: Account
    others: list[Account]


class Account(Entity):
    owner: str = ""
    password: Secret[str] = ""

    @event
    def change(self, new: Secret[str], hint: str = "") -> None:
        self.password = new

    @event
    def sign_in(self, password: Secret[str]) -> bool:
        return password == self.password

    @event
    def pay(self, pin: Secret[int]) -> None: ...

    @event
    def show(self) -> Shown:
        return Shown(self, [self])

    @event
    def fail(self, password: Secret[str]) -> None:
        raise ValueError("no")

    def check(self):
        if self.password == WORD * 2:
            raise ValueError("too long")


@dataclass(frozen=True)
class Seat:
    who: Account
    row: int = 1


class Hall(Entity):
    guest: Account | None = None
    seats: list[Seat] = []
    name: str = ""

    @event
    def take(self, seat: Seat) -> None:
        self.seats.append(seat)

    @event
    def invite(self, guest: Account) -> None:
        self.guest = guest


@pytest.fixture
def bus():
    return RecordingBus()


@pytest.fixture
async def app(start, bus):
    app = await start(Account, bus=bus)
    await app.dispatch(Account.create(owner="ada", password=WORD).on("a"))
    return app


async def test_the_secret_arrived(app):
    assert (await app.load(Account, "a")).entity.password == WORD
    assert (await app.dispatch(Account.sign_in(WORD).on("a"))).returned is True
    assert (await app.dispatch(Account.sign_in("wrong").on("a"))).returned is False


async def test_a_stored_command_holds_a_stand_in(app, bus):
    result = await app.dispatch(Account.change(WORD + "2", hint="two").on("a"))
    assert result.command.args == {"new": REDACTED, "hint": "two"}
    store = app.persistence.for_class(Account)
    assert (await store.commit_of(result.command.id)).command.args["new"] == REDACTED


async def test_nothing_that_was_stored_or_published_shows_it(app, bus):
    await app.dispatch(Account.change(WORD + "2").on("a"))
    await app.dispatch(Account.update(password=WORD + "3").on("a"))
    await app.dispatch(Account.delete().on("a"))
    for commit in bus.published:
        assert WORD not in repr(commit)
        assert WORD not in commit.command.to_json()
        for change in commit.changes:
            assert WORD not in repr((change.before, change.after))
            assert "password" not in {*(change.before or {}), *(change.after or {})}


async def test_a_change_names_the_field_without_its_value(app, bus):
    await app.dispatch(Account.change(WORD + "2").on("a"))
    assert bus.published[-1].changes[0].hidden == ("password",)


@pytest.mark.parametrize(
    "command",
    [
        Account.pay(WORD),
        Account.change(WORD * 2),
        Account.fail(WORD),
        replace(Account.sign_in(WORD), args={"password": WORD, "more": WORD}),
        replace(Account.sign_in(WORD), args={"password": {"x": WORD}}),
    ],
)
async def test_no_error_shows_it(app, command, caplog):
    with caplog.at_level(logging.DEBUG), pytest.raises((StarModelError, ValueError)) as caught:
        await app.dispatch(command.on("a"))
    lines = "".join(traceback.format_exception(caught.value, chain=True))
    assert WORD not in lines.replace(f'WORD = "{WORD}"', "")
    assert WORD not in caplog.text


async def test_a_repeated_command_with_another_secret_is_the_same_command(app):
    command = replace(Account.change(WORD + "2").on("a"), id="c1")
    await app.dispatch(command)
    assert (await app.dispatch(replace(command, args={"new": "x"}))).replayed
    with pytest.raises(CommandReusedError):
        await app.dispatch(replace(command, args={"new": "x", "hint": "h"}))


async def test_an_answer_that_is_kept_names_the_entities_in_it_by_their_ids(app):
    command = replace(Account.show().on("a"), id="c1")
    first = await app.dispatch(command)
    assert first.commit.answer == {"who": "a", "others": ["a"]}
    assert (await app.dispatch(command)).returned == {"who": "a", "others": ["a"]}


def test_a_repr_shows_neither_fields_nor_arguments_that_are_secret():
    account = Account(password=WORD)
    for thing in (account, Account.change(WORD), account.change.command(WORD), account.change):
        assert WORD not in repr(thing)


async def test_a_broken_rule_says_only_what_the_rule_says(app):
    with pytest.raises(CheckFailedError, match=r"^too long$"):
        await app.dispatch(Account.change(WORD * 2).on("a"))


async def test_a_wrong_secret_is_named_and_not_repeated(app):
    with pytest.raises(InvalidError, match=r"^pin: ") as caught:
        await app.dispatch(Account.pay(WORD).on("a"))
    assert WORD not in str(caught.value)


async def test_a_secret_inside_what_a_field_holds_is_in_no_log(start, bus):
    app = await start(Hall, Account, bus=bus)
    hall = (await app.dispatch(Hall.create(name="big"))).entity
    ada = (await app.dispatch(Account.create(owner="ada", password=WORD))).entity
    await app.dispatch(Hall.take(Seat(ada)).on(hall.id))
    await app.dispatch(Hall.invite(ada).on(hall.id))
    stored = (await app.load(Hall, hall.id)).entity
    assert (stored.seats[0].who, stored.guest) == (ada, ada)
    hidden = [commit.changes[0].hidden for commit in await app.history.timeline(Hall, hall.id)]
    assert hidden == [("guest", "seats"), ("seats",), ("guest",)]
    told = [
        replace(commit, changes=tuple(replace(one, snapshot=None) for one in commit.changes))
        for commit in bus.published
    ]
    assert WORD not in repr([(commit.command.args, commit.changes) for commit in told])
    assert bus.published[-2].command.args == {"seat": REDACTED}
