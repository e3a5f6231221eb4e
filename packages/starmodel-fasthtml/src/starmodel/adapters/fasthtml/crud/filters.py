"""The filter builder: conditions in nested groups, made by a form and kept in an address that can be passed on.

The form is drawn by the server after every step, so it works without scripts; ours only fetches it into a dialog.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastcore.xml import ft

from starmodel.app import pairs_of, query_from
from starmodel.core.errors import InvalidError, QueryError
from starmodel.core.query import Query
from starmodel.core.ui import Choice

from .asking import OWN_WORDS, PAGE_SIZE, list_address
from .conditions import Condition, Group, Node, from_pairs, from_where, joined, place_in
from .operators import Asked, askable, condition_of, operators_of, problem_of, text_at, texts_of, value_field
from .panels import going_to, hidden, panel, panel_form, select, submit, unfit_panel
from .words import later

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from .call import Content, PageCall
    from .shape import Shape

__all__ = ["KEPT", "filter_panel", "filtered_pairs"]

KEPT = ("q", "sort", "limit", "columns")
"""What an address says besides its conditions."""

_MODES = {
    "all": later("All of these hold"),
    "any": later("Any of these holds"),
    "none": later("None of these holds"),
    "not_all": later("Not all of these hold"),
}


_AGAIN = {"data-sm-again": True}
"""Marks what the rest of the form follows from: our script asks for it again."""


async def filter_panel(call: PageCall, shape: Shape) -> Content | ASGIApp:
    """Return the builder as the address says, or after a last step the list that it asks for."""
    try:
        tree, done = _stepped(call), call.first("do")
        if tree is None:
            tree = _in_address(call, shape)
        elif done == "clear":
            return going_to(list_address(shape.path, _kept(call)))
        elif done == "apply":
            tree, where = _read(call, shape, tree)
            if where is not None:
                return going_to(list_address(shape.path, filtered_pairs(call, shape, where)))
    except (QueryError, InvalidError) as error:
        return unfit_panel(call, shape, _title(call, shape), error)
    return _drawn(call, shape, tree)


def _title(call: PageCall, shape: Shape) -> str:
    return call.words("Filter {things}", things=call.words.within(call.words.label(shape.plural)))


def _stepped(call: PageCall) -> Group | None:
    """Return the tree that the form was sent with, one step further; ``None`` where no form was sent."""
    if not call.first("g0"):
        return None
    does, _, key = call.first("do").partition(":")
    at = place_in(key)[1:]
    return _changed(from_pairs(call.pairs), at, does)


def _changed(group: Group, at: Sequence[int], does: str) -> Group:
    if does == "remove" and len(at) == 1:
        return replace(group, parts=(*group.parts[: at[0]], *group.parts[at[0] + 1 :]))
    if not at:
        new: Mapping[str, Node] = {
            "add": Condition("", ""),
            "group": Group("any", (Condition("", ""), Condition("", ""))),
        }
        return replace(group, parts=(*group.parts, new[does])) if does in new else group
    parts = list(group.parts)
    if at[0] < len(parts) and isinstance(inner := parts[at[0]], Group):
        parts[at[0]] = _changed(inner, at[1:], does)
    return replace(group, parts=tuple(parts))


def _in_address(call: PageCall, shape: Shape) -> Group:
    codec = call.runtime.app.codec
    query = query_from(shape.kind, call.pairs, codec, limit=PAGE_SIZE, reserved=OWN_WORDS)
    return from_where(query.where, texts_of(codec))


def _read(call: PageCall, shape: Shape, tree: Group) -> tuple[Group, dict[str, Any] | None]:
    """Return the condition that a tree is; ``None`` where a value does not fit, and the tree then says so."""
    wrong: dict[Condition, str] = {}

    def read(test: Condition) -> dict[str, Any]:
        try:
            return condition_of(shape, test, call.runtime.app.codec, call.words)
        except (QueryError, InvalidError) as error:
            wrong[test] = problem_of(error)
            return {}

    where = joined(tree, read)
    return _marked(tree, wrong), None if wrong else where


def _marked(group: Group, wrong: Mapping[Condition, str]) -> Group:
    parts = [
        _marked(part, wrong) if isinstance(part, Group) else replace(part, error=wrong.get(part, ""))
        for part in group.parts
    ]
    return replace(group, parts=tuple(parts))


def filtered_pairs(call: PageCall, shape: Shape, where: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the address of this list with other conditions; QueryError for what no address may ask for."""
    codec, kept = call.runtime.app.codec, _kept(call)
    query = query_from(shape.kind, kept, codec, limit=PAGE_SIZE, reserved=OWN_WORDS)
    query = Query(where=where, order=query.order, limit=query.limit, search=query.search)
    pairs = pairs_of(shape.kind, query, codec, limit=PAGE_SIZE, reserved=OWN_WORDS)
    return [*pairs, *(pair for pair in kept if pair[0] == "columns")]


