"""What fails again and again is left alone for a while; what decides who may do what never is."""

from __future__ import annotations

import pytest

from starmodel.plugins import Breaker, PluginHost, hookimpl

pytestmark = pytest.mark.anyio


class Time:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Failing:
    def __init__(self):
        self.calls, self.is_broken = 0, True

    def called(self):
        self.calls += 1
        if self.is_broken:
            raise ZeroDivisionError

    @hookimpl
    def starmodel_page_head(self):
        self.called()
        return ["here"]

    @hookimpl
    def starmodel_authorize(self):
        self.called()
        return True


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def plugin():
    return Failing()


@pytest.fixture
def host(time, plugin):
    host = PluginHost(breaker=Breaker(patience=3, rest=10, clock=time))
    host.add(plugin, "failing")
    return host


def ask(host, times=1):
    answers = [host.collect("starmodel_page_head", request=None) for _ in range(times)]
    return answers[-1]


def test_after_some_failures_in_a_row_it_is_left_alone(host, plugin):
    ask(host, 10)
    (record,) = host.records
    assert (plugin.calls, record.failures, record.resting) == (3, 3, ("starmodel_page_head",))


def test_a_success_in_between_begins_the_count_anew(host, plugin):
    ask(host, 2)
    plugin.is_broken = False
    ask(host)
    plugin.is_broken = True
    ask(host, 2)
    assert host.records[0].resting == ()


def test_after_its_rest_one_call_tries_and_a_failure_begins_another_rest(host, plugin, time):
    ask(host, 3)
    time.now = 11
    ask(host, 5)
    assert plugin.calls == 4
    time.now = 20
    ask(host)
    assert plugin.calls == 4


def test_after_its_rest_a_success_brings_it_back(host, plugin, time):
    ask(host, 3)
    time.now, plugin.is_broken = 11, False
    assert ask(host) == ["here"]
    assert ask(host) == ["here"]
    assert host.records[0].resting == ()


async def test_who_may_do_what_is_asked_every_time(host, plugin):
    verdicts = [await host.authorize("ada", "buy") for _ in range(9)]
    assert {verdict.allowed for verdict in verdicts} == {False}
    assert plugin.calls == 9
    assert host.records[0].resting == ()


def test_others_in_the_hook_and_other_hooks_of_it_go_on(host):
    class Fine:
        @hookimpl
        def starmodel_page_head(self):
            return ["fine"]

    host.add(Fine())
    assert ask(host, 9) == ["fine"]
