"""Whether entities, events and addresses mean what they say."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from starmodel.cli.addresses import doubled
from starmodel.core import Entity, Visibility
from starmodel.core.entity import FieldInfo, fields_of
from starmodel.core.errors import QueryError, StarModelError
from starmodel.core.relations import target_of

from .facts import Facts
from .finding import Found, Rule

__all__ = ["RULES"]

CONFIDENTIAL = re.compile(r"(^|_)(password|passwd|secret|token|api_?key|private_?key)$")


def _failed(facts: Facts) -> Iterator[Found]:
    if facts.failure:
        yield Found(facts.failure, "mend that; most checks wait for it")


def _doubled(facts: Facts) -> Iterator[Found]:
    for first, second in doubled(facts.addresses):
        methods = ", ".join(set(first.methods) & set(second.methods)) or "any method"
        message = f"{second.name} is never reached: {first.name} has {methods} {first.path} before it"
        yield Found(message, "give one of them another address")


def _forgotten(facts: Facts) -> Iterator[Found]:
    if facts.application is None:
        return
    known = set(facts.application.catalog)
    names = {kind.__entity_name__ for kind in known}
    for kind in _below(Entity):
        is_base = any(issubclass(one, kind) for one in known)
        if is_base or kind.__name__.startswith("_") or kind.__entity_name__ in names or not _is_own(kind, facts.folder):
            continue
        advice = f"give it to the application, create_app(…, {kind.__name__}), or begin its name with _"
        yield Found(f"the application does not know {kind.__name__}", advice, _place(kind))


def _below(kind: type[Entity]) -> Iterator[type[Entity]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _below(sub)


def _is_own(kind: type[Entity], folder: Path) -> bool:
    """Tell whether a module of the project has *kind*, under its name: what a function made is its own affair."""
    module = sys.modules.get(kind.__module__)
    if getattr(module, kind.__name__, None) is not kind:
        return False
    path = Path(getattr(module, "__file__", None) or "/").resolve()
    return path.is_relative_to(folder.resolve()) and "site-packages" not in path.parts


def _place(found: Callable[..., Any] | type) -> str:
    try:
        return f"{inspect.getfile(found)}:{inspect.getsourcelines(found)[1]}"
    except (OSError, TypeError):
        return ""


def _fields(facts: Facts) -> Iterator[tuple[type[Entity], FieldInfo]]:
    for kind in facts.application.catalog if facts.application is not None else ():
        for info in fields_of(kind).values():
            yield kind, info


def _unknown_reference(facts: Facts) -> Iterator[Found]:
    for kind, info in _fields(facts):
        try:
            target = target_of(kind, info.name)
        except QueryError as error:
            yield Found(f"{kind.__name__}.{info.name}: {error}", "correct the name in Reference(...)", _place(kind))
            continue
        if target is not None and facts.application is not None and target not in facts.application.catalog:
            message = f"{kind.__name__}.{info.name} refers to {target.__name__}, which the application does not know"
            yield Found(message, f"give it to the application: create_app(…, {target.__name__})", _place(kind))


def _reference_apart(facts: Facts) -> Iterator[Found]:
    for kind, info in _fields(facts):
        target, application = _target(kind, info.name), facts.application
        if target is None or application is None or target not in application.catalog:
            continue
        own, other = application.persistence.name_for(kind), application.persistence.name_for(target)
        if own != other:
            message = f"{kind.__name__}.{info.name} is kept in {own!r}, and {target.__name__} in {other!r}"
            yield Found(message, "keep both in one store: a reference holds within one", _place(kind))


def _target(kind: type[Entity], name: str) -> type[Entity] | None:
    try:
        return target_of(kind, name)
    except StarModelError:
        return None


def _writing_get(facts: Facts) -> Iterator[Found]:
    for kind in facts.application.catalog if facts.application is not None else ():
        for handler in facts.application.catalog.handlers(kind).values() if facts.application is not None else ():
            if handler.reads_only and _writes(handler.event.fn):
                message = f"{handler} answers GET and changes something: every call of it is refused"
                yield Found(message, 'declare it @event(method="post")', _place(handler.event.fn))


def _writes(fn: Callable[..., Any]) -> bool:
    """Tell whether the source of a body assigns to a field of its first parameter, or evolves or deletes it."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(fn)))
    except (OSError, TypeError, SyntaxError):
        return False
    me = next(iter(inspect.signature(fn).parameters), "self")
    return any(_is_change(node, me) for node in ast.walk(tree))


def _is_change(node: ast.AST, me: str) -> bool:
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(
            _is_of(target, me) and not target.attr.startswith("_")
            for target in targets
            if isinstance(target, ast.Attribute)
        )
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and _is_of(node.func, me)
        and node.func.attr in ("evolve", "delete")
    )


def _is_of(node: ast.Attribute, me: str) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == me


def _known_secret(facts: Facts) -> Iterator[Found]:
    for kind, info in _fields(facts):
        if info.visibility is Visibility.SECRET and info.default is not None and info.default():
            message = f"{kind.__name__}.{info.name} is secret, and its default is in the source"
            yield Found(message, 'let it default to "" or None, and set it by an event', _place(kind))


def _public_secret(facts: Facts) -> Iterator[Found]:
    for kind, info in _fields(facts):
        if info.visibility is Visibility.PUBLIC and CONFIDENTIAL.search(info.name.lower()):
            message = f"{kind.__name__}.{info.name} is public: pages and JSON show it"
            yield Found(
                message, f"write {info.name}: Secret[str], or Private[str] for what the server reads", _place(kind)
            )


RULES = (
    Rule("app.failed", "error", _failed),
    Rule("address.doubled", "error", _doubled),
    Rule("entity.forgotten", "warning", _forgotten),
    Rule("reference.unknown", "error", _unknown_reference),
    Rule("reference.apart", "error", _reference_apart),
    Rule("event.writing-get", "error", _writing_get),
    Rule("field.known-secret", "error", _known_secret),
    Rule("field.public-secret", "warning", _public_secret),
)
