"""What was sent by a form of the site: references by name, fields that were hidden, and the same form once more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starmodel.adapters.fasthtml.arguments import Wanted
from starmodel.adapters.fasthtml.commands import own_path
from starmodel.app import readable
from starmodel.app.bodies import refuse_impossible
from starmodel.core.annotations import marks_of
from starmodel.core.conditions import as_compared
from starmodel.core.entity import valid_id
from starmodel.core.errors import InvalidError, Problem, QueryError, StarModelError
from starmodel.core.marks import Shown

from .buttons import form_path
from .call import Content, called, words_of
from .describing import shape_at
from .documents import document
from .forms import form_view
from .pieces import Piece
from .referring import called_that, unclear
from .showing import holds
from .words import later

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.types import Scope

    from starmodel.adapters.fasthtml.arguments import Arguments
    from starmodel.adapters.fasthtml.nesting import FormValues
    from starmodel.app import Handler, Refusal
    from starmodel.core.actors import Actor

    from .call import PageCall
    from .fields import FieldShape
    from .site import Site

__all__ = ["SiteForms"]


class SiteForms:
    """Implements :class:`starmodel.adapters.fasthtml.commands.Forms` for the pages of entities."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def completed(self, handler: Handler, scope: Scope, arguments: Arguments, actor: Actor, /) -> Arguments:
        """Return the arguments of a form with its references found, and without what was not asked for.

        InvalidError for what is wrong, all of it at once.
        """
        form = arguments.form
        if form is None or not (form.typed or form.problems or _has_conditions(handler)):
            return arguments  # what most forms say is complete
        shape = self._site.shape(handler.kind)
        asked = {one.name: one for one in shape.parameters(handler.event.name)}
        for name, (text, named) in form.typed.items():
            await self._find(form, shape_at(asked, name), name, text, named, actor)
        if _has_conditions(handler):
            known = await self._known(handler, scope.get("path_params", {}).get("id"), asked, actor)
            hidden = _leave_out_hidden(form, asked, known)
            if hidden and not form.flat and arguments.back is None:  # the whole of a form that asks for nothing else
                raise InvalidError([Problem((name,), later("is not asked for now"), "hidden") for name in hidden])
        values = form.nested(Wanted.of(handler.parameters).parts)
        refuse_impossible(values)
        if form.problems:
            claimed = self._site.runtime.app.files.claimed(handler, values, actor)
            raise InvalidError([*form.problems, *_further(handler, claimed, form.problems)])
        return arguments._replace(values=values)

    async def _find(
        self, form: FormValues, shape: FieldShape | None, name: str, text: str, named: str, actor: Actor
    ) -> None:
        """Put the id of what was typed for a reference under its name, unless it is the one that is there already."""
        if shape is None or shape.target is None or (text == named and form.flat.get(name)):
            return
        form.flat[name] = text
        if not text:
            return
        found = await called_that(self._site, shape.target, text, actor)
        if len(found) == 1:
            form.flat[name] = found[0]
            return
        form.problems.append(Problem(_place(form, name), unclear(found), "reference"))

    async def _known(
        self, handler: Handler, id: str | None, asked: Mapping[str, FieldShape], actor: Actor
    ) -> dict[str, Any]:
        """Return what holds for the fields that a form says nothing of."""
        known = {name: one.default() for name, one in asked.items() if one.default is not None}
        if id is not None and not handler.event.of_class and valid_id(id):
            entity = (await readable(self._site.runtime.app, handler.kind, id, actor=actor)).entity
            known = {**known, **{name: getattr(entity, name) for name in type(entity).__entity_fields__}}
        return known

    async def drawn_again(
        self, scope: Scope, handler: Handler, arguments: Arguments, refusal: Refusal, /
    ) -> bytes | None:
        """Return the form as it was sent, with what was wrong in it: a whole page, or for our script the dialog.

        ``None`` where whoever sent it may not have it, or it is not the form that is wrong.
        """
        if refusal.status not in (409, 412, 422, 429) or arguments.form is None:
            return None
        form = arguments.form.without(refusal.behind)
        id = scope.get("path_params", {}).get("id", "")
        shape, event = self._site.shape(handler.kind), handler.event.name
        asked_at = {**scope, "path": form_path(shape, event, id), "query_string": b"", "method": "GET"}
        call = await called(self._site, asked_at, {"id": id, "event": event})
        try:
            view = await form_view(
                call, shape, event, back=own_path(arguments.back or ""), form=form, refusal=_in_words(call, refusal)
            )
            view = replace(view, base=_base(arguments, refusal))
        except StarModelError:
            return None
        made = await view.shown(refusal.status)
        if isinstance(made, Piece):
            return made.body
        call.read.forget()  # what was typed is in no entity: the page must not be made again
        return document(call, made).body(scope) if isinstance(made, Content) else None

    def in_words(self, scope: Scope, refusal: Refusal, /) -> Refusal:
        """Return a refusal in the words of the reader."""
        return words_of(self._site, scope).refusal(refusal)


