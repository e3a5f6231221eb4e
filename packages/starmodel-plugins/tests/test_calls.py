"""Hooks are called plugin by plugin, in one order, and a failure costs only its own answer."""

from __future__ import annotations

import asyncio
from time import sleep

import pytest

from starmodel.plugins import Answer, HookCallError, HookFailedError, PluginHost, hookimpl

pytestmark = pytest.mark.anyio


def plugin(hook, answer, **options):
    """Make a plugin that answers *hook* by calling *answer* with its arguments."""

    class Plugin:
        @hookimpl(specname=hook, **options)
        def part(self, app):
            return answer(app)

    return Plugin()


def head(answer, **options):
    class Plugin:
        @hookimpl(**options)
        def starmodel_page_head(self, request):
            return answer(request)

    return Plugin()


def fail(*_):
    raise ZeroDivisionError("oh")


def host_of(options=None, /, **plugins):
    host = PluginHost(**(options or {}))
    for name, one in plugins.items():
        host.add(one, name)
    return host


def test_each_plugin_answers_in_the_order_of_the_names():
    host = host_of(c=head(lambda _: 3), a=head(lambda _: 1), b=head(lambda request: request))
    assert host.each("starmodel_page_head", request=2) == [Answer("a", 1), Answer("b", 2), Answer("c", 3)]


def test_tryfirst_and_trylast_come_before_the_names():
    host = host_of(a=head(lambda _: 1, trylast=True), b=head(lambda _: 2), c=head(lambda _: 3, tryfirst=True))
    assert [answer.plugin for answer in host.each("starmodel_page_head", request=None)] == ["c", "b", "a"]


def test_installed_plugins_come_before_those_of_the_application(install):
    code = "from starmodel.core.hooks import hookimpl\n@hookimpl\ndef starmodel_page_head(): return []"
    install("zzz", code)
    host = host_of({"disabled": set()}, aaa=head(lambda _: []))
    host.load()
    assert [answer.plugin for answer in host.each("starmodel_page_head", request=None)] == ["zzz", "aaa"]


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit])
def test_a_plugin_that_fails_does_not_stop_the_others(error):
    def failing(_):
        raise error("oh")

    host = host_of(a=head(failing), b=head(lambda _: 2))
    assert host.each("starmodel_page_head", request=None) == [Answer("b", 2)]
    (record, _) = host.records
    assert (record.status, record.failures) == ("ok", 1)
    assert record.error == f"starmodel_page_head: {error.__name__}: oh"


def test_a_keyboard_interrupt_is_not_swallowed():
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        host_of(a=head(interrupt)).each("starmodel_page_head", request=None)


def test_failures_are_counted():
    host = host_of(a=head(fail))
    for _ in range(3):
        host.each("starmodel_page_head", request=None)
    assert host.records[0].failures == 3


def test_a_strict_host_raises_the_first_failure():
    host = host_of({"strict": True}, a=head(fail), b=head(lambda _: 2))
    with pytest.raises(HookFailedError, match="'a' failed in starmodel_page_head: ZeroDivisionError: oh") as caught:
        host.each("starmodel_page_head", request=None)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_the_first_answer_ends_the_asking():
    host = host_of(a=head(lambda _: None), b=head(fail), c=head(lambda _: 3), d=head(fail))
    assert host.first("starmodel_page_head", request=None) == Answer("c", 3)
    assert [record.failures for record in host.records] == [0, 1, 0, 0]


def test_there_may_be_no_first_answer():
    assert host_of(a=head(lambda _: None)).first("starmodel_page_head", request=None) is None


def test_lists_are_collected_into_one():
    host = host_of(a=head(lambda _: ["x"]), b=head(lambda _: None), c=head(lambda _: iter(("y", "z"))))
    assert host.collect("starmodel_page_head", request=None) == ["x", "y", "z"]


@pytest.mark.parametrize("wrong", ["<script>", b"x", {"a": 1}, 7])
def test_an_answer_that_is_no_list_is_a_failure(wrong):
    host = host_of(a=head(lambda _: wrong), b=head(lambda _: ["y"]))
    assert host.collect("starmodel_page_head", request=None) == ["y"]
    assert "the answer must be a list" in host.records[0].error


