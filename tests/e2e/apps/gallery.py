"""Everything that a UI kit draws, in every state: start it with ``starmodel run tests/e2e/apps/gallery.py``.

``STARMODEL_UI=plain`` shows the plain kit instead.
"""

from starmodel.bootstrap import create_app
from starmodel.core.ui import Choice, Column, Entry, Field, Frame, Link

app = create_app(title="Gallery")
ui = app.runtime.kit

PLAN = Link(label="plan.png (12 kB)", href="#plan")
DOT = "data:image/gif;base64,R0lGODlhAQABAIABAExpcf///yH5BAEAAAEALAAAAAABAAEAAAICRAEAOw=="
COLOURS = [Choice(value="r", label="Red"), Choice(value="g", label="Green"), Choice(value="b", label="Blue")]
LONG = "A title that is rather longer than anybody would have thought when the column was given its width"


def frame():
    links = [
        Link(label="Overview", href="/", icon="layout-dashboard", current=True),
        Link(label="Tasks", href="/?tasks", icon="circle-check"),
        Link(label="Customers", href="/?customers", icon="users"),
        Link(label="Invoices", href="/?invoices", icon="receipt"),
    ]
    who = ui.menu("Ada", [ui.link(Link(label="Settings", href="/?settings")), ui.button("Sign out", {})], icon="user")
    return Frame(brand="Gallery", links=links, tools=[who])


def opens(dialog):
    return {"data-on:click": f"document.getElementById('{dialog}').showModal()"}


def head():
    new = ui.button("New task", opens("new"), tone="primary", icon="plus")
    more = ui.menu("More", [ui.button("Export", {}, icon="download"), ui.button("Delete all", {}, tone="danger")])
    return ui.heading("Tasks", subtitle="What is to be done, and who does it.", actions=[more, new])


def tiles():
    shown = [("Open", "12", "circle-dashed"), ("Done this week", "48", "circle-check"), ("Late", "3", "clock-alert")]
    return ui.tiles([(Link(label=label, href="/?tile", icon=icon), value) for label, value, icon in shown])


def tools():
    search = Field(id="search", name="q", label="Search", hide_label=True, attributes={"placeholder": "Search"})
    state = Field(id="state", name="state", label="State", widget="select", hide_label=True, choices=COLOURS)
    return ui.toolbar([ui.field(search), ui.field(state), ui.button("Columns", {}, icon="columns-3")])


def row(number, title, state, level, hours):
    edit = ui.button("Edit", opens("new"), tone="quiet", icon="pencil", bare=True)
    rest = [ui.button("Archive", {}, icon="archive"), ui.button("Delete", opens("sure"), tone="danger", icon="trash-2")]
    actions = [ui.button("Toggle", {}, tone="quiet"), edit, ui.menu("More", rest, icon="ellipsis", bare=True)]
    cells = [title, ui.badge(state, level=level), "Ada Lovelace", hours]
    drawn = [ui.cell(cell, numeric=cell is hours) for cell in cells]
    return ui.row(f"row-{number}", [*drawn, ui.cell(actions)])


def table():
    columns = [
        Column(name="title", label="Title", href="/?sort=title", direction="ascending"),
        Column(name="state", label="State", href="/?sort=state"),
        Column(name="who", label="Assigned to"),
        Column(name="hours", label="Hours", href="/?sort=hours", numeric=True),
        Column(name="actions", label=""),
    ]
    rows = [
        row(1, "Write the report", "open", "info", "2"),
        row(2, LONG, "late", "error", "13"),
        row(3, "Call the bank", "done", "success", "0.5"),
        row(4, "مرحبا بالعالم", "waiting", "warning", "1,204"),
        row(5, "<b>Text stays text</b> & so on", "draft", None, "0"),
    ]
    following = Link(label="Next", href="/?page=2")
    before = Link(label="Previous", href="/?page=0")
    return [ui.table("tasks", columns, rows, label="Tasks"), ui.pager("1 to 5 of 1,000+", before, following)]


