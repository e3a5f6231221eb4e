"""Postgres is killed under load: what was acknowledged is there, and every node serves again soon after it does."""

from __future__ import annotations

import pytest

from rig.postgres import Postgres, PostgresMissingError
from rig.storm import TOTAL, Storm

STORM = Storm(increments=40, transfers=20, clients=6, every=0.3)


@pytest.fixture
def durable_postgres():
    try:
        server = Postgres(durable=True)
    except PostgresMissingError as error:
        pytest.skip(str(error))
    with server:
        yield server


def test_what_was_acknowledged_survives_the_death_of_the_database(durable_postgres, tmp_path):
    outcome = STORM.run(f"{durable_postgres.url}/postgres", tmp_path, durable_postgres)
    assert outcome.recoveries
    assert max(outcome.recoveries) <= 5
    assert outcome.verdict.is_right
    assert outcome.count == outcome.increments == STORM.increments
    assert outcome.sums == {TOTAL}
    assert outcome.heard.is_right
