"""``starmodel shell``: Python, with the application open and its entities at hand."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from starmodel.app import Application
from starmodel.cli.console import AsyncConsole, LoopThread, told
from starmodel.cli.options import App
from starmodel.cli.project import open_project
from starmodel.core import Entity
from starmodel.core.commands import Command

__all__ = ["names_of", "shell"]

IPYTHON = "IPython"


def shell(
    *,
    code: Annotated[str | None, typer.Option("-c", "--command", help="Run this and leave; `await` works.")] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Python's own prompt, also where IPython is installed.")
    ] = False,
    app: App = None,
) -> None:
    """Open a Python prompt with the entities at hand."""
    application = open_project(app).application
    names = names_of(application)
    with LoopThread() as thread:
        thread.run(application.open())
        try:
            _talk(names, thread, code, plain=plain)
        finally:
            thread.run(application.close())


def _talk(names: dict[str, Any], thread: LoopThread, code: str | None, *, plain: bool) -> None:
    text = code if code is not None else None if sys.stdin.isatty() else sys.stdin.read()
    if text is not None:
        _run(AsyncConsole(names, thread), text)
    elif not plain and importlib.util.find_spec(IPYTHON) is not None:
        _ipython(names, thread)
    else:
        _with_history()
        AsyncConsole(names, thread).interact(banner=_banner(names), exitmsg="")


def _run(console: AsyncConsole, text: str) -> None:
    try:
        console.run_text(text)
    except Exception as error:
        sys.stderr.write(told(error))
        raise typer.Exit(1) from error


def names_of(application: Application) -> dict[str, Any]:
    """Return what is at hand at the prompt: every entity by its name, the application, and what one does with it.

    ``await find(Todo, {"done": False})`` is a list of entities, ``await get(Todo, id)`` one,
    ``await dispatch(Todo.toggle().on(id))`` the entity as it is then.
    """

    async def find(kind: type[Entity], where: dict[str, Any] | None = None, /, **options: Any) -> list[Entity]:
        page = await application.find(kind, where, **options)
        return [stored.entity for stored in page.items]

    async def get(kind: type[Entity], id: str, /) -> Entity:
        return (await application.load(kind, id)).entity

    async def dispatch(command: Command, /) -> Entity | None:
        return (await application.dispatch(command)).entity

    entities = {kind.__name__: kind for kind in application.catalog}
    own = {"app": application, "count": application.count, "dispatch": dispatch, "find": find, "get": get}
    return {"__name__": "__console__", "__doc__": None, **entities, **own, "preview": application.preview}


def _banner(names: dict[str, Any]) -> str:
    kinds = [name for name, value in names.items() if isinstance(value, type)]
    at_hand = ", ".join([*kinds, "app", "find", "get", "dispatch", "preview", "count"])
    return f"Python {sys.version.split()[0]} with {at_hand}\nTry: await find({kinds[0] if kinds else 'Todo'})"


def _with_history() -> None:
    """Let the arrow keys and the tabulator work, where Python was built with readline."""
    if importlib.util.find_spec("readline") is not None:
        importlib.import_module("readline")
        importlib.import_module("rlcompleter")


def _ipython(names: dict[str, Any], thread: LoopThread) -> None:
    def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        return thread.run(coroutine)  # a plain function: traitlets copies whatever it is given

    config = importlib.import_module("traitlets.config").Config()
    config.InteractiveShell.loop_runner = run
    config.TerminalInteractiveShell.banner1 = _banner(names) + "\n"
    importlib.import_module(IPYTHON).start_ipython(argv=[], user_ns=names, config=config)
