"""Contract of a task queue: who serves it, what is tried again, and what becomes of it at an end."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

import asyncio

from starmodel.core.task_queue import Task, TaskCounts, TaskQueue

from .base import Diary, TaskQueueSuite, names, sample_task

__all__ = ["ServingContract"]


def _fail(_: Task) -> str | None:
    raise OSError("the bell is broken")


class ServingContract(TaskQueueSuite):
    """Each task is handed out at least once: until it is done, refused, or has failed too often."""

    async def test_what_fails_is_tried_again_and_then_parked(self, task_queue: TaskQueue) -> None:
        diary, task = Diary(_fail), sample_task()
        await task_queue.enqueue(task)
        await self.until_parked(task_queue, diary)
        [parked] = await task_queue.parked()
        assert (parked.task.command, parked.tries) == (task.command, self.tries)
        assert "the bell is broken" in parked.error
        assert len(diary.tasks) == self.tries
        assert await task_queue.count() == TaskCounts(0, 1)

    async def test_it_pauses_longer_each_time(self, task_queue: TaskQueue) -> None:
        first = last = float("inf")
        for number in range(8):  # a busy machine lengthens pauses, and never shortens one: the shortest are looked at
            found = await self._pauses(task_queue)
            first, last = min(first, found[0]), min(last, found[1])
            assert first >= self.pause * 0.9, "it pauses after the first try as well"
            if number and last >= 2 * first:
                return
        raise AssertionError(f"it paused {first:.3f} s after the first try, and {last:.3f} s before the last")

    async def _pauses(self, queue: TaskQueue) -> tuple[float, float]:
        """Return the pause after the first try and that before the last one: of three tasks the shortest ones."""
        diary, before = Diary(_fail), (await queue.count()).parked
        for number in range(3):
            await queue.enqueue(sample_task(f"task{number}"))
        await self.until_parked(queue, diary, before + 3)
        every = diary.times.values()
        return min(times[1] - times[0] for times in every), min(times[-1] - times[-2] for times in every)

    async def test_what_succeeds_in_the_end_is_done(self, task_queue: TaskQueue) -> None:
        diary = Diary(lambda task: _fail(task) if len(diary.tasks) < self.tries else None)
        await task_queue.enqueue(sample_task())
        async with self.serving(task_queue, diary):
            await self.until(lambda: len(diary.tasks) == self.tries)
        assert await task_queue.count() == TaskCounts(0, 0)

    async def test_what_fails_keeps_nobody_waiting(self, task_queue: TaskQueue) -> None:
        diary = Diary(lambda task: _fail(task) if task.command.event == "broken" else None)
        for _ in range(20):
            await task_queue.enqueue(sample_task("broken", seconds=-9))
        await task_queue.enqueue(sample_task("sound"))
        async with self.serving(task_queue, diary):
            await self.until(lambda: "sound" in names(diary.tasks))
        assert len(diary.tasks) < 20 * self.tries, "it had its turn before all the others were given up"

    async def test_a_reason_parks_a_task_at_once(self, task_queue: TaskQueue) -> None:
        diary, task = Diary(lambda _: "The bell was sold: ключ"), sample_task()
        await task_queue.enqueue(task)
        await task_queue.work_off(diary)
        [parked] = await task_queue.parked()
        assert (parked.task.command, parked.task.actor) == (task.command, task.actor)
        assert (parked.error, parked.tries, len(diary.tasks)) == ("The bell was sold: ключ", 1, 1)
        assert parked.at.tzinfo is not None

    async def test_what_is_parked_is_listed_in_its_order(self, task_queue: TaskQueue) -> None:
        for name in ("one", "two", "three"):
            await task_queue.enqueue(sample_task(name))
            await task_queue.work_off(Diary(lambda task: f"not {task.command.event}"))
        every = await task_queue.parked()
        assert [one.error for one in every] == ["not one", "not two", "not three"]
        assert [one.error for one in await task_queue.parked(limit=2)] == ["not one", "not two"]
        behind = await task_queue.parked(after=every[0].task.id, limit=1)
        assert [one.error for one in behind] == ["not two"]

    async def test_what_is_parked_is_tried_again_when_somebody_wants_it(self, task_queue: TaskQueue) -> None:
        diary, task = Diary(_fail), sample_task()
        await task_queue.enqueue(task)
        await self.until_parked(task_queue, diary)
        assert [await task_queue.retry(id) for id in (task.id, task.id, "unknown")] == [True, False, False]
        assert await task_queue.count() == TaskCounts(1, 0)
        await self.until_parked(task_queue, diary)
        assert len(diary.tasks) == 2 * self.tries, "as if it had never been tried"
        await task_queue.retry(task.id)
        await task_queue.work_off(Diary())
        assert await task_queue.count() == TaskCounts(0, 0)

    async def test_what_is_parked_can_be_dropped(self, task_queue: TaskQueue) -> None:
        task = sample_task()
        await task_queue.enqueue(task)
        await task_queue.work_off(Diary(lambda _: "no"))
        assert [await task_queue.cancel(task.id), await task_queue.cancel(task.id)] == [True, False]
        assert (list(await task_queue.parked()), await task_queue.retry(task.id)) == ([], False)

    async def test_several_are_in_hand_at_once(self, task_queue: TaskQueue) -> None:
        both = asyncio.Barrier(2)

        async def handle(_: Task) -> None:
            await asyncio.wait_for(both.wait(), self.patience)

        await task_queue.enqueue(sample_task())
        await task_queue.enqueue(sample_task())
        await task_queue.work_off(handle)
        assert await task_queue.count() == TaskCounts(0, 0)

    async def test_who_stops_finishes_what_is_in_hand_and_begins_nothing(self, task_queue: TaskQueue) -> None:
        begun, go_on, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()
        seen: list[str] = []

        async def handle(task: Task) -> None:
            begun.set()
            await go_on.wait()
            seen.append(task.command.event)

        await task_queue.enqueue(sample_task("in hand"))
        server = asyncio.create_task(task_queue.serve(handle, stop))
        await asyncio.wait_for(begun.wait(), self.patience)
        stop.set()
        await asyncio.sleep(0.02)
        await task_queue.enqueue(sample_task("too late"))
        await asyncio.sleep(0.02)
        assert not server.done(), "it returns when what is in hand has ended"
        go_on.set()
        await asyncio.wait_for(server, self.patience)
        assert (seen, await task_queue.count()) == (["in hand"], TaskCounts(1, 0))

    async def test_who_is_cut_off_leaves_the_task_to_the_next(self, task_queue: TaskQueue) -> None:
        begun, diary, task = asyncio.Event(), Diary(), sample_task()

        async def handle(_: Task) -> None:
            begun.set()
            await asyncio.Event().wait()

        await task_queue.enqueue(task)
        for _ in range(self.tries):  # more often than it may fail: it is not the task that failed
            begun.clear()
            server = asyncio.create_task(task_queue.serve(handle, asyncio.Event()))
            await asyncio.wait_for(begun.wait(), self.patience)
            server.cancel()
            await asyncio.wait([server], timeout=self.patience)
            assert server.cancelled(), "it ends with whoever serves"
        async with self.serving(task_queue, diary):
            await self.until(lambda: bool(diary.tasks))
        assert diary.tasks[0].command == task.command
        assert await task_queue.count() == TaskCounts(0, 0)

    async def test_two_who_serve_share_the_work(self, task_queue: TaskQueue) -> None:
        other = task_queue if task_queue.single_process else await self.another(task_queue)
        if other is not task_queue:
            await other.open()
        diary, every = Diary(), [f"task{number}" for number in range(30)]
        async with self.serving(task_queue, diary), self.serving(other, diary):
            for name in every:
                await task_queue.enqueue(sample_task(name))
            await self.until(lambda: len(diary.tasks) >= len(every))
            await asyncio.sleep(0.02)
        assert sorted(names(diary.tasks)) == sorted(every), "what one has in hand, the other leaves alone"
        if other is not task_queue:
            await other.close()
