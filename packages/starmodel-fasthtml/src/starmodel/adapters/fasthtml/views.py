"""``@view``: a piece of page as a pure function of one snapshot, cached by version and live wherever it stands."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from starmodel.app.signing import short_hash
from starmodel.core.annotations import type_hints
from starmodel.core.entity import Entity
from starmodel.core.errors import DefinitionError
from starmodel.core.query import Stored
from starmodel.core.snapshot import plain

from .browser.carrying import Kept
from .fragments import Fragments
from .markup import Raw, checked_tree, html_of, with_id
from .reading import ViewUse, current_page, rendered
from .rights import rights_of
from .sealing import look_of

__all__ = ["Fragment", "View", "view", "views"]

P = ParamSpec("P")
E = TypeVar("E", bound=Entity)

views: dict[str, View[Any, Any]] = {}
"""Every view of the program by name: a page that comes back from a browser names its views."""


class Fragment:
    """A rendered view, ready to stand in a page."""

    __slots__ = ("html",)

    def __init__(self, html: str) -> None:
        self.html = html

    def __ft__(self) -> Raw:
        return Raw(self.html)

    def __html__(self) -> str:
        return self.html

    __str__ = __html__


class View(Generic[E, P]):
    """A piece of page made from one entity, and from nothing else that changes.

    Called while a page is made it renders from the cache and is patched wherever it stands when the entity changes.
    Further arguments must be something JSON can hold.
    """

    def __init__(self, fn: Callable[Concatenate[E, P], Any]) -> None:
        self.fn = fn
        self.name = f"{fn.__module__}.{fn.__qualname__}"
        self.__doc__ = fn.__doc__
        self.__name__ = fn.__name__
        self._signature = inspect.signature(fn)
        self._first = next(iter(self._signature.parameters))
        self._kind: type[Entity] | None = None
        self.look = look_of(fn)
        """What decides besides the code how it looks; ``None``: it may look different in another process."""
        views[self.name] = self

    def __call__(self, entity: E, /, *args: P.args, **kwargs: P.kwargs) -> Fragment:
        """Return the view of *entity*; while a page is made, the page is kept up to date with it."""
        if not isinstance(entity, Entity):
            raise DefinitionError(f"the view {self.__name__} shows an entity, and was given {entity!r}")
        page = current_page.get()
        params = self._params(args, kwargs)
        stored = None if page is None else page.stored(entity)
        if page is None or stored is None:
            return Fragment(self.render(plain(entity), params))
        if views[self.name] is not self:
            raise DefinitionError(f"two views are called {self.name}; pages are patched by name: rename one")
        key, use = (type(stored.entity).__entity_name__, stored.entity.id), ViewUse(self.name, params)
        if use in page.views.get(key, ()):
            page.fields.add(key)  # a patch finds one element of an id: with two, the page is made again
        page.uses_view(key, use)
        return Fragment(self.html(stored, params, rights_of([type(stored.entity)], page.actor), page.fragments))

    def _params(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """Return further arguments as JSON: a page carries them in its token, and ``1`` is not ``True`` there."""
        if not args and not kwargs:
            return ""
        given = self._signature.bind(None, *args, **kwargs).arguments
        given.pop(self._first)
        wrong = {name: value for name, value in given.items() if not isinstance(value, str | int | float | None)}
        try:
            if not wrong:
                return json.dumps(given, sort_keys=True, separators=(",", ":"), allow_nan=False)
        except ValueError:
            wrong = given
        raise DefinitionError(
            f"the view {self.__name__} is kept up to date by its arguments, so they must be text, finite numbers, "
            f"True, False or None, not {', '.join(f'{name}={value!r}' for name, value in wrong.items())}"
        )

    def html(self, stored: Stored[Any], params: str, rights: object, kept: Fragments) -> str:
        """Return the view of a stored entity, from the cache when it was rendered before."""
        entity = stored.entity
        if isinstance(stored, Kept):
            return self._render_stored(stored, params)
        if kept.shared is not None:
            kept.shared.shows(type(entity), self, params)
        html: str = kept.get(self.key(stored, params, rights), lambda: self._render_stored(stored, params))
        return html

    def key(self, stored: Stored[Any], params: str, rights: object) -> tuple[Any, ...]:
        """Return all that the view of a stored entity depends on, this view first."""
        return (self, type(stored.entity).__entity_name__, stored.entity.id, stored.version, params, rights)

    def needs_page(self, params: str, fields: frozenset[str] | None) -> bool:
        """Tell whether a change of these *fields*, ``None`` for any, is shown by making the page again: never."""
        del params, fields
        return False

    def cells(self, stored: Stored[Any], params: str, fields: frozenset[str]) -> str | None:
        """Return the parts that a change of these *fields* concerns; ``None``: a view is one whole."""
        del stored, params, fields
        return None

    def _render_stored(self, stored: Stored[Any], params: str) -> str:
        outer = rendered.set(stored)
        try:
            return self.render(stored.entity, params)
        finally:
            rendered.reset(outer)

    def render(self, entity: Entity, params: str = "") -> str:
        """Return the view of a snapshot as HTML with an id."""
        token = current_page.set(None)
        try:
            # The types were checked where the view was called.
            element = self.fn(entity, **(json.loads(params) if params else {}))  # type: ignore[arg-type, call-arg]
        finally:
            current_page.reset(token)
        return html_of(checked_tree(with_id(element, self.element_id(entity, params))))

    def element_id(self, entity: Entity, params: str = "") -> str:
        """Return the id of the view's element, for a view that gives it none itself."""
        tail = f"-{short_hash(params)}" if params else ""
        return f"{type(entity).__entity_name__.lower()}-{entity.id}-{self.__name__}{tail}"

    def previewed(self, entity: Entity, params: str, rights: object) -> str:
        """Return the view of a snapshot that is not stored."""
        del rights
        return self.render(entity, params)

    @property
    def kind(self) -> type[Entity] | None:
        """The class of entity it shows, as far as its annotation says."""
        if self._kind is None:
            hinted = type_hints(self.fn).get(self._first)
            self._kind = hinted if isinstance(hinted, type) and issubclass(hinted, Entity) else None
        return self._kind


def view(fn: Callable[Concatenate[E, P], Any]) -> View[E, P]:
    """Declare a piece of page that shows one entity, wherever it stands, as it is now.

    ::

        @view
        def face(counter: Counter):
            return Div(H1(counter.count), Button("+1", on_click(counter.increment)))
    """
    code = getattr(fn, "__code__", None)
    if code is None or code.co_argcount < 1:
        raise DefinitionError("@view goes on a function whose first argument is an entity")
    if inspect.iscoroutinefunction(fn) or inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn):
        raise DefinitionError(
            f"the view {fn.__name__} must be a plain function that returns elements: nothing to wait for"
        )
    return View(fn)
