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
    name, mark, done = todo.title, "✓" if todo.done else "○", str(todo.done).lower()
    title = Input(on_change(todo.update, "title"), name="title", value=name, aria_label="Title")
    toggle = Button(mark, on_click(todo.toggle), cls="secondary", aria_pressed=done, aria_label=f"Done: {name}")
    delete = Button("Delete", on_click(todo.delete), cls="secondary", aria_label=f"Delete {name}")
    return Li(toggle, Form(on_submit(todo.update), title), delete, cls="row")


@app.get("/")
async def home(show: str = "all"):
    todos = await find(Todo, FILTERS.get(show, {}), order=["title"])
    links = [A(name, href=f"?show={name}", aria_current="page" if name == show else None) for name in FILTERS]
    new = Input(name="title", placeholder="What is there to do?", aria_label="New", required=True)
    return (
        H1("Todo"),
        Form(on_submit(Todo.create), new, Button("Add"), cls="row"),
        Nav(*links, cls="row", aria_label="Filter"),
        Ul(*map(row, todos), role="list"),
        P(f"{sum(not todo.done for todo in todos)} open of {len(todos)} shown", cls="muted"),
    )
