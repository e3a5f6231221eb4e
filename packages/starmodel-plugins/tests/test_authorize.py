"""Who may do what: one refusal is enough, and whatever goes wrong refuses."""

from __future__ import annotations

import asyncio

import pytest

from starmodel.core.errors import ForbiddenError
from starmodel.plugins import HookFailedError, PluginHost, Verdict, hookimpl

pytestmark = pytest.mark.anyio


def guard(answer):
    class Guard:
        @hookimpl
        def starmodel_authorize(self, actor, command):
            return answer(actor, command)

    return Guard()


def host_of(*answers, **options):
    host = PluginHost(**options)
    for number, answer in enumerate(answers):
        host.add(guard(answer), f"guard{number}")
    return host


def allow(*_):
    return True


def refuse(*_):
    return False


def pass_on(*_):
    return None


async def endless(*_):
    await asyncio.sleep(60)
    return True


def broken(*_):
    raise ZeroDivisionError("secret detail")


def odd(*_):
    return "yes"


def one(*_):
    return 1


async def allow_later(*_):
    return True


@pytest.mark.parametrize(
    ("answers", "allowed"),
    [
        ([], None),
        ([pass_on], None),
        ([allow], True),
        ([allow_later], True),
        ([pass_on, allow], True),
        ([allow, pass_on], True),
        ([refuse], False),
        ([allow, refuse], False),
        ([refuse, allow], False),
        ([broken], False),
        ([allow, broken], False),
        ([broken, allow], False),
        ([endless, allow], False),
        ([odd], False),
        ([one], False),
    ],
)
async def test_one_refusal_and_any_failure_refuses(answers, allowed):
    verdict = await host_of(*answers, timeout=0.05).authorize("ada", None)
    assert verdict.allowed is allowed


async def test_the_guard_sees_who_wants_what():
    host = host_of(lambda actor, command: (actor, command) == ("ada", "toggle"))
    assert (await host.authorize("ada", "toggle")).allowed is True
    assert (await host.authorize("bob", "toggle")).allowed is False


async def test_a_refusal_may_give_its_reason():
    def closed(*_):
        raise ForbiddenError("toggle", "the shop is closed")

    host = host_of(closed)
    assert await host.authorize(None, None) == Verdict(allowed=False, plugin="guard0", why="the shop is closed")
    assert host.records[0].failures == 0


async def test_a_failure_is_recorded_and_its_detail_is_not_in_the_verdict():
    host = host_of(broken)
    verdict = await host.authorize(None, None)
    assert verdict == Verdict(allowed=False, plugin="guard0", why="the plugin could not decide")
    assert "secret detail" in host.records[0].error


async def test_a_strict_host_raises():
    with pytest.raises(HookFailedError):
        await host_of(broken, strict=True).authorize(None, None)


async def test_a_cancelled_question_allows_nothing():
    task = asyncio.create_task(host_of(endless).authorize(None, None))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
