"""Scripts with one fault each: the published contract notices every one of them."""

from __future__ import annotations

import inspect

import pytest

from starmodel.adapters.persistence.redis import RedisRepo, finding, log, queries, writing
from starmodel.adapters.persistence.redis.scripts import script
from starmodel.adapters.persistence.redis.server import Script
from starmodel.testing.sources import FakeClock
from starmodel.testing.store import SharedStoreContract, StoreContract

FAULTS = [
    ("commit", "if (found or '0') ~= w.expected then", "if false then", "only_one_of_many_writers_wins"),
    ("commit", "redis.call('HGET', COMMANDS, id)", "nil", "a_burst_of_one_command_takes_effect_once"),
    ("commit", "redis.call('ZREM', ids, w.id)", "", "a_query_sees_changes_and_deletions"),
    ("commit", "redis.call('ZADD', ids, '+inf', w.id)", "", "kinds_do_not_mix"),
    ("commit", "and text(number) or", "and '1' or", "a_version_is_never_given_twice"),
    ("commit", "tonumber(w.expected) + 1", "tonumber(w.expected)", "versions_grow_by_one"),
    ("commit", "table.concat(versions, ',')", "'1'", "a_history_can_begin_after_a_version"),
    ("changes", "'(' .. ARGV[1]", "ARGV[1]", "the_log_can_be_resumed_anywhere"),
    ("changes", "ARGV[2])}", "'1')}", "the_log_tells_every_commit_in_order"),
    ("history", "ZREVRANGEBYSCORE", "ZRANGEBYSCORE", "a_history_can_be_read_back_in_pages"),
    ("commit", "if ARGV[j + 2] == '1' then", "if false then", "what_is_unique_is_nobody_elses"),
    ("commit", "taken[index .. value] = true", "", "two_that_are_alike_are_refused_together"),
    ("commit", "if not own[there] and", "if", "what_is_unique_may_be_taken_when_it_is_free"),
    ("commit", "  take_out(w.class, w.id, w.stands)", "", "what_is_indexed_is_found_as_it_is_now"),
    ("commit", "and redis.call('EXISTS', there) == 1 then", "then", "what_expires_is_in_no_index"),
    ("commit", "if not keep then return {'ok', epoch, '0'} end", "", "a_rehearsal_stores_nothing"),
    ("span", "after and '(' .. after or '[' .. value", "'[' .. value", "what_is_indexed_is_found_as_ever"),
    ("look", "'(' .. ARGV[4], '+'", "'[' .. ARGV[4], '+'", "pages_show_everything_once"),
    ("lease", "return false", "return {head[1], head[2]}", "only_one_of_many_gets_it"),
    ("lease", "task[3] or head[2]", "head[2]", "progress_is_kept"),
    ("advance", "return 0", "return 1", "progress_is_kept"),
]


class Suite(StoreContract, SharedStoreContract):
    """Runs one test of the contracts, outside pytest."""

    __test__ = False
    real_time = True


async def fails(test, store, other):
    """Tell whether a test of the contract fails on these stores."""
    run = getattr(Suite(), f"test_{test}")
    wanted = inspect.signature(run).parameters
    given = {"store": store, "other": other, "order": ("id",), "clock": FakeClock()}
    try:
        await run(**{name: value for name, value in given.items() if name in wanted})
    except (Exception, pytest.fail.Exception):  # noqa: BLE001  (whatever it is, it notices)
        return True
    return False


@pytest.fixture
async def other(redis_url):
    other = RedisRepo(redis_url)
    await other.open()
    yield other
    await other.close()


@pytest.mark.parametrize(("name", "right", "wrong", "test"), FAULTS, ids=[f"{one[0]}: {one[1]}" for one in FAULTS])
async def test_a_fault_is_noticed(store, other, monkeypatch, name, right, wrong, test):
    source = script(name).source
    assert right in source
    faulty = Script(source.replace(right, wrong))
    for module in (finding, log, queries, writing):
        monkeypatch.setattr(module, "script", lambda wanted: faulty if wanted == name else script(wanted))
    assert await fails(test, store, other)


@pytest.mark.parametrize("test", sorted({test for *_, test in FAULTS}))
async def test_without_a_fault_they_pass(store, other, test):
    assert not await fails(test, store, other)
