"""Which changes concern a list: all that alter which entities are in it or their order, and in doubt any."""

from __future__ import annotations

import pytest

from starmodel.adapters.fasthtml.relevance import ANY_CHANGE, concerns
from starmodel.core import Entity
from starmodel.core.changes import Change
from starmodel.core.query import Query
from starmodel.core.visibility import Secret


class Card(Entity):
    title: str = ""
    rank: int = 0
    pin: Secret[str] = ""


def change(before, after, *, hidden=(), snapshot=...):
    """Return the change of a card, as a store reports it: the values that changed, the secret ones by name alone."""
    if snapshot is ...:
        snapshot = None if after is None else Card(**{**(before or {}), **after})
    return Change("Card", "c", 2, before, after, hidden, snapshot)


HERE = Query(where={"title": "here"})


@pytest.mark.parametrize(
    ("query", "what", "expected"),
    [
        (HERE, change(None, {"title": "here"}), True),
        (HERE, change(None, {"title": "there"}), False),
        (HERE, change({"title": "here"}, None), True),
        (HERE, change({"title": "there"}, None), False),
        (HERE, change({"title": "there"}, {"title": "here"}), True),
        (HERE, change({"title": "here"}, {"title": "there"}), True),
        (HERE, change({"rank": 1}, {"rank": 2}, snapshot=Card(title="here", rank=2)), False),
        (Query(order=("rank",)), change({"rank": 1}, {"rank": 2}), True),
        (Query(order=("-rank",)), change({"rank": 1}, {"rank": 2}), True),
        (Query(order=("title",)), change({"rank": 1}, {"rank": 2}), False),
        (Query(), change({"rank": 1}, {"rank": 2}), False),
        (ANY_CHANGE, change({"rank": 1}, {"rank": 2}), True),
        (ANY_CHANGE, change({"title": "x"}, None), True),
    ],
)
def test_a_change_of_members_or_of_their_order_does_and_no_other(query, what, expected):
    assert concerns(what, query) is expected


@pytest.mark.parametrize(
    "what",
    [
        change({"rank": 1}, {"rank": 2}, snapshot=None),
        change(None, {"title": "there"}, snapshot=None),
        change({}, {}, hidden=("pin",), snapshot=Card(title="there")),
        Change("Card", "c", 2, None, None),
        change({"id": "c", "rank": 1}, None),
    ],
    ids=[
        "an update without its snapshot",
        "a creation without its snapshot",
        "a secret that changed",
        "a bare deletion",
        "a deletion by a version of the class that has no such field",
    ],
)
def test_in_doubt_it_does(what):
    assert concerns(what, HERE)


def test_so_does_the_deletion_of_what_was_found_by_a_secret():
    deletion = change({"title": "here", "rank": 1}, None, hidden=("pin",))

    assert concerns(deletion, Query(where={"or": [{"pin": "1234"}, {"rank": {"gt": 5}}]}))
    assert not concerns(deletion, Query(where={"title": "there"}))
