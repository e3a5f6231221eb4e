"""Commands that change two stores, while servers are killed: each store follows the other, once, and in order."""

from __future__ import annotations

from rig.hybrid import HybridStorm, HybridVerdict

STORM = HybridStorm(commands=160, clients=8, nodes=2, every=1.0, relay_every=1.2, all_each=3, hearing=0)


def test_what_one_store_has_the_other_has_too_whoever_is_killed(redis_url, sqlite_url, tmp_path):
    outcome = STORM.run(redis_url, sqlite_url, tmp_path)
    assert outcome.verdict == HybridVerdict(*[0] * 10)
    assert len(outcome.ledger.acknowledged) == STORM.commands
    assert outcome.kills + outcome.relay_kills >= 2
    assert outcome.drained <= 10
    assert (outcome.heard.recorded, outcome.heard.invented) == (STORM.commands // 2, 0)


def test_the_rig_notices_a_relay_that_settles_before_it_delivers(redis_url, sqlite_url, tmp_path):
    hasty = HybridStorm(commands=40, clients=8, nodes=1, every=0.8, fault="hasty", patience=1, hearing=0)
    verdict = hasty.run(redis_url, sqlite_url, tmp_path).verdict
    assert (verdict.lost, verdict.duplicated) == (0, 0)
    assert verdict.unfollowed > 0
