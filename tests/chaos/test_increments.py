"""Three servers on one database, one of them killed each second: every command takes effect once."""

from __future__ import annotations

from rig.checks import Verdict
from rig.storm import TOTAL, Storm

STORM = Storm(increments=60, transfers=30, clients=8, all_each=2)


def test_every_command_takes_effect_once_whoever_is_killed(any_url, tmp_path):
    outcome = STORM.run(any_url, tmp_path)
    assert outcome.kills >= 1
    assert outcome.verdict == Verdict(lost=0, duplicated=0, stuck=0, regressed=0, unknown=0)
    assert outcome.count == outcome.increments == STORM.increments
    assert len(outcome.ledger.acknowledged) == STORM.increments + STORM.transfers
    assert outcome.sums == {TOTAL}  # in every read, and at the end
    assert outcome.heard.is_right
    assert outcome.heard.recorded == 2 * STORM.transfers


def test_the_rig_notices_a_store_without_a_version_check(sqlite_url, tmp_path):
    outcome = Storm(increments=60, nodes=2, every=None, fault="blind").run(sqlite_url, tmp_path)
    assert outcome.increments == 60
    assert outcome.count != 60  # some are overwritten, and some built on what was never stored


def test_the_rig_notices_a_store_that_acknowledges_what_it_does_not_keep(sqlite_url, tmp_path):
    outcome = Storm(increments=100, nodes=2, every=None, fault="liar").run(sqlite_url, tmp_path)
    assert outcome.verdict.lost > 0


def test_the_rig_notices_a_store_without_receipts(sqlite_url, tmp_path):
    storm = Storm(increments=30, nodes=2, clients=2, every=None, fault="forgetful", again=0.5)
    outcome = storm.run(sqlite_url, tmp_path)
    assert outcome.count > 30
    assert outcome.verdict.unknown > 0
