"""FastAPI's and SQLModel's side: one table and one endpoint on SQLite, as their tutorials write them."""

from __future__ import annotations

import os

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from sqlmodel import Field, Session, SQLModel, create_engine

__all__ = ["app"]


class Counter(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    count: int = 0


engine = create_engine(f"sqlite:///{os.environ['DATABASE_FILE']}", connect_args={"check_same_thread": False})
SQLModel.metadata.create_all(engine)
with Session(engine) as first:
    first.add(Counter(id=1))
    first.commit()

app = FastAPI()


@app.get("/", response_class=HTMLResponse)
def home() -> str:
    with Session(engine) as session:
        return f"<h1>{session.get_one(Counter, 1).count}</h1>"


@app.post("/counter/lobby/increment")
def increment() -> Counter:
    with Session(engine) as session:
        counter = session.get_one(Counter, 1)
        counter.count += 1
        session.add(counter)
        session.commit()
        session.refresh(counter)
        return counter
