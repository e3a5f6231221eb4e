"""A todo list for everybody: add, tick off, edit, delete, filter; live in every open tab."""

from fasthtml.common import H1, A, Button, Form, Input, Li, Nav, P, Ul

from starmodel.adapters.fasthtml import find, on_change, on_click, on_submit, view
from starmodel.bootstrap import create_app
from starmodel.core import Entity, event


class Todo(Entity):
    title: str
    done: bool = False

    @event
    def toggle(self) -> None:
        self.done = not self.done

    def check(self) -> None:
        if not self.title.strip():
            raise ValueError("Write down what there is to do.")


app = create_app(Todo, title="Todo")
FILTERS = {"all": {}, "open": {"done": False}, "done": {"done": True}}


@view
def row(todo: Todo):
    return Li(
        Button("✓" if todo.done else "○", on_click(todo.toggle), aria_pressed=str(todo.done).lower(), aria_label=f"Done: {todo.title}"),
        Form(on_submit(todo.update), Input(on_change(todo.update, "title"), name="title", value=todo.title, aria_label="Title")),
        Button("Delete", on_click(todo.delete), aria_label=f"Delete {todo.title}"),
        cls="row",
    )


@app.get("/")
async def home(show: str = "all"):
    todos = await find(Todo, FILTERS.get(show, {}), order=["title"])
    links = [A(name, href=f"?show={name}", aria_current="page" if name == show else None) for name in FILTERS]
    return (
        H1("Todo"),
        Form(on_submit(Todo.create), Input(name="title", placeholder="What is there to do?", required=True), Button("Add")),
        Nav(*links, cls="row", aria_label="Filter"),
        Ul(*map(row, todos), role="list"),
        P(f"{sum(not todo.done for todo in todos)} open of {len(todos)} shown", cls="muted"),
    )
