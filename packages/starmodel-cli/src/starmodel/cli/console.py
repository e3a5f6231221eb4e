"""A Python prompt in which ``await`` works at the top: the program's loop runs in a thread of its own beside it."""

from __future__ import annotations

import ast
import asyncio
import code
import inspect
import threading
import traceback
from collections.abc import Coroutine
from types import CodeType, FunctionType, TracebackType
from typing import Any, Self, TypeVar

from starmodel.core.errors import StarModelError

__all__ = ["AsyncConsole", "LoopThread", "told"]

T = TypeVar("T")

FILE = "<shell>"


class LoopThread:
    """An event loop that goes on while somebody types; what is awaited at the prompt runs in it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="starmodel shell", daemon=True)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Return what *coroutine* returns; Ctrl-C cancels it."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.run(_end_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _end_others() -> None:
    """Cancel what was begun at the prompt and never awaited."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class AsyncConsole(code.InteractiveConsole):
    """Reads, runs and prints like Python's own; a statement that awaits is run in *thread*."""

    def __init__(self, names: dict[str, Any], thread: LoopThread) -> None:
        super().__init__(names, FILE)
        self._thread = thread
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

    def runcode(self, code: CodeType) -> None:
        """Run one statement; what it raises is shown, and only an exit leaves."""
        try:
            self._run(code)
        except SystemExit:
            raise
        except KeyboardInterrupt:
            self.write("KeyboardInterrupt\n")
        except BaseException as error:  # noqa: BLE001  (whatever is typed, the prompt comes back)
            self.write(told(error))

    def run_text(self, text: str) -> None:
        """Run a whole program; what it raises reaches the caller, also that it is none."""
        self._run(compile(text, FILE, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True))

    def _run(self, code: CodeType) -> None:
        names: dict[str, Any] = self.locals
        started = FunctionType(code, names)()
        if inspect.iscoroutine(started):
            self._thread.run(started)


def told(error: BaseException) -> str:
    """Return the traceback of *error* from what was typed on; what we raise on purpose says all in one line."""
    whole = traceback.TracebackException.from_exception(error)
    if isinstance(error, StarModelError):
        return "".join(whole.format_exception_only())
    typed = [index for index, frame in enumerate(whole.stack) if frame.filename == FILE]
    whole.stack[:] = whole.stack[typed[0] :] if typed else []
    return "".join(whole.format())
