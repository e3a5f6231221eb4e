"""What a changeset becomes when it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel.core import Command, DomainEvent, Entity, Private, Recorded, Secret
from starmodel.core.changes import Change, Changeset, Position, Write, sealed

AT = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Noted(DomainEvent):
    pass


class Account(Entity):
    owner: str = "ada"
    margin: Private[int] = 0
    pin: Secret[str] = ""
    model_config = {"namespace": "accounts"}


def commit(*writes, recorded=(), number=7):
    command = Command(entity="accounts", event="update", id="c1")
    return sealed(Changeset(command, "print", writes, tuple(recorded), 42), Position("e", number), AT)


class TestPosition:
    @given(st.text(min_size=1), st.integers(0, 10**18 - 1))
    def test_it_survives_being_written(self, epoch, number):
        assert Position.parse(str(Position(epoch, number))) == Position(epoch, number)

    @pytest.mark.parametrize(
        "text", ["", "-", "e", "e-", "-1", "e-x", "e-1.0", "e-+1", "e-" + "9" * 19, "e-²", "e-\u0661"]
    )
    def test_anything_else_is_none(self, text):
        assert Position.parse(text) is None


class TestSealing:
    def test_a_new_entity_starts_at_the_number_of_its_position(self):
        change = commit(Write(Account, "a", None, Account(id="a"), 0)).changes[0]
        assert (change.version, change.before) == (7, None)

    def test_a_changed_entity_grows_by_one(self):
        before = Account(id="a")
        assert commit(Write(Account, "a", before, before.evolve(owner="bob"), 3)).changes[0].version == 4

    def test_only_the_fields_that_changed_are_listed(self):
        before = Account(id="a")
        change = commit(Write(Account, "a", before, before.evolve(owner="bob"), 3)).changes[0]
        assert (change.before, change.after) == ({"owner": "ada"}, {"owner": "bob"})
        assert change.fields == {"owner"}

    def test_a_secret_is_named_without_its_value(self):
        before = Account(id="a", pin="1234")
        change = commit(Write(Account, "a", before, before.evolve(pin="9876"), 3)).changes[0]
        assert (change.before, change.after, change.hidden) == ({}, {}, ("pin",))
        assert change.fields == {"pin"}

    def test_a_creation_lists_every_field_but_secrets(self):
        change = commit(Write(Account, "a", None, Account(id="a", pin="1"), 0)).changes[0]
        assert change.after == {"id": "a", "owner": "ada", "margin": 0}
        assert change.hidden == ("pin",)

    def test_a_deletion_keeps_what_was_there(self):
        change = commit(Write(Account, "a", Account(id="a"), None, 3)).changes[0]
        assert (change.before["owner"], change.after, change.snapshot, change.version) == ("ada", None, None, 4)

    def test_an_entity_goes_by_its_name(self):
        change = commit(Write(Account, "a", None, Account(id="a"), 0)).changes[0]
        assert change.key == ("accounts", "a")

    def test_a_recorded_fact_gets_the_version_of_its_entity(self):
        facts = [Recorded("c1.0", "accounts", "a", 0, Noted(), AT), Recorded("c1.1", "accounts", "b", 0, Noted(), AT)]
        sealed_facts = commit(Write(Account, "a", None, Account(id="a"), 0), recorded=facts).recorded
        assert [fact.version for fact in sealed_facts] == [7, 0]

    def test_the_record_holds_command_answer_and_time(self):
        made = commit()
        assert (made.command.id, made.fingerprint, made.answer, made.at, made.replayed) == (
            "c1",
            "print",
            42,
            AT,
            False,
        )

    def test_a_change_without_values_still_names_its_hidden_fields(self):
        assert Change("accounts", "a", 1, None, None, ("pin",)).fields == {"pin"}
