"""Entities as arguments of page functions: asked for by type, given with a lens that notices what is read."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, get_args, get_origin

from starlette.requests import Request
from starlette.routing import PARAM_REGEX

from starmodel.app.policies import VISITOR_PREFIX, is_private_id
from starmodel.core.annotations import type_hints
from starmodel.core.entity import ID_RULE, Entity, valid_id
from starmodel.core.errors import DefinitionError, NotFoundError
from starmodel.core.query import Query

from .answering import nonce_of
from .browser.carrying import is_kept_by_browsers
from .markup import checked_page
from .reading import current_page

if TYPE_CHECKING:
    from starmodel.app import Application

    from .reading import PageRead

__all__ = ["REQUEST", "Shared", "injected"]

REQUEST = "starmodel_request"
"""The argument by which every page function gets the request, whether it asks for it or not."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Marks an entity that everybody shares: ``counter: Annotated[Counter, Shared("lobby")]``."""

    id: str

    def __post_init__(self) -> None:
        if not valid_id(self.id) or is_private_id(self.id):
            raise DefinitionError(f"Shared({self.id!r}): {ID_RULE}, not beginning with {VISITOR_PREFIX!r}")


Supply: TypeAlias = Callable[["PageRead", Request], Awaitable[Any]]
"""Gets the value of one argument for one request."""

OpenPage: TypeAlias = Callable[[Request], Awaitable["PageRead"]]


