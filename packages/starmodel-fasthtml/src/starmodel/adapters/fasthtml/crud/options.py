"""How a list is shown: which columns in which order, sorted by what, how many rows a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastcore.xml import ft

from starmodel.core.errors import InvalidError, QueryError
from starmodel.core.ui import Choice, Field

from .asking import PAGE_SIZE, ListCall, list_address
from .panels import going_to, hidden, panel, panel_form, select, unfit_panel
from .words import later

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp

    from .call import Content, PageCall
    from .shape import Shape

__all__ = ["options_panel"]

_SIZES = (10, 20, 50, 100, 200)
_SORTS = 3
_OWN = ("c", "s", "n", "do", "after", "before")


async def options_panel(call: PageCall, shape: Shape) -> Content | ASGIApp:
    """Return the form of how a list is shown, or after its last step the list."""
    if not call.first("n"):
        try:
            asked = ListCall.of(call, shape)
        except (QueryError, InvalidError) as error:
            return unfit_panel(call, shape, call.words("Display"), error)
        return _drawn(call, shape, asked.columns, asked.query.order, asked.query.limit)
    columns = [name for name in dict.fromkeys(_all(call, "c")) if name in shape.fields]
    order = tuple(dict.fromkeys(name for name in _all(call, "s") if name.removeprefix("-") in shape.fields))
    limit = int(call.first("n")) if call.first("n") in map(str, _SIZES) else PAGE_SIZE
    does, _, name = call.first("do").partition(":")
    if does == "usual":
        return going_to(list_address(shape.path, _others(call)))
    if does == "apply":
        return going_to(list_address(shape.path, _pairs(call, shape, columns, order, limit)))
    return _drawn(call, shape, _moved(columns, name, does), order, limit)


def _all(call: PageCall, name: str) -> list[str]:
    return [text for key, text in call.pairs if key == name and text]


def _others(call: PageCall) -> list[tuple[str, str]]:
    return [pair for pair in call.pairs if pair[0] not in (*_OWN, "columns", "sort", "limit")]


def _pairs(
    call: PageCall, shape: Shape, columns: Sequence[str], order: Sequence[str], limit: int
) -> list[tuple[str, str]]:
    pairs = _others(call)
    if columns and tuple(columns) != shape.columns:
        pairs.append(("columns", ",".join(columns)))
    if order and tuple(order) != shape.order:
        pairs.append(("sort", ",".join(order)))
    return [*pairs, *([("limit", str(limit))] if limit != PAGE_SIZE else ())]


def _moved(columns: list[str], name: str, does: str) -> list[str]:
    at = columns.index(name) if name in columns else -1
    to = at - 1 if does == "up" else at + 1
    if at >= 0 and does in ("up", "down") and 0 <= to < len(columns):
        columns.insert(to, columns.pop(at))
    return columns


def _drawn(call: PageCall, shape: Shape, columns: Sequence[str], order: Sequence[str], limit: int) -> Content | ASGIApp:
    words = call.words
    content = [
        *hidden(_others(call)),
        _columns(call, shape, columns),
        _order(call, shape, order),
        call.kit.field(_size(call, limit)),
    ]
    form = panel_form(call, f"{shape.path}/options", content, clear=(words("As usual"), "usual"))
    return panel(call, shape, words("How {things} are shown", things=words.within(words.label(shape.plural))), [form])


def _columns(call: PageCall, shape: Shape, columns: Sequence[str]) -> Any:
    rest = [name for name in shape.fields if name not in columns]
    lines = [_column(call, shape, name, number, len(columns)) for number, name in enumerate((*columns, *rest))]
    return ft("fieldset", ft("legend", call.words("Columns")), *lines, klass="sm-columns")


def _column(call: PageCall, shape: Shape, name: str, number: int, shown: int) -> Any:
    words = call.words
    label = words.label(shape.fields[name].label)
    box = Field(
        id=f"sm-c-{name}",
        name="c",
        label=label,
        widget="checkbox",
        value="true" if number < shown else "",
        attributes={"value": name},
    )
    moves = []
    for does, text, icon, has in (
        ("up", later("Move {column} up"), "arrow-up", 0 < number < shown),
        ("down", later("Move {column} down"), "arrow-down", number < shown - 1),
    ):
        if has:
            attributes = {"type": "submit", "name": "do", "value": f"{does}:{name}", "id": f"sm-{does}-{name}"}
            sign = {"up": "↑", "down": "↓"}[does] if not call.kit.icon(icon) else ""
            spoken = words(text, column=label)
            attributes["aria-label"] = spoken
            moves.append(call.kit.button(sign or spoken, attributes, tone="quiet", icon=icon, bare=True))
    return ft("div", call.kit.field(box), ft("span", *moves, klass="sm-actions"), klass="sm-test")


def _order(call: PageCall, shape: Shape, order: Sequence[str]) -> Any:
    words = call.words
    choices = [Choice(value="", label="—")]
    for name, field in shape.fields.items():
        if not field.is_sorted_by:
            continue
        label = words.label(field.label)
        choices += [
            Choice(value=name, label=words("{field}, rising", field=label)),
            Choice(value=f"-{name}", label=words("{field}, falling", field=label)),
        ]
    labels = [words("Sorted by"), *[words("then by")] * (max(_SORTS, len(order) + 1) - 1)]
    lines = [
        Field(
            id=f"sm-s-{number}",
            name="s",
            label=label,
            widget="select",
            value=order[number] if number < len(order) else "",
            choices=choices,
        )
        for number, label in enumerate(labels)
    ]
    return ft("fieldset", ft("legend", words("Order")), *map(call.kit.field, lines))


def _size(call: PageCall, limit: int) -> Field:
    sizes = sorted({*_SIZES, limit})
    choices = [Choice(value=str(size), label=call.words.number(size)) for size in sizes]
    return select("n", call.words("Rows on a page"), str(limit), choices)
