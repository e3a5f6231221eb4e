"""Who is signed in, by the session alone, on nodes that share a database: ``RIG_STORE`` says of which kind."""

import os

from fasthtml.common import P

from starmodel.bootstrap import create_app
from starmodel.core import Actor, Entity


class Note(Entity):
    text: str = ""
    model_config = {"store": os.environ.get("RIG_STORE", "sql")}


class BySession:
    async def identify(self, headers, session, visitor):
        return Actor(session["user"], visitor) if "user" in session else None


app = create_app(Note, auth=[BySession()])


@app.get("/notes")
def notes(notes: list[Note]):
    return P(len(notes))


@app.get("/put/{name}")
def put(session, name: str):
    session[name] = True
    return P("kept")


@app.get("/login/{user}")
def login(session, user: str):
    session["user"] = user
    session.rotate()
    return P("hello")


@app.get("/logout")
def logout(session):
    session.clear()
    return P("bye")


@app.get("/out/{user}")
async def out(user: str):
    await app.sign_out(user)
    return P("all out")


@app.get("/who")
def who(session):
    return P(f"[{' '.join(sorted(session))}] {session.get('user', 'nobody')}")
