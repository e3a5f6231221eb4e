"""The page on which the columns of a file are mapped to fields, with what would become of its records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastcore.xml import ft

from starmodel.core.ui import Choice, Column, Field, Link

from .batches import new_key
from .call import Content
from .mapping import fields_for, keys_for, missing
from .panels import back_to_list, hidden, select, submit
from .tables import DELIMITERS, ENCODINGS, Dialect, Line

if TYPE_CHECKING:
    from .call import PageCall
    from .importing import Checked
    from .records import Plan
    from .shape import Shape

__all__ = ["MOST_TRIED", "SHOWN", "OpenFile", "mapping_page"]

SHOWN = 3
"""So many records of a file are shown."""

MOST_TRIED = 20_000
"""So many records are tried while somebody waits; the others are tried as they are imported."""


@dataclass(frozen=True, slots=True)
class OpenFile:
    """An uploaded file as it is read: its *header*, its first records and the number of all of them."""

    token: str
    path: Path
    dialect: Dialect
    header: list[str]
    first: list[Line]
    count: int


def mapping_page(call: PageCall, shape: Shape, file: OpenFile, plan: Plan, found: Checked | None) -> Content:
    """Return the page, with what was *found* out about the records."""
    words, kit = call.words, call.kit
    title = words("Import {things}", things=words.within(words.label(shape.plural)))
    records = words.many(file.count, "{count} record", "{count} records")
    subtitle = f"{records}, {words.many(len(file.header), '{count} column', '{count} columns')}"
    again = kit.link(Link(label=words("Another file"), href=f"{shape.path}/import"), tone="default")
    parts = [kit.heading(title, subtitle=subtitle, actions=[again, back_to_list(call, shape, shape.path)])]
    parts += _warnings(call, shape, file, plan)
    if found is not None:
        parts += _outcome(call, found)
    parts.append(kit.section("", [_mapping_form(call, shape, file, plan)]))
    if found is not None and (found.created or found.updated or not found.is_whole):
        parts.append(_import_form(call, shape, file, plan))
    return Content(title=title, parts=parts)


def _warnings(call: PageCall, shape: Shape, file: OpenFile, plan: Plan) -> Iterator[Any]:
    words = call.words
    if not file.count:
        yield call.kit.alert(words("There is no record in this file"), words("It has a first line at most."))
    if file.dialect.assumed:
        text = words("It is read as Windows-1252. If letters look wrong below, choose another encoding.")
        yield call.kit.alert(words("The file is no UTF-8"), text, level="warning")
    lacking = missing(shape, plan.fields)
    if lacking:
        labels = ", ".join(words.label(one.label) for one in lacking)
        text = words("No column is mapped to: {fields}. Without them only what there is already can be changed.")
        yield call.kit.alert(words("Required fields are missing"), text.format(fields=labels), level="warning")


def _outcome(call: PageCall, found: Checked) -> Iterator[Any]:
    words, number = call.words, call.words.number
    facts = [
        (words("Would be created"), number(found.created)),
        (words("Would be changed"), number(found.updated)),
        (words("Would stay as they are"), number(found.unchanged)),
        (words("Do not fit"), number(found.wrong)),
    ]
    yield call.kit.section(words("What would happen"), [call.kit.facts(facts)])
    if not found.is_whole:
        text = words(
            "The first {count} records were tried; the others are as they are imported.", count=number(MOST_TRIED)
        )
        yield call.kit.alert(words("A long file"), text)
    if found.problems:
        heads = {"line": words("Line"), "column": words("Column"), "wrong": words("What is wrong")}
        columns = [Column(name=name, label=text) for name, text in heads.items()]
        rows = [
            call.kit.row(f"sm-wrong-{n}", [call.kit.cell(text) for text in (str(line), column, words.problem(one))])
            for n, (line, column, one) in enumerate(found.problems)
        ]
        table = call.kit.table("sm-wrong", columns, rows, label=words("What does not fit"))
        more = found.wrong - len({line for line, _, _ in found.problems})
        rest = [ft("p", words("and {count} more", count=number(more)))] if more > 0 else []
        yield call.kit.section(words("What does not fit"), [table, *rest])


def _mapping_form(call: PageCall, shape: Shape, file: OpenFile, plan: Plan) -> Any:
    words, kit = call.words, call.kit
    choices = [Choice(value="", label=words("(left out)")), Choice(value="id", label=words("Id"))]
    choices += [Choice(value=one.name, label=words.label(one.label)) for one in fields_for(shape).values()]
    fields = [
        Field(
            id=f"sm-m-{number}",
            name="m",
            label=column or words("Column {number}", number=number + 1),
            widget="select",
            value=plan.fields[number],
            choices=choices,
            help=" · ".join(line.cells[number][:60] for line in file.first if number < len(line.cells)),
        )
        for number, column in enumerate(file.header)
    ]
    columns = ft("fieldset", ft("legend", words("Columns")), *map(kit.field, fields), klass="sm-columns")
    rest = [kit.field(one) for one in _ways(call, shape, plan)]
    button = submit(call, words("Try it"), "check", tone="primary")
    attributes = {"action": f"{shape.path}/import"}
    return kit.form([*hidden([("file", file.token)]), columns, *rest], [button], attributes=attributes)


def _ways(call: PageCall, shape: Shape, plan: Plan) -> Iterator[Field]:
    words = call.words
    keys = keys_for(shape, plan.fields)
    labels = {"id": words("Id"), **{name: words.label(one.label) for name, one in fields_for(shape).items()}}
    found = [Choice(value=name, label=words("those with the same {field}", field=labels[name])) for name in keys]
    new = Choice(value="", label=words("none: make a new one of each record"))
    yield select("key", words("Which are changed instead of made"), plan.key, [new, *found])
    each = Choice(value="each", label=words("leave them out, import the others"))
    none = Choice(value="none", label=words("import nothing at all"))
    yield select("refused", words("Where records do not fit"), "none" if plan.whole else "each", [each, none])
    encodings = [Choice(value=name, label=label) for name, label in ENCODINGS.items()]
    yield select("encoding", words("Encoding"), plan.encoding, encodings)
    delimiters = [Choice(value=sign, label=words(name)) for sign, name in DELIMITERS.items()]
    yield select("delimiter", words("Between the cells"), plan.delimiter, delimiters)


def _import_form(call: PageCall, shape: Shape, file: OpenFile, plan: Plan) -> Any:
    words = call.words
    pairs = [("file", file.token), ("encoding", plan.encoding), ("delimiter", plan.delimiter), ("key", plan.key)]
    pairs += [("refused", "none" if plan.whole else "each"), *(("m", name) for name in plan.fields)]
    label = words.many(file.count, "Import {count} record", "Import {count} records")
    button = submit(call, label, "import", tone="primary")
    attributes = {"method": "post", "action": f"{shape.path}/import"}
    return call.kit.form(hidden([*pairs, ("_batch", new_key())]), [button], attributes=attributes)