def _base(arguments: Arguments, refusal: Refusal) -> str:
    """Return the version that a form drawn again stands on.

    It is the one it was filled from, until its user has seen both sides of a conflict.
    """
    if refusal.conflicts:
        return str(refusal.version)
    return arguments.base if arguments.base.isascii() and arguments.base.isdigit() else ""


def _place(form: FormValues, name: str) -> tuple[str | int, ...]:
    """Return where a field is in the arguments: the items of a list are counted without blank ones."""
    steps: list[str | int] = []
    for number, step in enumerate(name.split(".")):
        if not step.isdigit():
            steps.append(step)
            continue
        indexes = form.indexes(".".join(name.split(".")[:number]))
        steps.append(indexes.index(int(step)) if int(step) in indexes else int(step))
    return tuple(steps)


def _further(handler: Handler, values: Mapping[str, Any], known: list[Problem]) -> Iterator[Problem]:
    """Yield what is wrong besides with the values of a form."""
    places = {problem.loc for problem in known}
    try:
        handler.bind(values, text=True)
    except InvalidError as error:
        yield from (problem for problem in error.problems if problem.loc not in places)


# -- fields that are asked for only while a condition holds ------------------------------------------------------------


def _has_conditions(handler: Handler) -> bool:
    """Tell whether some field of a form is asked for only while a condition holds."""
    marks = (mark for parameter in handler.parameters for mark in marks_of(parameter.annotation))
    return any(isinstance(mark, Shown) and mark.when is not None for mark in marks)


def _leave_out_hidden(form: FormValues, asked: Mapping[str, FieldShape], known: Mapping[str, Any]) -> list[str]:
    """Leave out what was sent for fields whose condition does not hold; return which were."""
    given = {name: _given(one, form.flat[name]) for name, one in asked.items() if name in form.flat}
    holding = {**dict.fromkeys(asked), **known, **given}
    off = [name for name, one in asked.items() if one.when is not None and not holds(one.when, holding)]
    hidden = [name for name in off if name in form.flat]
    form.leave_out(off)
    return hidden


def _given(shape: FieldShape, text: Any) -> Any:
    if text == "" and shape.kind is not str:
        return None
    try:
        return as_compared(shape.name, shape.annotation, text)
    except QueryError:
        return text


# -- words -------------------------------------------------------------------------------------------------------------


def _in_words(call: PageCall, refusal: Refusal) -> Refusal:
    """Return a refusal in the reader's words, also of both sides of a conflict."""
    refusal = call.words.refusal(refusal)
    if not refusal.conflicts:
        return refusal
    text = call.words("Somebody else has changed this meanwhile: choose which one holds, and send it again.")
    problems = [replace(problem, message=text) if problem.code == "conflict" else problem for problem in refusal.errors]
    return replace(refusal, errors=tuple(problems))