def fields(prefix, *, wrong=False):
    errors = ["This is needed."] if wrong else []
    tags = [Field(id=f"{prefix}-tag-0", name="tags.0", label="Tag 1", hide_label=True, value="home")]
    blank = Field(id=f"{prefix}-tag-__index__", name="tags.__index__", label="Tag", hide_label=True)
    street = Field(id=f"{prefix}-street", name="address.street", label="Street", value="12 Hill Road")
    city = Field(id=f"{prefix}-city", name="address.city", label="City", errors=errors)
    kinds = [
        Field(id="title", name="title", label="Title", required=True, errors=errors, help="What a list shows."),
        Field(id="notes", name="notes", label="Notes", widget="textarea", value="Two\nlines", errors=errors),
        Field(id="hours", name="hours", label="Hours", widget="number", value="2.5"),
        Field(id="due", name="due", label="Due", widget="date", value="2026-01-31"),
        Field(id="start", name="start", label="Start", widget="datetime", value="2026-01-31T10:00"),
        Field(id="mail", name="mail", label="Mail", widget="email", attributes={"placeholder": "you@example.org"}),
        Field(id="secret", name="secret", label="Password", widget="password"),
        Field(id="file", name="file", label="Attachment", widget="file"),
        Field(id="plan", name="plan", label="Plan", widget="file", current=PLAN, preview=DOT, errors=errors),
        Field(id="colour", name="colour", label="Colour", widget="select", choices=COLOURS, value="g", errors=errors),
        Field(
            id="several",
            name="several",
            label="Several",
            widget="select",
            multiple=True,
            values=("r", "b"),
            choices=COLOURS,
        ),
        Field(id="owner", name="owner", label="Owner", widget="reference", value="Ada", help="Start to type a name."),
        Field(id="off", name="off", label="Cannot be changed", value="fixed", attributes={"disabled": True}),
        Field(id="done", name="done", label="Done", widget="checkbox", value="true", help="No longer on the list."),
        Field(id="address", name="address", label="Address", widget="group", fields=[street, city]),
        Field(id="tags", name="tags", label="Tags", widget="list", fields=tags, blank=blank, add="Add a tag"),
    ]
    return [ui.field(replaced(field, prefix)) for field in kinds]


def replaced(field, prefix):
    from dataclasses import replace

    return replace(field, id=f"{prefix}-{field.id}")


def form(prefix, *, wrong=False):
    save = ui.button("Save", {"type": "submit"}, tone="primary")
    return ui.form(
        fields(prefix, wrong=wrong), [ui.button("Cancel", {}), save], attributes={"action": "/", "id": prefix}
    )


def buttons():
    tones = [ui.button(tone.capitalize(), {}, tone=tone) for tone in ("primary", "default", "quiet", "danger")]
    others = [
        ui.button("Disabled", {"disabled": True}),
        ui.button("Refresh", {}, icon="refresh-cw", bare=True),
        ui.button("Saving", {"aria-busy": "true"}, tone="primary"),
        ui.link(Link(label="A link", href="/?link")),
        ui.link(Link(label="Open", href="/?open", icon="external-link"), tone="default"),
    ]
    badges = [ui.badge("plain")] + [ui.badge(level, level=level) for level in ("info", "success", "warning", "error")]
    return ui.section("Buttons and badges", [ui.toolbar(tones), ui.toolbar(others), ui.toolbar(badges)])


def alerts():
    retry = [ui.button("Try again", {})]
    said = [("info", []), ("success", []), ("warning", []), ("error", retry)]
    return [ui.alert(level.capitalize(), "What happened, and what to do.", level=level, actions=a) for level, a in said]


def detail():
    facts = ui.facts([("Title", LONG), ("State", ui.badge("done", level="success")), ("Hours", "2.5"), ("Notes", "")])
    change = ui.facts([("Hours", "2 → 2.5")])
    entries = [
        Entry(title="Ada changed the hours", who="Ada", when="5 minutes ago", moment="2026-01-31T10:00", icon="pencil",
              details=[change], actions=[ui.button("Undo", {}, tone="quiet", icon="undo-2")]),
        Entry(title="Done", who="Grace", when="yesterday", moment="2026-01-30", icon="check"),
        Entry(title="Created", when="last week", moment="2026-01-24"),
    ]  # fmt: skip
    edit = [ui.button("Edit", opens("new"), icon="pencil")]
    return [ui.section("Details", [facts], actions=edit), ui.section("History", [ui.timeline(entries)])]


def dialogs():
    no = ui.button("Keep it", {"data-on:click": "el.closest('dialog').close()"})
    sure = ui.form([], [no, ui.button("Delete", {"type": "submit"}, tone="danger")], attributes={"action": "/"})
    return [
        ui.dialog("new", "New task", [form("create")]),
        ui.dialog("sure", "Delete “Write the report”?", ["It can be brought back from the history.", sure]),
    ]


@app.get("/")
def gallery():
    nothing = ui.empty("No tasks yet", "What is to be done shows up here.", icon="list-todo",
                       actions=[ui.button("New task", opens("new"), tone="primary", icon="plus")])  # fmt: skip
    parts = [head(), tiles(), tools(), *table(), buttons(), *alerts(), nothing, *detail()]
    parts += [ui.section("A form", [form("good")]), ui.section("With errors", [form("bad", wrong=True)]), *dialogs()]
    return ui.page(frame(), parts)
