"""What a list is filtered by, in words, each part with the way to the list without it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastcore.xml import ft

from starmodel.core.ui import Link

from .asking import address, list_address
from .conditions import Condition, Group, Node, from_where, joined, keyed
from .filters import filtered_pairs
from .naming import name_ids
from .operators import Asked, askable, condition_of, phrase, texts_of

if TYPE_CHECKING:
    from starmodel.core.query import Query

    from .call import PageCall
    from .shape import Shape

__all__ = ["filter_chips", "said"]

_JOINTS = {"all": "and", "any": "or", "none": "or", "not_all": "and"}


async def filter_chips(call: PageCall, shape: Shape, query: Query) -> Any:
    """Return the conditions of a list, each to be taken away; ``""`` for none."""
    if not query.where and not query.search:
        return ""
    words, known = call.words, askable(call, shape)
    tree = from_where(query.where, texts_of(call.runtime.app.codec))
    await _name_ids(call, tree, known)
    chips = []
    if query.search:
        chips.append(_chip(call, words("Search: {text}", text=query.search), address(call, q="")))
    parts = tree.parts if tree.mode == "all" else (tree,)
    for number, part in enumerate(parts):
        rest = replace(tree, parts=(*parts[:number], *parts[number + 1 :])) if tree.mode == "all" else Group()
        where = joined(rest, lambda test: condition_of(shape, test, call.runtime.app.codec, words))
        href = list_address(shape.path, filtered_pairs(call, shape, where))
        chips.append(_chip(call, _said(call, known, part), href))
    if len(chips) > 1:
        chips.append(call.kit.link(Link(label=words("Show all"), href=list_address(shape.path, ())), tone="quiet"))
    return ft("div", *chips, klass="sm-chips", role="group", **{"aria-label": words("Filter")})


async def said(call: PageCall, shape: Shape, where: Mapping[str, Any]) -> str:
    """Return a checked condition in words."""
    known, tree = askable(call, shape), from_where(where, texts_of(call.runtime.app.codec))
    await _name_ids(call, tree, known)
    return _said(call, known, tree)


def _chip(call: PageCall, text: str, href: str) -> Any:
    label = {"aria-label": call.words("Remove the filter {filter}", filter=text)}
    return call.kit.link(Link(label=f"{text} \N{MULTIPLICATION SIGN}", href=href, attributes=label), tone="default")


def _said(call: PageCall, known: Mapping[str, Asked], node: Node) -> str:
    if isinstance(node, Condition):
        asked = known.get(node.path)
        return f"{node.path} {node.operator} {', '.join(node.values)}" if asked is None else _phrase(call, asked, node)
    joint = f" {call.words(_JOINTS[node.mode])} "
    text = joint.join(
        f"({_said(call, known, part)})" if isinstance(part, Group) else _said(call, known, part) for part in node.parts
    )
    return call.words("not ({condition})", condition=text) if node.mode in ("none", "not_all") else text


def _phrase(call: PageCall, asked: Asked, test: Condition) -> str:
    return phrase(asked, test, call.words, call.names)


async def _name_ids(call: PageCall, tree: Group, known: Mapping[str, Asked]) -> None:
    """Find out what the entities are called that a filter names by their ids."""
    for target, ids in _named(tree, known):
        await name_ids(call, target, ids)


def _named(tree: Group, known: Mapping[str, Asked]) -> Iterator[tuple[Any, set[str]]]:
    for _, node in keyed(tree):
        if isinstance(node, Condition) and node.path in known and known[node.path].field.target is not None:
            yield known[node.path].field.target, {text for text in node.values if text}