def test_a_generator_that_breaks_in_the_middle_gives_nothing():
    def broken(_):
        yield "x"
        raise ZeroDivisionError

    host = host_of(a=head(broken), b=head(lambda _: ["y"]))
    assert host.collect("starmodel_page_head", request=None) == ["y"]
    assert host.records[0].failures == 1


def test_an_awaitable_where_nobody_waits_is_a_failure():
    async def late(): ...

    host = host_of(a=head(lambda _: late()))
    assert host.each("starmodel_page_head", request=None) == []
    assert "this hook cannot wait" in host.records[0].error


def test_a_hook_that_does_not_exist_is_a_mistake_of_the_caller():
    with pytest.raises(HookCallError, match="did you mean 'starmodel_routes'"):
        PluginHost().each("starmodel_route", app=None)


def test_missing_arguments_are_a_mistake_of_the_caller():
    with pytest.raises(HookCallError, match="starmodel_page_head takes request; it got req"):
        PluginHost().each("starmodel_page_head", req=None)


def test_an_async_hook_is_not_called_without_waiting():
    with pytest.raises(HookCallError, match="async; call it by aeach"):
        PluginHost().each("starmodel_startup", app=None)


async def test_a_plain_hook_is_not_waited_for():
    with pytest.raises(HookCallError, match="not async; call it by each"):
        await PluginHost().aeach("starmodel_routes", app=None)


async def test_plain_and_async_functions_both_take_part_in_an_async_hook():
    async def later(app):
        await asyncio.sleep(0)
        return app

    host = host_of(a=plugin("starmodel_startup", later), b=plugin("starmodel_startup", lambda app: app + 1))
    assert await host.aeach("starmodel_startup", app=1) == [Answer("a", 1), Answer("b", 2)]


async def test_a_plugin_that_takes_too_long_is_left_behind():
    async def endless(_):
        await asyncio.sleep(60)

    host = host_of({"timeout": 0.05}, a=plugin("starmodel_startup", endless), b=plugin("starmodel_startup", id))
    assert [answer.plugin for answer in await host.aeach("starmodel_startup", app=1)] == ["b"]
    assert host.records[0].error == "starmodel_startup: TimeoutError: no answer within 0.05 s"


async def test_a_time_out_of_the_plugin_itself_keeps_its_words():
    def late(_):
        raise TimeoutError("the database did not answer")

    host = host_of(a=plugin("starmodel_startup", late))
    await host.aeach("starmodel_startup", app=1)
    assert "the database did not answer" in host.records[0].error


async def test_a_cancellation_is_not_swallowed():
    async def endless(_):
        await asyncio.sleep(60)

    host = host_of(a=plugin("starmodel_startup", endless))
    task = asyncio.create_task(host.aeach("starmodel_startup", app=1))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert host.records[0].failures == 0


async def test_plugins_stop_in_the_reverse_order_of_the_start():
    calls = []

    def note(name):
        return lambda app: calls.append((name, app))

    class Plugin:
        def __init__(self, name):
            self.name = name

        @hookimpl
        def starmodel_startup(self, app):
            calls.append(("start", self.name, app))

        @hookimpl
        async def starmodel_shutdown(self, app):
            calls.append(("stop", self.name, app))

    host = host_of(a=Plugin("a"), b=Plugin("b"))
    await host.startup("app")
    await host.shutdown("app")
    assert [call[:2] for call in calls] == [("start", "a"), ("start", "b"), ("stop", "b"), ("stop", "a")]
    assert {call[2] for call in calls} == {"app"}


def test_a_hook_is_described_with_who_takes_part():
    host = host_of(b=head(id), a=head(id))
    described = {hook.name: hook for hook in host.hooks}["starmodel_page_head"]
    assert (described.arguments, described.plugins, described.is_async) == (("request",), ("a", "b"), False)
    assert "``<head>``" in described.doc


def test_a_plain_function_that_takes_too_long_is_put_on_record_with_its_answer_kept():
    def slow(_):
        sleep(0.03)
        return 1

    host = host_of({"timeout": 0.02}, a=head(slow))
    assert host.each("starmodel_page_head", request=None) == [Answer("a", 1)]
    assert "and everything waited for it" in host.records[0].error
