"""A chat room: one class is a message, one page shows the last fifty, and every open tab hears each of them at once."""

from datetime import UTC, datetime
from typing import Annotated

from fasthtml.common import H1, Button, Form, Input, Li, Span, Ul
from pydantic import StringConstraints

from starmodel.adapters.fasthtml import find, on_submit, view
from starmodel.bootstrap import create_app
from starmodel.core import Entity, Indexed, event

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Message(Entity):
    who: str
    text: str
    at: Annotated[datetime, Indexed()]
    model_config = {"icon": "message-circle", "default_events": ["delete"]}

    @event
    @classmethod
    def say(cls, text: Text, who: str = "") -> "Message":
        return cls(who=who.strip() or "somebody", text=text, at=datetime.now(UTC))


app = create_app(Message, title="Chat")


@view
def line(message: Message):
    return Li(Span(message.who, cls="font-semibold"), " ", Span(message.text))


@app.page("/", "Room", icon="messages-square")
async def room():
    newest = await find(Message, order=["-at"], limit=50)
    said = Ul(*map(line, reversed(newest)), cls="grid gap-2 mb-6", aria_label="Messages", aria_live="polite")
    who = Input(name="who", placeholder="Your name", aria_label="Your name")
    text = Input(name="text", placeholder="Say something", aria_label="Message", required=True, maxlength=500)
    return H1("Room"), said, Form(on_submit(Message.say), who, text, Button("Send"), cls="row")
