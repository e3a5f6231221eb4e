"""What an application says itself about the pages of its classes: it replaces one part, and the rest stays."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, get_args

from starmodel.core.entity import Entity
from starmodel.core.errors import DefinitionError, hint

if TYPE_CHECKING:
    from starmodel.core.ui import Field, UIAdapter

    from .call import PageCall
    from .shape import Shape

__all__ = ["USUAL", "ControlMaker", "OwnPage", "OwnParts", "PageName", "PartMaker", "Replacing", "RowMaker"]

E = TypeVar("E", bound=Entity)

PartMaker: TypeAlias = "Callable[[Any], Any]"
"""Draws a piece of page that shows one entity: a function of the snapshot alone, kept by its version."""

RowMaker: TypeAlias = "Callable[[Any, list[Any]], Any]"
"""Makes a ``Tr`` of an entity and the usual cells: the box that picks the row, each column, the actions."""

ControlMaker: TypeAlias = "Callable[[Field], Any]"
"""Draws what asks for a value in a form, from what is known of it."""

OwnPage: TypeAlias = "Callable[[PageCall], Any]"
"""Makes a page, or promises it: a :class:`.Content`, elements that stand in its frame, or a whole response."""

USUAL = object()
"""What a part returns that leaves the drawing to the kit after all."""

PageName = Literal["list", "detail", "new", "edit"]


@dataclass(slots=True)
class OwnParts:
    """What an application has said about one class."""

    cells: dict[str, PartMaker] = field(default_factory=dict)
    facts: dict[str, PartMaker] = field(default_factory=dict)
    controls: dict[str, ControlMaker] = field(default_factory=dict)
    pages: dict[PageName, OwnPage] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    row: RowMaker | None = None
    columns: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()

    def drawn(self, kit: UIAdapter, field: Field) -> Any:
        """Return what asks for a value: the application's own control for it, or the kit's."""
        name = field.name.removesuffix("~")  # what is typed for a reference
        own = self.controls.get(name) if field.widget != "hidden" else None
        drawn = USUAL if own is None else own(field)
        return kit.field(field) if drawn is USUAL else drawn


class Replacing(ABC):
    """Takes parts of pages from an application; DefinitionError at once for what there is not to be replaced.

    ::

        @app.pages.cell(Todo, "title")
        def title(todo: Todo):
            return Strong(todo.title)

    What a function returns is escaped as on every page.  Of two for the same part the later one counts.
    """

    def __init__(self) -> None:
        self._own: dict[type[Entity], OwnParts] = {}

    @property
    @abstractmethod
    def shapes(self) -> Sequence[Shape]:
        """The classes that have pages."""

    @abstractmethod
    def shape(self, kind: type[Entity]) -> Shape:
        """Return what there is to see of *kind*."""

    @abstractmethod
    def forget(self) -> None:
        """Draw everything anew from now on."""

    def own(self, kind: type[Entity]) -> OwnParts:
        """Return what was said about *kind*."""
        return self._own.setdefault(kind, OwnParts())

    def cell(self, kind: type[E], name: str, /) -> Callable[[Callable[[E], Any]], Callable[[E], Any]]:
        """Draw the field *name* in lists by the decorated function of the entity.

        In the first column it stands in the link to the entity, unless there is a link or a button in it.
        """
        return self._taken(self._with_field(kind, name).cells, name)

    def fact(self, kind: type[E], name: str, /) -> Callable[[Callable[[E], Any]], Callable[[E], Any]]:
        """Draw the field *name* on the page of an entity by the decorated function of the entity."""
        return self._taken(self._with_field(kind, name).facts, name)

    def control(self, kind: type[Entity], name: str, /) -> Callable[[ControlMaker], ControlMaker]:
        """Draw what asks for a field, or for an argument of an event, in forms by the decorated function.

        It is given the :class:`starmodel.core.ui.Field` that a kit would draw, and sends the value under its ``name``.
        """
        shape = self._shape(kind)
        known = {*shape.fields, *_arguments(shape)}
        _check(f"{shape.label} has neither a field nor an argument", name, known)
        return self._taken(self.own(kind).controls, name)

    def row(self, kind: type[E], /) -> Callable[[Callable[[E, list[Any]], Any]], Callable[[E, list[Any]], Any]]:
        """Draw the rows of lists by the decorated function of the entity and its usual cells; it returns a ``Tr``.

        The cells are the box that picks the row, one for each column, and the one with its actions.  The id of the
        row stays: it is patched by it.
        """
        self._shape(kind)

        def take(make: Callable[[E, list[Any]], Any]) -> Callable[[E, list[Any]], Any]:
            self.own(kind).row = _plain(make)
            self.forget()
            return make

        return take

    def page(self, kind: type[Entity], name: PageName, /) -> Callable[[OwnPage], OwnPage]:
        """Make the page *name* of a class by the decorated function of the :class:`.PageCall`.

        ``await call.default()`` is the usual page.  A form that shows it opens in a dialog as before.  The page of an
        entity that is not there, or as it once was, stays the usual one.
        """
        shape = self._shape(kind)
        _check(f"{shape.label} has no page", name, get_args(PageName))

        def take(make: OwnPage) -> OwnPage:
            self.own(kind).pages[name] = _called(make)
            self.forget()
            return make

        return take

    def columns(self, kind: type[Entity], /, *names: str) -> None:
        """Show these fields in lists, in this order, where nobody has chosen others."""
        _check_some("columns", kind, names, "the fields that lists show")
        for name in names:
            self._with_field(kind, name)
        self.own(kind).columns = tuple(dict.fromkeys(names))
        self.forget()

    def hide(self, kind: type[Entity], /, *events: str) -> None:
        """Offer these events on no page; they can be sent as before, by whoever the policies allow it."""
        _check_some("hide", kind, events, "the events that pages do not offer")
        shape, own = self._shape(kind), self.own(kind)
        for event in events:
            _check(f"{shape.label} has no event", event, shape.events)
        own.hidden |= frozenset(events)
        self.forget()

    def rename(self, kind: type[Entity], /, **labels: str) -> None:
        """Call fields, events and their arguments otherwise: ``rename(Todo, title="What", snooze="Put off")``."""
        _check_some("rename", kind, labels, "fields or events and what they are called")
        shape = self._shape(kind)
        known = {*shape.fields, *shape.events, *_arguments(shape)}
        for name, label in labels.items():
            _check(f"{shape.label} has neither a field nor an event", name, known)
            if not isinstance(label, str) or not label.strip():
                raise DefinitionError(f"{shape.label}: {name} must be called by a word or two, not {label!r}")
        self.own(kind).labels.update(labels)
        self.forget()

    def _with_field(self, kind: type[Entity], name: str) -> OwnParts:
        shape = self._shape(kind)
        _check(f"{shape.label} has no public field", name, shape.fields)
        return self.own(kind)

    def _shape(self, kind: type[Entity]) -> Shape:
        known = {shape.name: shape.kind for shape in self.shapes}
        if kind not in known.values():
            name = getattr(kind, "__name__", repr(kind))
            raise DefinitionError(f"{name} is no class with pages of this application; {hint(name, known)}")
        return self.shape(kind)

    def _taken(self, parts: dict[str, Any], name: str) -> Callable[[Any], Any]:
        def take(make: Any) -> Any:
            parts[name] = _plain(make)
            self.forget()
            return make

        return take


def _check(what: str, name: str, known: Iterable[str]) -> None:
    if name not in (names := set(known)):
        raise DefinitionError(f"{what} {name!r}; {hint(str(name), names)}")


def _check_some(method: str, kind: type[Entity], names: Iterable[str], what: str) -> None:
    if not names:
        raise DefinitionError(f"{method}({getattr(kind, '__name__', kind)}) says nothing; name {what}")


def _arguments(shape: Shape) -> set[str]:
    return {one.name for event in shape.events for one in shape.parameters(event)}


def _called(make: Any) -> Any:
    if not callable(make):
        raise DefinitionError(f"a part of a page is drawn by a function, not by {make!r:.80}")
    return make


def _plain(make: Any) -> Any:
    """Return *make*, if it is a function that answers at once."""
    if inspect.iscoroutinefunction(_called(make)) or inspect.isgeneratorfunction(make):
        raise DefinitionError(
            f"{make.__name__} must be a plain function that returns elements; what has to be waited for belongs into a "
            "page of its own: @app.pages.page"
        )
    return make
