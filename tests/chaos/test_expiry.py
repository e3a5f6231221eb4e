"""Edits that race with the end of what they edit on Redis; `python -m rig.expiry` is the long form."""

from __future__ import annotations

from rig.expiry import Expiry


async def test_an_edit_is_in_time_or_gone_and_nothing_comes_back_or_fails(redis_url):
    outcome = await Expiry(edits=300, clients=50).run(redis_url)
    assert outcome.ended[200] > 0
    assert outcome.ended[410] > 0, "none expired while it was edited"
    assert (outcome.ended.total(), outcome.back, outcome.failed, outcome.left) == (300, 0, 0, 0), outcome.failures


async def test_the_race_notices_a_store_that_brings_back_what_has_gone(redis_url):
    outcome = await Expiry(edits=100, clients=50, fault=True).run(redis_url)
    assert outcome.back > 0
