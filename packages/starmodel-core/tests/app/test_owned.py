"""What belongs to an actor is told by its id: who may read it, and who may change it."""

from __future__ import annotations

import pytest

from starmodel.app import VisitorPolicy
from starmodel.app.policies import belongs_to_one, is_seen_id, owned_id
from starmodel.core import SYSTEM, Actor, Entity
from starmodel.core.entity import valid_id

ADA, EVE = Actor("ada"), Actor("eve")


class Note(Entity):
    text: str = ""


def decide(actor, action, id):
    return VisitorPolicy().decide(actor, action, Note, id, None)


@pytest.mark.parametrize(
    ("rights", "owner_reads", "owner_changes", "other_reads", "other_changes"),
    [("own", True, True, False, False), ("shared", True, True, True, False), ("seen", True, False, False, False)],
)
def test_the_id_decides_who_may_do_what(rights, owner_reads, owner_changes, other_reads, other_changes):
    id = owned_id("ada", "0" * 31, rights)
    assert valid_id(id)
    assert decide(ADA, "read", id).allowed is owner_reads
    assert decide(ADA, "rename", id).allowed is owner_changes
    assert decide(EVE, "read", id).allowed is other_reads
    assert decide(EVE, "rename", id).allowed is other_changes
    assert decide(SYSTEM, "rename", id).allowed
    assert belongs_to_one(id) is (rights != "shared")
    assert is_seen_id(id) is (rights == "seen")


def test_whether_somebody_elses_is_there_cannot_be_found_out():
    assert decide(EVE, "rename", owned_id("ada", "1")).hidden


def test_the_id_does_not_tell_who_the_owner_is():
    assert "ada" not in owned_id("ada", "1")


@pytest.mark.parametrize(
    "id", ["own-goal", "shared-memory-1", "seen-it-all", "own-" + "g" * 24 + "-1", "own-" + "a" * 24]
)
def test_an_id_that_only_begins_like_one_belongs_to_nobody(id):
    assert decide(EVE, "rename", id).allowed
    assert not belongs_to_one(id)
    assert not is_seen_id(id)
