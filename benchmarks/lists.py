"""The list of a class beside those of others, on the same rows in SQLite: ``python -m benchmarks.lists``."""

from __future__ import annotations

import html
import http.client
import json
import re
import sqlite3
import tempfile
import threading
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from .contenders.tasks import COLUMNS, DJANGO_PASSWORD, DJANGO_USER, PAGE_SIZE, fill, rows
from .report import Table
from .server import Server
from .wrk import Load, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

__all__ = ["measure"]

SIZES = (1_000, 100_000)
COMMITS_PER_SECOND = 10
BROWSED = 300
LIST = "/task"
DJANGO_ADMIN = "/admin/benchmarks/task/"
KITS = ["plain", "monster"] if find_spec("starmodel.adapters.ui_monster") else ["plain"]
ROW = re.compile(r"Task \d+\b(?=[^<]*</)")
NEXT = re.compile(r'href="([^"]*[?&;]after=[^"]*)"')


@dataclass
class Contender:
    """One list under load: *path* of *server*, for a browser with *cookie*, while *meanwhile* lasts."""

    name: str
    server: Server
    path: str
    cookie: str = ""
    meanwhile: Callable[[], AbstractContextManager[object]] = nullcontext
    loads: list[Load] = field(default_factory=list)

    def run(self, seconds: int) -> Load:
        with self.meanwhile():
            return load(self.server, self.path, seconds, cookie=self.cookie)

    @property
    def per_second(self) -> float:
        return median(found.per_second for found in self.loads)

    @property
    def p99(self) -> float:
        return median(found.p99 for found in self.loads)

    @property
    def cpu_microseconds(self) -> float:
        return sum(found.cpu_seconds for found in self.loads) / sum(found.requests for found in self.loads) * 1e6


def measure(rounds: int = 3, seconds: int = 3) -> list[Table]:
    """Let every list run in turn over few rows and over many, *rounds* times for *seconds* each."""
    tables, contenders = [], {}
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
            contenders[size] = _started(running, Path(folder), size)
            _check_that_all_show_a_page(contenders[size])
            _take_turns(contenders[size], rounds, seconds)
            tables.append(_table(size, contenders[size]))
            if size == SIZES[-1]:
                tables.append(_memory([one for one in contenders[size] if one.name in map(_name, KITS)]))
    return [*tables, _growth(contenders)]


def _started(running: ExitStack, folder: Path, size: int) -> list[Contender]:
    fill(folder / "theirs.db", size)
    return [*_others(running, folder / "theirs.db"), *_ours(running, folder / "ours.db", size)]


def _others(running: ExitStack, file: Path) -> list[Contender]:
    bare, fasthtml, django, admin = (
        running.enter_context(Server(f"benchmarks.contenders.{name}:app", {"TASKS_FILE": str(file)}))
        for name in ("bare_list", "fasthtml_list", "django_list", "starlette_admin_list")
    )
    return [
        Contender("bare ASGI, hello (control)", bare, "/"),
        Contender("bare ASGI, sqlite3 and f-strings", bare, LIST),
        Contender("FastHTML", fasthtml, LIST),
        Contender("Django, ListView", django, LIST),
        Contender("Django admin", django, DJANGO_ADMIN, _logged_in(django)),
        Contender("starlette-admin", admin, "/admin/task/list"),
    ]


def _ours(running: ExitStack, file: Path, size: int) -> list[Contender]:
    def server(kit: str, keep: str = "pages") -> Server:
        environment = {"DATABASE_URL": f"sqlite:///{file}", "STARMODEL_UI": kit, "LISTS_KEEP": keep}
        return running.enter_context(
            Server("benchmarks.contenders.task_list:app", {**environment, "STARMODEL_ENV": "development"})
        )

    kits = [server(kit) for kit in KITS]
    _fill_ours(file, size)
    warm = [Contender(_name(kit), one, LIST, _visit(one)) for kit, one in zip(KITS, kits, strict=True)]
    busy = warm[0]
    return [
        *warm,
        Contender(
            f"{busy.name}, {COMMITS_PER_SECOND} commits/s", busy.server, LIST, busy.cookie, lambda: _committing(busy)
        ),
        Contender(f"{busy.name}, rows kept alone", one := server(KITS[0], "rows"), LIST, _visit(one)),
        Contender(f"{busy.name}, nothing kept", one := server(KITS[0], "nothing"), LIST, _visit(one)),
    ]


def _name(kit: str) -> str:
    return f"StarModel, {kit} kit"


