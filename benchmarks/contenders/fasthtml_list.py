"""FastHTML's side: one page with a table, as its own examples write them, on sqlite3 itself."""

from __future__ import annotations

from typing import Any

from fasthtml.common import H1, A, FastHTML, Table, Tbody, Td, Th, Thead, Title, Tr

from .tasks import COLUMNS, PAGE_SIZE, connected

__all__ = ["app"]

connection = connected()
SELECT = f"SELECT id, {', '.join(COLUMNS)} FROM task ORDER BY id LIMIT {PAGE_SIZE}"
app = FastHTML(secret_key="only for measuring, never for serving")


def row(id: int, title: str, done: int, *others: Any) -> Any:
    cells = [Td(other) for other in ("Yes" if done else "No", *others)]
    return Tr(Td(A(title, href=f"/task/{id}")), *cells, id=f"task-{id}")


@app.get("/")  # type: ignore[untyped-decorator]  # as FastHTML, which is untyped
async def home() -> str:
    return "hello"


@app.get("/task")  # type: ignore[untyped-decorator]  # as above
async def tasks() -> Any:
    body = Tbody(*[row(*found) for found in connection.execute(SELECT)])
    head = Thead(Tr(*[Th(name) for name in COLUMNS]))
    return Title("Tasks"), H1("Tasks"), Table(head, body), A("Next", href="?page=2")
