"""The least that shows the list: one SELECT by sqlite3 itself and f-strings; no search, no actions, no live page."""

from __future__ import annotations

from html import escape
from typing import Any

from .bare import app as bare
from .tasks import COLUMNS, PAGE_SIZE, connected

__all__ = ["app"]

connection = connected()
SELECT = f"SELECT id, {', '.join(COLUMNS)} FROM task ORDER BY id LIMIT {PAGE_SIZE}"
HEAD = "".join(f"<th>{name}</th>" for name in COLUMNS)


def page() -> str:
    rows = "".join(
        f'<tr id="task-{id}"><td><a href="/task/{id}">{escape(title)}</a></td><td>{"Yes" if done else "No"}</td>'
        f"<td>{due}</td><td>{created}</td><td>{rank}</td><td>{escape(owner)}</td></tr>"
        for id, title, done, due, created, rank, owner in connection.execute(SELECT)
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tasks</title></head><body><h1>Tasks</h1>'
        f'<table><thead><tr>{HEAD}</tr></thead><tbody>{rows}</tbody></table><a href="?page=2">Next</a></body></html>'
    )


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http" or scope["path"] != "/task":
        await bare(scope, receive, send)
        return
    body = page().encode()
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
