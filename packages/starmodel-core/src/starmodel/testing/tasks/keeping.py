"""Contract of a task queue: what it keeps, for how long, and that one id is one task."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from starmodel.core.durability import Durability
from starmodel.core.task_queue import MAX_TASK, Task, TaskCounts, TaskQueue

from .base import Diary, TaskQueueSuite, names, sample_task

__all__ = ["KeepingContract"]


class KeepingContract(TaskQueueSuite):
    """What is put there is handed out as it was, when it is due."""

    async def test_a_queue_has_the_shape_of_one(self, task_queue: TaskQueue) -> None:
        assert isinstance(task_queue, TaskQueue)
        assert isinstance(task_queue.durability, Durability)
        assert await task_queue.count() == TaskCounts(0, 0)

    async def test_what_is_handed_out_is_what_was_put_there(self, task_queue: TaskQueue) -> None:
        told = sample_task("ring", text="it's; DROP TABLE\n\x00 ключ 🔑", parts={"a": [1, 2.5, None, True]}, empty="")
        told = replace(told, command=replace(told.command, base_version=3))
        plain = sample_task("other", seconds=-60)
        diary = Diary()
        for task in (told, replace(plain, actor=replace(plain.actor, roles=frozenset(), visitor=None, trusted=True))):
            assert (await task_queue.enqueue(task)).command == task.command
        await task_queue.work_off(diary)
        handed = {task.command.event: task for task in diary.tasks}
        assert handed["ring"].command == told.command
        assert handed["ring"].actor == told.actor, "who asked is who does it, with these roles and no others"
        assert not handed["ring"].actor.trusted
        assert (handed["other"].actor.trusted, handed["other"].actor.visitor) == (True, None)

    async def test_what_is_done_is_forgotten(self, task_queue: TaskQueue) -> None:
        diary = Diary()
        await task_queue.enqueue(sample_task())
        assert await task_queue.count() == TaskCounts(1, 0)
        await task_queue.work_off(diary)
        await task_queue.work_off(diary)
        assert (len(diary.tasks), await task_queue.count()) == (1, TaskCounts(0, 0))

    async def test_nothing_is_handed_out_before_its_time(self, task_queue: TaskQueue) -> None:
        diary, soon = Diary(), sample_task("soon", seconds=0.3)
        for task in (sample_task("late", seconds=3600), soon, sample_task("past", seconds=-3600)):
            await task_queue.enqueue(task)
        await task_queue.work_off(diary)
        assert (names(diary.tasks), await task_queue.count()) == (["past"], TaskCounts(2, 0))
        async with self.serving(task_queue, diary):
            await self.until(lambda: len(diary.tasks) > 1)
        assert names(diary.tasks) == ["past", "soon"]
        assert diary.times["soon"][0] - diary.times["past"][0] > 0.15

    async def test_who_waits_for_a_task_is_woken(self, task_queue: TaskQueue) -> None:
        diary = Diary()
        async with self.serving(task_queue, diary):
            await asyncio.sleep(0.02)
            await task_queue.enqueue(sample_task("late", seconds=3600))
            await task_queue.enqueue(sample_task("now"))
            await self.until(lambda: names(diary.tasks) == ["now"])

    async def test_the_same_id_twice_is_one_task(self, task_queue: TaskQueue) -> None:
        diary, first = Diary(lambda _: "no"), sample_task("first", seconds=0.05)
        await task_queue.enqueue(first)
        second = sample_task("second", seconds=-1, id=first.id)
        assert (await task_queue.enqueue(second)).command == first.command, "the one that is kept is returned"
        await task_queue.work_off(diary)
        assert diary.tasks == [], "it is due when the first one is"
        await self.until_parked(task_queue, diary)
        assert (await task_queue.enqueue(second)).command == first.command, "what is parked is kept"
        await task_queue.work_off(diary)
        assert (names(diary.tasks), await task_queue.count()) == (["first"], TaskCounts(0, 1))

    async def test_a_task_in_hand_is_kept_as_well(self, task_queue: TaskQueue) -> None:
        seen: list[object] = []

        async def handle(task: Task) -> None:
            seen.append((await task_queue.enqueue(sample_task("second", id=task.id))).command.event)
            seen.append(await task_queue.cancel(task.id))

        await task_queue.enqueue(sample_task("first"))
        await task_queue.work_off(handle)
        assert (seen, await task_queue.count()) == (["first", False], TaskCounts(0, 0))

    async def test_a_cancelled_task_is_never_handed_out(self, task_queue: TaskQueue) -> None:
        diary, gone, stays = Diary(), sample_task("gone"), sample_task("stays")
        await task_queue.enqueue(gone)
        await task_queue.enqueue(stays)
        assert [await task_queue.cancel(id) for id in (gone.id, gone.id, "unknown")] == [True, False, False]
        await task_queue.work_off(diary)
        assert names(diary.tasks) == ["stays"]
        assert await task_queue.cancel(stays.id) is False, "it is done"

    async def test_the_id_of_a_cancelled_task_may_be_used_again(self, task_queue: TaskQueue) -> None:
        diary, task = Diary(), sample_task("early", seconds=0.05)
        await task_queue.enqueue(task)
        await task_queue.cancel(task.id)
        await task_queue.enqueue(sample_task("late", id=task.id, seconds=3600))
        await asyncio.sleep(0.06)
        await task_queue.work_off(diary)
        assert (diary.tasks, await task_queue.count()) == ([], TaskCounts(1, 0))

    async def test_a_task_may_be_as_long_as_tasks_may_be(self, task_queue: TaskQueue) -> None:
        diary, empty = Diary(), sample_task(text="")
        room = MAX_TASK - len(empty.to_json())
        await task_queue.enqueue(replace(empty, command=replace(empty.command, args={"text": "x" * room})))
        await task_queue.work_off(diary)
        assert len(diary.tasks[0].command.args["text"]) == room

    async def test_many_at_once_lose_nothing(self, task_queue: TaskQueue) -> None:
        diary, every = Diary(), [f"task{number}" for number in range(40)]
        await asyncio.gather(*(task_queue.enqueue(sample_task(name)) for name in every))
        await task_queue.work_off(diary)
        assert sorted(names(diary.tasks)) == sorted(every)

    async def test_what_lasts_is_there_again(self, task_queue: TaskQueue) -> None:
        if task_queue.durability is Durability.EPHEMERAL:
            pytest.skip("it promises nothing")
        diary = Diary(lambda task: "no" if task.command.event == "refused" else None)
        for task in (sample_task("refused"), sample_task("late", seconds=3600), sample_task("soon", seconds=0.2)):
            await task_queue.enqueue(task)
        await task_queue.work_off(diary)
        await task_queue.close()
        again = await self.reopened(task_queue)
        await again.open()
        assert [one.error for one in await again.parked()] == ["no"]
        await asyncio.sleep(0.2)
        await again.work_off(diary)
        assert (names(diary.tasks), await again.count()) == (["refused", "soon"], TaskCounts(1, 1))
        await again.close()

    async def test_what_processes_share_all_of_them_see(self, task_queue: TaskQueue) -> None:
        if task_queue.single_process:
            pytest.skip("it says that no other process sees it")
        other, diary, theirs = await self.another(task_queue), Diary(), sample_task("theirs")
        await other.open()
        async with self.serving(task_queue, diary):
            await other.enqueue(theirs)
            await self.until(lambda: names(diary.tasks) == ["theirs"])
        gone = sample_task("gone", seconds=3600)
        await task_queue.enqueue(gone)
        assert await other.count() == TaskCounts(1, 0)
        assert await other.cancel(gone.id) is True
        await other.close()

    async def test_closing_twice_is_harmless(self, task_queue: TaskQueue) -> None:
        await task_queue.close()
        await task_queue.close()