def _fill_ours(file: Path, size: int) -> None:
    """Fill the table that the first server has made; by commands it would take a minute."""
    connection = sqlite3.connect(file)
    numbered = ((f"{number:032x}", *row, 1) for number, row in enumerate(rows(size)))
    names = ", ".join(("id", *COLUMNS, "_version"))
    connection.executemany(f"INSERT INTO task ({names}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", numbered)
    connection.commit()
    connection.close()


def _visit(server: Server) -> str:
    """Return the cookie of a browser that was there before."""
    headers, _ = server.request("GET", "/")
    return _cookies(headers)


def _cookies(headers: http.client.HTTPMessage) -> str:
    return "; ".join(cookie.partition(";")[0] for cookie in headers.get_all("set-cookie") or [])


def _logged_in(server: Server) -> str:
    """Return the cookies of a browser in which somebody logged in to Django's admin."""
    headers, page = server.request("GET", "/admin/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token is not None
    form = {"username": DJANGO_USER, "password": DJANGO_PASSWORD, "csrfmiddlewaretoken": token[1]}
    sent = {"Cookie": _cookies(headers), "Content-Type": "application/x-www-form-urlencoded"}
    headers, _ = server.request("POST", "/admin/login/", urlencode(form), sent)
    return _cookies(headers)


@contextmanager
def _committing(contender: Contender) -> Iterator[None]:
    """Change the rows of the first page, one after the other, so many a second; RuntimeError when one was refused."""
    done, refused = threading.Event(), []
    headers = {"Cookie": contender.cookie, "StarModel-Request": "1", "Content-Type": "application/json"}

    def commit() -> None:
        for number in cycle(range(PAGE_SIZE)):
            if done.wait(1 / COMMITS_PER_SECOND):
                return
            try:
                contender.server.request("POST", f"/task/{number:032x}/toggle", "{}", headers)
            except (OSError, RuntimeError) as error:
                refused.append(error)

    thread = threading.Thread(target=commit)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    if refused:
        raise RuntimeError(f"{len(refused)} commits went wrong") from refused[0]


def _check_that_all_show_a_page(contenders: list[Contender]) -> None:
    for contender in contenders[1:]:
        _, page = contender.server.request("GET", contender.path, None, {"Cookie": contender.cookie})
        shown = len(set(ROW.findall(page)))
        if shown != PAGE_SIZE:
            raise RuntimeError(f"{contender.name} shows {shown} rows and not {PAGE_SIZE}")


def _take_turns(contenders: list[Contender], rounds: int, seconds: int) -> None:
    for contender in contenders:
        contender.run(1)
    for turn in range(rounds):
        for place in range(len(contenders)):
            contender = contenders[(place + turn) % len(contenders)]
            contender.loads.append(contender.run(seconds))


def _table(size: int, contenders: list[Contender]) -> Table:
    control = contenders[0]
    lines = [
        [
            contender.name,
            f"{contender.per_second:,.0f}",
            f"{contender.per_second / control.per_second:.3f}",
            f"{contender.p99:.1f}",
            f"{contender.cpu_microseconds:,.0f}",
        ]
        for contender in contenders
    ]
    return Table(
        f"A list: {PAGE_SIZE} of {size:,} rows in SQLite",
        ["contender", "requests/s", "of the control", "p99 ms", "CPU µs/request"],
        lines,
    )


def _growth(contenders: dict[int, list[Contender]]) -> Table:
    """Say what a hundred times as many rows do to each list: its processor time, divided."""
    few, many = (contenders[size] for size in SIZES)
    lines = [
        [one.name, f"{more.cpu_microseconds / one.cpu_microseconds:.2f}"]
        for one, more in zip(few[1:], many[1:], strict=True)
    ]
    return Table("What many rows cost", ["contender", f"CPU with {SIZES[1]:,} rows, of that with {SIZES[0]:,}"], lines)


def _memory(contenders: list[Contender]) -> Table:
    """Walk through many pages of each list and look at what is kept of them."""
    lines = []
    for contender in contenders:
        before = contender.server.resident_bytes
        path = contender.path
        for _ in range(BROWSED):
            _, page = contender.server.request("GET", path, None, {"Cookie": contender.cookie})
            path = html.unescape(NEXT.findall(page)[-1])
        kept = json.loads(contender.server.request("GET", "/kept")[1])
        sizes = (kept["page_bytes"], kept["row_bytes"], contender.server.resident_bytes - before)
        lines.append([contender.name, str(kept["pages"]), *(f"{size / 2**20:.1f}" for size in sizes)])
    columns = ["list", "pages kept", "pages MiB", "rows MiB", "process grew by MiB"]
    return Table(f"What is kept of {BROWSED} pages, one after the other", columns, lines)


if __name__ == "__main__":
    for table in measure():
        print(table)
