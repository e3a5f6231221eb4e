"""``starmodel shell``: Python with the application at hand, in which ``await`` works at the top."""

from __future__ import annotations

import asyncio
import io
import signal

import pytest

from starmodel.cli.console import AsyncConsole, LoopThread, told

MAIN = """
from starmodel.core import Entity, event
from starmodel.testing import application

class Todo(Entity):
    title: str
    done: bool = False

    @event
    def toggle(self):
        self.done = not self.done

app = application(Todo)
"""


@pytest.fixture
def shell(cli, project, monkeypatch):
    (project / "main.py").write_text(MAIN)

    def shell(code=None, typed=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return cli("shell", *([] if code is None else ["-c", code]))

    return shell


def test_entities_are_made_found_and_changed_by_their_commands(shell):
    ended = shell(
        "todo = await dispatch(Todo.create(title='Tea'))\n"
        "todo = await dispatch(Todo.toggle().on(todo.id))\n"
        "print(todo.done, [one.title for one in await find(Todo, {'done': True})])\n"
        "print((await get(Todo, todo.id)) == todo, await count(Todo))\n"
        "print((await preview(Todo.delete().on(todo.id))).entity, type(app).__name__)"
    )
    assert (ended.code, ended.out) == (0, "True ['Tea']\nTrue 1\nNone Application\n")


def test_a_program_can_be_piped_in(shell):
    assert (
        shell(typed="for _ in range(2):\n    await dispatch(Todo.create(title='x'))\nprint(await count(Todo))").out
        == "2\n"
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("await get(Todo, 'nope')", "NotFoundError: there is no Todo with the id 'nope'"),
        ("1 / 0", 'File "<shell>", line 1'),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def (", "SyntaxError"),
    ],
)
def test_what_fails_is_told_from_what_was_typed_on(shell, code, words):
    ended = shell(code)
    assert ended.code == 1
    assert words in ended.err
    assert "console.py" not in ended.err


def test_an_exit_leaves_with_its_code(shell):
    assert shell("raise SystemExit(3)").code == 3


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def at_a_terminal(cli, project, monkeypatch):
    (project / "main.py").write_text(MAIN)
    monkeypatch.setattr("sys.stdin", Terminal())

    def at_a_terminal(*lines):
        typed = list(lines)

        def read(_=""):
            if not typed:
                raise EOFError
            return typed.pop(0)

        monkeypatch.setattr("builtins.input", read)
        return cli("shell", "--plain")

    return at_a_terminal


def test_somebody_at_a_terminal_is_told_what_is_at_hand(at_a_terminal):
    ended = at_a_terminal("print(await count(Todo))")
    assert ended.code == 0
    assert "with Todo, app, find, get, dispatch, preview, count" in ended.err
    assert "Try: await find(Todo)" in ended.err
    assert ended.out == "0\n"


IPYTHON = """
import asyncio

def start_ipython(argv, user_ns, config):
    found = config.InteractiveShell.loop_runner(user_ns["find"](user_ns["Todo"]))
    print(argv, found, config.TerminalInteractiveShell.banner1.splitlines()[-1])
"""
TRAITLETS = """
import copy
from types import SimpleNamespace

class Part(SimpleNamespace):
    def __setattr__(self, name, value):
        super().__setattr__(name, copy.deepcopy(value))  # as traitlets does

class Config:
    def __init__(self):
        self.InteractiveShell, self.TerminalInteractiveShell = Part(), Part()
"""


def test_ipython_is_taken_where_it_is_installed_and_awaits_in_the_loop_of_the_application(
    cli, project, monkeypatch, tmp_path
):
    (project / "main.py").write_text(MAIN)
    (tmp_path / "site/traitlets").mkdir(parents=True)
    (tmp_path / "site/IPython.py").write_text(IPYTHON)
    (tmp_path / "site/traitlets/__init__.py").touch()
    (tmp_path / "site/traitlets/config.py").write_text(TRAITLETS)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setattr("sys.stdin", Terminal())
    ended = cli("shell")
    assert (ended.code, ended.out) == (0, "[] [] Try: await find(Todo)\n"), ended.err


@pytest.fixture
def prompt():
    """A prompt without a keyboard; return what it wrote."""
    written: list[str] = []
    with LoopThread() as thread:
        names = {"asyncio": asyncio}
        console = AsyncConsole(names, thread)
        console.write = written.append

        def typed(*lines):
            for line in lines:
                console.push(line)
            return "".join(written), names

        yield typed


def test_names_stay_from_one_line_to_the_next(prompt):
    written, names = prompt("import math", "x = await asyncio.sleep(0, 5)", "y = x + math.floor(1.5)")
    assert (written, names["y"]) == ("", 6)


def test_a_function_over_several_lines_can_be_awaited(prompt):
    assert prompt("async def f():", "    return 7", "", "z = await f()")[1]["z"] == 7


def test_a_failure_is_shown_and_the_prompt_comes_back(prompt):
    written, names = prompt("1 / 0", "after = True")
    assert "ZeroDivisionError" in written
    assert "console.py" not in written
    assert names["after"] is True


def test_a_task_that_was_begun_goes_on_while_somebody_types_and_ends_with_the_shell(prompt):
    written, names = prompt(
        "async def later(): await asyncio.sleep(0); seen.append(1)",
        "",
        "seen = []",
        "async def begin(): return [asyncio.create_task(later()), asyncio.create_task(asyncio.sleep(60))]",
        "",
        "tasks = await begin()",
        "await tasks[0]",
    )
    assert (written, names["seen"]) == ("", [1])
    assert not names["tasks"][1].done()


def test_an_interrupt_cancels_what_is_awaited():
    ended = []

    async def wait():
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    with LoopThread() as thread:
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt):
            thread.run(wait())
        thread.run(asyncio.sleep(0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    assert ended == [True]


def test_our_own_errors_are_one_line():
    from starmodel.core import RefusedError

    assert told(RefusedError("Not now.")) == "starmodel.core.errors.RefusedError: Not now.\n"
