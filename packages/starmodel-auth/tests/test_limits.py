"""Whoever tries many passwords is slowed down; the user they try them for is not locked out by it."""

from __future__ import annotations

import pytest

from starmodel.adapters.auth import SignInLimits
from starmodel.app.rates import Buckets


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def limits(now):
    return SignInLimits(clock=lambda: now[0])


def tried(limits, count, key="ada", address="192.0.2.1", **more):
    return [limits.begin(key, address, **more) == 0 for _ in range(count)].count(True)


def test_one_name_from_one_address_has_ten_attempts_and_then_one_a_minute(limits, now):
    assert tried(limits, 50) == 10
    assert limits.begin("ada", "192.0.2.1") == pytest.approx(60)
    now[0] += 60
    assert tried(limits, 5) == 1


def test_one_address_has_thirty_attempts_whatever_the_names(limits):
    assert sum(tried(limits, 1, f"user-{number}") for number in range(100)) == 30


def test_an_address_that_used_up_its_attempts_takes_none_from_the_name(limits):
    for number in range(30):
        tried(limits, 1, f"user-{number}")
    assert tried(limits, 10) == 0
    assert tried(limits, 10, address="198.51.100.7") == 10


def test_the_addresses_of_one_network_count_as_one(limits):
    assert tried(limits, 5, address="2001:db8::1") + tried(limits, 50, address="2001:db8::2") == 10
    assert tried(limits, 5, address="2001:db8:1::1") == 5
    assert tried(limits, 5, address="::ffff:198.51.100.7") + tried(limits, 50, address="198.51.100.7") == 10


def test_one_name_from_everywhere_is_tried_a_hundred_times_and_then_every_six_seconds(limits, now):
    assert sum(tried(limits, 1, address=f"192.0.2.{number}") for number in range(200)) == 100
    now[0] += 12
    assert sum(tried(limits, 1, address=f"198.51.100.{number}") for number in range(200)) == 2


def test_a_browser_that_is_known_has_attempts_of_its_own(limits):
    for number in range(200):
        tried(limits, 1, address=f"192.0.2.{number}")
    assert tried(limits, 50, browser="the one at home") == 10


def test_what_succeeded_was_no_attempt(limits):
    for _ in range(100):
        assert limits.begin("ada", "192.0.2.1") == 0
        limits.give_back("ada", "192.0.2.1")


def test_what_is_counted_takes_bounded_memory_and_no_more_for_a_long_name():
    attempts = Buckets(1, 60, most=100)
    for number in range(1000):
        attempts.take(str(number).encode(), 0.0)
    assert len(attempts) == 100
