"""Our side: the class, and whatever comes with it.  LISTS_KEEP says what is kept: pages, rows or nothing.

DATABASE_URL says where the tasks are, STARMODEL_UI which kit draws them.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from typing import Any

from starlette.responses import JSONResponse

from starmodel.adapters.fasthtml.crud.keeping import KeptPages
from starmodel.adapters.fasthtml.fragments import Fragments
from starmodel.bootstrap import create_app
from starmodel.core import Entity, event

__all__ = ["Task", "app"]


class Task(Entity):
    title: str
    done: bool = False
    due: date = date(2026, 1, 1)
    created: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    rank: int = 0
    owner: str = ""
    model_config = {"store": "sql"}

    @event
    def toggle(self) -> None:
        self.done = not self.done


app = create_app(Task, title="Tasks")

keep = os.environ.get("LISTS_KEEP", "pages")
if keep != "pages":
    app.pages.kept = KeptPages(app.application.dispatcher.moves, max_bytes=0)
if keep == "nothing":
    app.runtime.fragments = Fragments(max_bytes=0)


@app.get("/")  # type: ignore[untyped-decorator]  # as FastHTML, which is untyped
def home() -> str:
    return "hello"


@app.get("/kept")  # type: ignore[untyped-decorator]  # as above
def kept() -> Any:
    pages, rows = app.pages.kept, app.runtime.fragments
    return JSONResponse({"pages": len(pages), "page_bytes": pages.size, "row_bytes": rows.size})
