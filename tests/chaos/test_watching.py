"""Tabs on several nodes, whose connections are cut, and whose nodes are restarted one after the other."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager

import pytest

from rig.clients import Client
from rig.nemesis import repeatedly, rolls
from rig.nodes import Cluster
from rig.tabs import Tab, watched
from rig.watching import Watching


def test_no_tab_lags_behind_or_goes_backwards_while_connections_are_cut(redis_url, tmp_path):
    few = Watching(120, tabs=8, counters=2, clients=4, nodes=2)
    outcome = few.run(redis_url, tmp_path, lambda _, proxy: repeatedly(lambda: proxy.cut(2), every=0.1))
    assert outcome.cuts >= 2
    assert outcome.verdict.is_right
    assert outcome.watched.is_right, outcome.watched


def test_a_restart_of_one_node_after_the_other_loses_nothing_and_every_tab_is_live_again(redis_url, tmp_path):
    gone = []

    @contextmanager
    def rolled(cluster, _):
        with rolls(cluster.nodes, times=1, rest=0.1) as took:
            yield
        gone.extend(took)

    outcome = Watching(150, tabs=6, counters=2, clients=4, nodes=2).run(redis_url, tmp_path, rolled)
    assert max(gone) <= 10
    assert outcome.verdict.is_right
    assert outcome.watched.reopened >= 6
    assert outcome.watched.away <= 5
    assert outcome.watched.is_right, outcome.watched


def test_a_tab_that_was_away_too_long_is_told_everything_at_once_by_another_node(redis_url, tmp_path):
    with Cluster(redis_url, tmp_path, nodes=2, RIG_KEEP="20") as cluster:
        client = Client(0, cluster.nodes)
        client.begin()
        counter = client.ask(0, "POST", "/counter/create", {"count": 0})[1]["id"]
        tab = Tab(cluster.nodes[0].port, f"/watch/{counter}")
        asyncio.run(tab.load())
        for _ in range(60):
            assert client.ask(0, "POST", f"/counter/{counter}/increment", {})[0] == 200
        client.close()
        tab.port = cluster.nodes[1].port
        asyncio.run(lived(tab, until=60))
    assert [count for _, count in tab.seen] == [0, 60]


async def lived(tab, until):
    living = asyncio.create_task(tab.live())
    end = time.monotonic() + 5
    while tab.seen[-1][1] != until and time.monotonic() < end:  # noqa: ASYNC110  (what is waited for tells nobody)
        await asyncio.sleep(0.01)
    living.cancel()


STORED = {"/watch/1": [10.0, 11.0, 12.0]}


@pytest.mark.parametrize(
    ("seen", "wrong"),
    [
        ([(9, 0), (10.1, 1), (11.1, 2), (12.1, 3)], ()),
        ([(9, 0), (10.1, 1), (13.1, 3)], ("stale",)),
        ([(9, 0), (11.1, 2), (11.2, 1), (12.1, 3)], ("backwards",)),
        ([(9, 0), (10.1, 1), (11.1, 2)], ("behind",)),
    ],
)
def test_the_checker_notices_a_tab_that_is_late_goes_backwards_or_stays_behind(seen, wrong):
    found = watched([Tab(0, "/watch/1", seen=seen)], STORED)
    assert {"stale": found.stale > 2, "backwards": found.backwards > 0, "behind": found.behind > 0} == {
        name: name in wrong for name in ("stale", "backwards", "behind")
    }
    assert found.is_right is (not wrong)