def _kept(call: PageCall) -> list[tuple[str, str]]:
    return [(name, text) for name, text in call.pairs if name in KEPT and text]


# -- the form ----------------------------------------------------------------------------------------------------------


def _drawn(call: PageCall, shape: Shape, tree: Group) -> Content | ASGIApp:
    whole = tree if tree.parts else replace(tree, parts=(Condition("", ""),))
    content = [*hidden(_kept(call)), _group(call, askable(call, shape), whole, "0")]
    form = panel_form(call, f"{shape.path}/filter", content, clear=(call.words("Clear the filter"), "clear"))
    return panel(call, shape, _title(call, shape), [form])


def _group(call: PageCall, known: Mapping[str, Asked], group: Group, key: str) -> Any:
    words, kit = call.words, call.kit
    modes = [Choice(value=mode, label=words(text)) for mode, text in _MODES.items()]
    mode = select(f"g{key}", words("Which of these must hold"), group.mode, modes, hide_label=True)
    head = [kit.field(mode)]
    if key != "0":
        head.append(_remove(call, key))
    parts = [
        _group(call, known, part, f"{key}.{n}") if isinstance(part, Group) else _test(call, known, part, f"{key}.{n}")
        for n, part in enumerate(group.parts)
    ]
    add = submit(call, words("Add a condition"), f"add:{key}", icon="plus")
    nest = submit(call, words("Add a group"), f"group:{key}", icon="list-plus")
    label = {"aria-label": words("Conditions")}
    return ft(
        "fieldset",
        ft("div", *head, klass="sm-test"),
        *parts,
        ft("div", add, nest, klass="sm-actions"),
        klass="sm-group",
        **label,
    )


def _test(call: PageCall, known: Mapping[str, Asked], test: Condition, key: str) -> Any:
    words, kit = call.words, call.kit
    asked = known.get(test.path) or (text_at(test.path, test.path) if test.path else next(iter(known.values())))
    offered = operators_of(asked.field)
    operator = test.operator or next(iter(offered), "eq")
    if operator not in offered and test.path in known and call.first("g0"):
        operator = next(iter(offered), "eq")  # of the field that stood here before
    ways = {**offered, **({} if operator in offered else {operator: operator})}
    fields = [Choice(value=one.path, label=one.label) for one in {**known, asked.path: asked}.values()]
    comparisons = [Choice(value=name, label=words(text)) for name, text in ways.items()]
    path = select(f"f{key}", words("Field"), asked.path, fields, hide_label=True, attributes=_AGAIN)
    way = select(f"o{key}", words("Comparison"), operator, comparisons, hide_label=True, attributes=_AGAIN)
    value = value_field(asked, replace(test, operator=operator), key, words)
    again = ft("noscript", submit(call, words("Update"), "again"))
    return ft("div", *map(kit.field, (path, way, value)), again, _remove(call, key), klass="sm-test")


def _remove(call: PageCall, key: str) -> Any:
    label = call.words("Remove")
    attributes = {"type": "submit", "name": "do", "value": f"remove:{key}"}
    return call.kit.button(label, attributes, tone="quiet", icon="x", bare=True)
