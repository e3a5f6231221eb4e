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
    assert outcome.count < 60
