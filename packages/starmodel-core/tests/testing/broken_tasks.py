"""Queues of tasks with one fault each, and the tests that must notice it.  Run by test_the_suites_bite.py."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

import pytest

from starmodel.app import InProcessTasks
from starmodel.core import SYSTEM
from starmodel.core.durability import Durability
from starmodel.testing import TaskQueueContract


class Suite(TaskQueueContract):
    """The suite of queues on one broken queue."""

    __test__ = False
    patience, pause = 0.3, 0.02
    Queue: ClassVar[type[InProcessTasks]]
    options: ClassVar[dict[str, object]] = {}
    caught_by: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.__test__ = True

    @pytest.fixture
    def new_task_queue(self):
        return self.Queue(**{"tries": self.tries, "pause": self.pause, **self.options})

    async def another(self, queue):
        return type(queue)()

    async def reopened(self, queue):
        return type(queue)()


class TestHandsOutEarly(Suite):
    caught_by = ("test_nothing_is_handed_out_before_its_time",)

    class Queue(InProcessTasks):
        async def enqueue(self, task, /):
            return await super().enqueue(replace(task, due=datetime.now(UTC)))


class TestTrustsEverybody(Suite):
    caught_by = ("test_what_is_handed_out_is_what_was_put_there",)

    class Queue(InProcessTasks):
        async def enqueue(self, task, /):
            return await super().enqueue(replace(task, actor=SYSTEM))


class TestForgetsRoles(Suite):
    caught_by = ("test_what_is_handed_out_is_what_was_put_there",)

    class Queue(InProcessTasks):
        async def enqueue(self, task, /):
            return await super().enqueue(replace(task, actor=replace(task.actor, roles=frozenset())))


class TestHandsOutWhatIsDone(Suite):
    caught_by = ("test_what_is_done_is_forgotten",)

    class Queue(InProcessTasks):
        async def work_off(self, handle, /):
            done = []

            async def noted(task):
                done.append(task)
                return await handle(task)

            await super().work_off(noted)
            for task in done:
                await self.enqueue(task)


class TestSleepsThroughNews(Suite):
    caught_by = ("test_who_waits_for_a_task_is_woken",)

    class Queue(InProcessTasks):
        def _wake(self):
            pass


class TestTakesTheLaterOfTwo(Suite):
    caught_by = ("test_the_same_id_twice_is_one_task",)

    class Queue(InProcessTasks):
        async def enqueue(self, task, /):
            await self.cancel(task.id)
            return await super().enqueue(task)


class TestTakesItAgainWhenParked(Suite):
    caught_by = ("test_the_same_id_twice_is_one_task",)

    class Queue(InProcessTasks):
        async def enqueue(self, task, /):
            self._parked.pop(task.id, None)
            return await super().enqueue(task)


class TestSaysItCancelledAnything(Suite):
    caught_by = ("test_a_cancelled_task_is_never_handed_out", "test_a_task_in_hand_is_kept_as_well")

    class Queue(InProcessTasks):
        async def cancel(self, id, /):
            await super().cancel(id)
            return True


class TestCancelsNothing(Suite):
    caught_by = ("test_a_cancelled_task_is_never_handed_out", "test_what_is_parked_can_be_dropped")

    class Queue(InProcessTasks):
        async def cancel(self, id, /):
            return id in self._kept or id in self._parked


class TestRemembersTheTimeOfWhatWasCancelled(Suite):
    caught_by = ("test_the_id_of_a_cancelled_task_may_be_used_again",)

    class Queue(InProcessTasks):
        async def enqueue(self, task, /):
            self._first = {**getattr(self, "_first", {})}
            return await super().enqueue(replace(task, due=self._first.setdefault(task.id, task.due)))


class TestCutsLongTexts(Suite):
    caught_by = ("test_a_task_may_be_as_long_as_tasks_may_be",)

    class Queue(InProcessTasks):
        async def enqueue(self, task, /):
            args = {
                name: value[:50_000] if isinstance(value, str) else value for name, value in task.command.args.items()
            }
            return await super().enqueue(replace(task, command=replace(task.command, args=args)))


class TestKeepsOneAtATime(Suite):
    caught_by = ("test_many_at_once_lose_nothing",)

    class Queue(InProcessTasks):
        async def enqueue(self, task, /):
            self._newest = task
            await asyncio.sleep(0)
            return await super().enqueue(self._newest)


class TestSaysThatItLasts(Suite):
    caught_by = ("test_what_lasts_is_there_again",)

    class Queue(InProcessTasks):
        durability = Durability.DISK


class TestSaysThatItIsShared(Suite):
    caught_by = ("test_what_processes_share_all_of_them_see",)

    class Queue(InProcessTasks):
        single_process = False


class TestCannotBeClosedTwice(Suite):
    caught_by = ("test_closing_twice_is_harmless",)

    class Queue(InProcessTasks):
        closed = 0

        async def close(self):
            self.closed += 1
            assert self.closed != 2, "it is closed"


class TestGivesUpAtOnce(Suite):
    caught_by = ("test_what_fails_is_tried_again_and_then_parked",)
    options = {"tries": 1}

    class Queue(InProcessTasks):
        pass


class TestNeverGivesUp(Suite):
    caught_by = ("test_what_fails_is_tried_again_and_then_parked",)
    options = {"tries": 1_000_000, "longest": 0.05}

    class Queue(InProcessTasks):
        pass


class TestForgetsWhatFailed(Suite):
    caught_by = ("test_what_fails_is_tried_again_and_then_parked", "test_what_succeeds_in_the_end_is_done")

    class Queue(InProcessTasks):
        def _note_failure(self, kept, error):
            self._forget(kept.task.id)


class TestPausesAsLongEachTime(Suite):
    caught_by = ("test_it_pauses_longer_each_time",)
    options = {"longest": 0.02}

    class Queue(InProcessTasks):
        pass


class TestTriesAgainBeforeAllOthers(Suite):
    caught_by = ("test_what_fails_keeps_nobody_waiting",)
    options = {"at_once": 2}

    class Queue(InProcessTasks):
        def _wait_until(self, due, kept):
            super()._wait_until(kept.task.due, kept)


class TestTakesAReasonForDone(Suite):
    caught_by = ("test_a_reason_parks_a_task_at_once",)

    class Queue(InProcessTasks):
        def _park(self, kept, why, tries):
            self._forget(kept.task.id)


class TestTakesAReasonForAFailure(Suite):
    caught_by = ("test_a_reason_parks_a_task_at_once",)

    class Queue(InProcessTasks):
        def _park(self, kept, why, tries):
            if tries < self._tries:
                self._note_failure(kept, OSError(why))
            else:
                super()._park(kept, why, tries)


class TestListsTheNewestFirst(Suite):
    caught_by = ("test_what_is_parked_is_listed_in_its_order",)

    class Queue(InProcessTasks):
        async def parked(self, *, after="", limit=100):
            return list(reversed(await super().parked(after=after, limit=limit)))


class TestRemembersTheTries(Suite):
    caught_by = ("test_what_is_parked_is_tried_again_when_somebody_wants_it",)

    class Queue(InProcessTasks):
        async def retry(self, id, /):
            tries = self._parked[id][0].tries if id in self._parked else 0
            found = await super().retry(id)
            if found:
                self._kept[id].tries = tries
            return found


class TestHasOneInHand(Suite):
    caught_by = ("test_several_are_in_hand_at_once",)
    options = {"at_once": 1, "tries": 1}

    class Queue(InProcessTasks):
        pass


class TestStopsInTheMiddle(Suite):
    caught_by = ("test_who_stops_finishes_what_is_in_hand_and_begins_nothing",)

    class Queue(InProcessTasks):
        async def serve(self, handle, stop, /):
            serving = asyncio.ensure_future(super().serve(handle, stop))
            await stop.wait()
            serving.cancel()


class TestDoesNotStop(Suite):
    caught_by = ("test_who_stops_finishes_what_is_in_hand_and_begins_nothing",)

    class Queue(InProcessTasks):
        async def serve(self, handle, stop, /):
            await super().serve(handle, stop)
            await self.work_off(handle)


class TestLosesWhatWasCutOff(Suite):
    caught_by = ("test_who_is_cut_off_leaves_the_task_to_the_next",)

    class Queue(InProcessTasks):
        def _given_back(self, kept, doing):
            if doing.cancelled():
                self._forget(kept.task.id)
                self._in_hand -= 1
            else:
                super()._given_back(kept, doing)


class TestTakesBeingCutOffForAFailure(Suite):
    caught_by = ("test_who_is_cut_off_leaves_the_task_to_the_next",)

    class Queue(InProcessTasks):
        def _given_back(self, kept, doing):
            if not doing.cancelled():
                super()._given_back(kept, doing)
                return
            self._in_hand -= 1
            kept.is_in_hand = False
            self._note_failure(kept, OSError("cut off"))


class TestServesOn(Suite):
    caught_by = ("test_who_is_cut_off_leaves_the_task_to_the_next",)

    class Queue(InProcessTasks):
        async def serve(self, handle, stop, /):
            try:
                await asyncio.shield(super().serve(handle, stop))
            except asyncio.CancelledError:
                return


class TestGivesOneTaskToTwo(Suite):
    caught_by = ("test_two_who_serve_share_the_work",)

    class Queue(InProcessTasks):
        def _hand_out(self, handle, hands):
            async def twice(task):
                await handle(task)
                if len(self._servers) > 1:
                    await handle(task)

            return super()._hand_out(twice, hands)
