"""The side of starlette-admin: one model of SQLAlchemy and its view, as its own tutorial writes them."""

from __future__ import annotations

import os
from datetime import date, datetime

from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette_admin.contrib.sqla import Admin, ModelView

from .tasks import PAGE_SIZE

__all__ = ["app"]


class Base(DeclarativeBase):
    pass


class Task(Base):
    __tablename__ = "task"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    done: Mapped[bool]
    due: Mapped[date]
    created: Mapped[datetime]
    rank: Mapped[int]
    owner: Mapped[str]


class TaskView(ModelView):  # type: ignore[misc]  # only benchmarks have this package
    page_size = PAGE_SIZE
    page_size_options = [PAGE_SIZE, 100]


def home(_: object) -> PlainTextResponse:
    return PlainTextResponse("hello")


app = Starlette(routes=[Route("/", home)])
engine = create_engine(f"sqlite:///{os.environ['TASKS_FILE']}", connect_args={"check_same_thread": False})
admin = Admin(engine, title="Tasks", secret_key="only for measuring, never for serving")
admin.add_view(TaskView(Task))
admin.mount_to(app)