def injected(fn: Callable[..., Any], app: Application, path: str, open_page: OpenPage) -> Callable[..., Any]:
    """Return *fn* as a handler FastHTML can call: entities and lists of them are supplied, the rest is left to it.

    *path* is the route's: ``/todo/{id}`` or ``/todo/{todo}`` names the entity by its id.
    """
    signature = inspect.signature(fn)
    hints = _hints(fn)
    supplies: dict[str, Supply] = {}
    kept: list[inspect.Parameter] = []
    for name, parameter in signature.parameters.items():
        annotation = hints.get(name, parameter.annotation)
        supply = _supply(name, annotation, app, path, signature.parameters.keys())
        if supply is None:
            kept.append(parameter.replace(annotation=annotation))
        else:
            supplies[name] = supply

    @functools.wraps(fn)
    async def handler(*args: Any, **given: Any) -> Any:
        request: Request | None = given.pop(REQUEST, None)
        if request is None:  # called by another page function, which has its own
            result = fn(*args, **given)
            return await result if inspect.isawaitable(result) else result
        page = await open_page(request)
        current_page.set(page)
        for name, supply in supplies.items():
            given[name] = await supply(page, request)
        result = fn(**given)
        if inspect.isawaitable(result):
            result = await result
        return checked_page(result, nonce_of(request.scope))

    kept = [p.replace(kind=p.KEYWORD_ONLY) for p in kept if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    kept.append(inspect.Parameter(REQUEST, inspect.Parameter.KEYWORD_ONLY, annotation=Request))
    made: Any = handler
    made.__signature__ = signature.replace(parameters=kept, return_annotation=_bare(signature))
    del made.__wrapped__  # FastHTML must not look behind the signature
    return handler


def _bare(signature: inspect.Signature) -> Any:
    """FastHTML looks at the return annotation for a Response class only; a text one would be taken for a value."""
    returned = signature.return_annotation
    return returned if isinstance(returned, type) else inspect.Signature.empty


def _hints(fn: Callable[..., Any]) -> dict[str, Any]:
    try:
        return type_hints(fn)
    except NameError:
        return _one_by_one(fn)
    except TypeError:
        return {}


def _one_by_one(fn: Callable[..., Any]) -> dict[str, Any]:
    """Resolve what can be resolved when an annotation names something local to where the function was made."""
    closed = inspect.getclosurevars(fn)
    names = {**closed.globals, **closed.nonlocals, **getattr(fn, "__globals__", {})}
    found = {}
    for name, annotation in fn.__annotations__.items():
        if name == "return":  # nobody asks for it, and a checker's own import is enough for it
            continue
        try:
            # It is the program's own annotation, as it stands in its source.
            found[name] = eval(annotation, names) if isinstance(annotation, str) else annotation  # noqa: S307
        except NameError as error:
            raise DefinitionError(
                f"the annotation of {name!r} of {fn.__name__}() cannot be found: {error}; "
                "define the class at module level"
            ) from error
    return found


def _supply(name: str, annotation: Any, app: Application, path: str, others: Collection[str]) -> Supply | None:
    marks: tuple[Any, ...] = ()
    if get_origin(annotation) is Annotated:
        annotation, *rest = get_args(annotation)
        marks = tuple(rest)
    if (
        isinstance(annotation, type)
        and not isinstance(annotation, types.GenericAlias)
        and issubclass(annotation, Entity)
    ):
        return _one(name, annotation, marks, app, path, others)
    if get_origin(annotation) is list:
        (member,) = get_args(annotation) or (None,)
        if isinstance(member, type) and issubclass(member, Entity):
            return _many(member, marks, app)
    if any(isinstance(part, type) and issubclass(part, Entity) for part in get_args(annotation)):
        raise DefinitionError(
            f"the argument {name!r} is a {annotation}; ask for the entity itself, or for a list of them, "
            "and load what may be missing with load()"
        )
    return None


def _one(
    name: str, kind: type[Entity], marks: tuple[Any, ...], app: Application, path: str, others: Collection[str]
) -> Supply:
    app.add(kind)
    shared = next((mark for mark in marks if isinstance(mark, Shared)), None)
    if shared is not None:
        app.implicit.shared(kind, shared.id)
        return functools.partial(_load_fixed, kind, shared.id)
    in_path = _named_in(path, name)
    if in_path is not None:
        return functools.partial(_load_named, kind, in_path)
    _refuse_nameless(name, kind, path, others)
    app.implicit.per_visitor(kind)
    return functools.partial(_load_own, kind)


def _refuse_nameless(name: str, kind: type[Entity], path: str, others: Collection[str]) -> None:
    """Raise for a path such as ``/todo/{tid}`` that names something no argument asks for: it would be ignored."""
    unused = [part for part in _parts(path) if part not in others]
    if unused:
        raise DefinitionError(
            f"the page {path} has {{{unused[0]}}}, which no argument takes; to load the {kind.__name__} by it, "
            f"write {{{name}}} or {{id}}, else take {unused[0]!r} as an argument"
        )


def _parts(path: str) -> list[str]:
    return [name for name, _ in PARAM_REGEX.findall(path)]


def _named_in(path: str, name: str) -> str | None:
    parts = _parts(path)
    return next((wanted for wanted in (name, f"{name}_id", "id") if wanted in parts), None)


async def _load_fixed(kind: type[Entity], id: str, page: PageRead, _: Request) -> Entity:
    return await page.load(kind, id, implicit=True)


async def _load_own(kind: type[Entity], page: PageRead, _: Request) -> Entity:
    return await page.load(kind, page.actor.visitor or "visitor-none", implicit=True)


async def _load_named(kind: type[Entity], parameter: str, page: PageRead, request: Request) -> Entity:
    id = str(request.path_params[parameter])
    if not valid_id(id):
        raise NotFoundError(kind.__entity_name__, id[:80])
    return await page.load(kind, id, implicit=True)


def _many(kind: type[Entity], marks: tuple[Any, ...], app: Application) -> Supply:
    if is_kept_by_browsers(kind):
        raise DefinitionError(
            f"{kind.__name__} is kept in each visitor's browser, so a page cannot ask for a list of them; ask for the "
            f"visitor's own: {kind.__name__.lower()}: {kind.__name__}"
        )
    app.add(kind)
    query = next((mark for mark in marks if isinstance(mark, Query)), Query()).checked(kind)

    async def supply(page: PageRead, _: Request) -> list[Entity]:
        return await page.find(kind, query.where, query.order, query.limit, query.after, search=query.search)

    return supply
