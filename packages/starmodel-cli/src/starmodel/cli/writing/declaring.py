"""The source of what is added: a class, an event, a page."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from .fields import NewField

__all__ = ["entity_source", "event_source", "page_source"]

CORE = "starmodel.core"


def entity_source(name: str, fields: Sequence[NewField]) -> tuple[str, set[tuple[str, str]]]:
    """Return the source of the entity *name*, and what it needs imported."""
    imports = {(CORE, "Entity"), *(wanted for field in fields for wanted in field.imports)}
    lines = [f"class {name}(Entity):"]
    for field in fields:
        lines.append(f"    {_declared(field)}")
        if field.target:
            imports |= {(CORE, "Reference"), ("typing", "Annotated")}
    return "\n".join(lines), imports


def _declared(field: NewField) -> str:
    default = "" if field.default is None else f" = {field.default}"
    if not field.target:
        return f"{field.name}: {field.annotation}{default}"
    kind, gone = ("str | None", ', on_delete="set_null"') if field.optional else ("str", "")
    return f'{field.stored_name}: Annotated[{kind}, Reference("{field.target}"{gone})]{default}'


def event_source(
    owner: str, name: str, arguments: Sequence[NewField], fields: Collection[str]
) -> tuple[str, set[tuple[str, str]]]:
    """Return the source of the event *name* of *owner*, without indentation, and what it needs imported.

    An argument that is called as one of the *fields* is stored there; when there is none, the event refuses until
    somebody has written what it does.
    """
    imports = {(CORE, "event"), *(wanted for argument in arguments for wanted in argument.imports)}
    ordered = sorted(arguments, key=lambda one: one.default is not None)  # Python wants those with a default last
    taken = ", ".join(["self", *map(_argument, ordered)])
    body = [f"    self.{stored} = {value}" for stored, value in _stored(ordered, fields)]
    if not body:
        imports.add((CORE, "RefusedError"))
        body = [f'    raise RefusedError("{owner}.{name} is not written yet.")']
    return "\n".join(["@event", f"def {name}({taken}) -> None:", *body]), imports


def _argument(field: NewField) -> str:
    return f"{field.name}: {field.annotation}" + ("" if field.default is None else f" = {field.default}")


def _stored(arguments: Sequence[NewField], fields: Collection[str]) -> list[tuple[str, str]]:
    found = []
    for argument in arguments:
        name, value = argument.name, argument.name
        if argument.target:
            name = argument.stored_name
            value = f"{value}.id if {value} is not None else None" if argument.optional else f"{value}.id"
        if name in fields:
            found.append((name, value))
    return found


def page_source(name: str) -> tuple[str, set[tuple[str, str]]]:
    """Return the source of a page at ``/name``, for the body of a function that is given ``app``, and its imports."""
    address, title = name.replace("_", "-"), re.sub(r"_+", " ", name).capitalize()
    lines = [f'@app.page("/{address}", "{title}")', f"def {name}():", f'    return H1("{title}")']
    return "\n".join(lines), {("fasthtml.common", "H1")}
