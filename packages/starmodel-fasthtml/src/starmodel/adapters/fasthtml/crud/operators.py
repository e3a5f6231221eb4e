"""What can be asked of a field, in words, and with which control its value is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starmodel.app.comparands import NOT_GIVEN, as_written, from_text
from starmodel.app.short_forms import tested
from starmodel.core.entity import fields_of
from starmodel.core.errors import InvalidError, QueryError
from starmodel.core.ui import Choice, Field

from .conditions import Condition
from .fields import FieldShape
from .words import later

if TYPE_CHECKING:
    from starmodel.core.ports import Codec
    from starmodel.core.ui import Widget

    from .call import PageCall
    from .shape import Shape
    from .words import Words

__all__ = [
    "Asked",
    "askable",
    "condition_of",
    "operators_of",
    "phrase",
    "problem_of",
    "text_at",
    "texts_of",
    "value_field",
]

_EQUAL = {"eq": later("is"), "ne": later("is not")}
_ORDERED = {
    "lt": later("is less than"),
    "le": later("is at most"),
    "gt": later("is more than"),
    "ge": later("is at least"),
}
_TIMED = {
    "lt": later("is before"),
    "le": later("is at the latest"),
    "gt": later("is after"),
    "ge": later("is at the earliest"),
}
_TEXT = {"contains": later("contains"), **_EQUAL, "startswith": later("begins with")}
_AMONG = {"in": later("is one of")}
_MOMENTS = ("date", "time", "datetime")
_SIGNS = {"eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A field that can be asked for: its *path*, what it is called from here, and its shape."""

    path: str
    label: str
    field: FieldShape


def askable(call: PageCall, shape: Shape) -> dict[str, Asked]:
    """Return the fields that can be asked for, with those of the entities that they refer to, by path.

    There is one at least: of a class that shows nothing, its id.
    """
    words = call.words
    found = {
        name: Asked(name, words.label(field.label), field)
        for name, field in shape.fields.items()
        if not field.secret and field.accept is None and operators_of(field)
    }
    for name, target in shape.references.items():
        if shape.fields[name].many:
            continue
        for inner, field in call.site.shape(target).fields.items():
            if field.widget not in ("reference", "group", "list", "file") and not field.secret:
                label = f"{words.label(shape.fields[name].label)} → {words.label(field.label)}"
                found[f"{name}.{inner}"] = Asked(f"{name}.{inner}", label, field)
    return found or {"id": text_at("id", words("Id"))}


def text_at(path: str, label: str) -> Asked:
    """Return what is asked of a text that is no field of a shape."""
    field = FieldShape(name=path, label=label, kind=str, widget="text", optional=False, required=False, annotation=str)
    return Asked(path, label, field)


def operators_of(field: FieldShape) -> Mapping[str, str]:
    """Return what can be asked of a field: the operators of the grammar, with English words for each."""
    return {**_compared(field), **({"isnull": later("is empty")} if field.optional else {})}


def _compared(field: FieldShape) -> Mapping[str, str]:
    if field.many:
        return {"contains": later("contains")}
    if field.choices:
        return {**_EQUAL, **_AMONG}
    if field.kind is bool:
        return {"eq": later("is")}
    if field.kind is str and field.widget != "reference":
        return {**_TEXT, **_AMONG}
    return _by_size(field)


def _by_size(field: FieldShape) -> Mapping[str, str]:
    if field.widget in _MOMENTS:
        return {**_TIMED, **_EQUAL}
    if field.numeric:
        return {**_EQUAL, **_ORDERED, **_AMONG}
    return {} if field.members else _EQUAL


def phrase(asked: Asked, test: Condition, words: Words, names: Mapping[str, str]) -> str:
    """Return a test in the reader's words; *names* are what entities are called, by id."""
    if test.operator == "isnull":
        return words("{field} is empty" if test.values == ("true",) else "{field} is not empty", field=asked.label)
    known = operators_of(asked.field).get(test.operator)
    said = words(known) if known and test.operator not in _SIGNS else _SIGNS.get(test.operator, test.operator)
    values = [_said(asked.field, text, words, names) for text in test.values]
    return f"{asked.label} {said} {', '.join(values)}"


def _said(field: FieldShape, text: str, words: Words, names: Mapping[str, str]) -> str:
    if field.kind is bool:
        return words("Yes") if text == "true" else words("No")
    if field.widget in _MOMENTS and text:
        try:
            return words.moment(field.kind.fromisoformat(text))
        except (ValueError, AttributeError):
            return text
    label = next((words.label(choice.label) for choice in field.choices if choice.value == text), None)
    return label or names.get(text) or (text or "“”")


def value_field(asked: Asked, test: Condition, key: str, words: Words) -> Field:
    """Return the control of the value of a test."""
    field, operator = asked.field, test.operator
    common: dict[str, Any] = {
        "id": f"sm-v{key}",
        "name": f"v{key}",
        "label": words("Value"),
        "hide_label": True,
        "errors": [test.error] if test.error else [],
    }
    one = test.values[0] if test.values else ""
    if operator == "isnull" or field.kind is bool:
        choices = [Choice(value="true", label=words("Yes")), Choice(value="false", label=words("No"))]
        return Field(widget="select", value=one or "true", choices=choices, **common)
    if field.choices:
        choices = [Choice(value=c.value, label=words.label(c.label)) for c in field.choices]
        if operator == "in":
            return Field(widget="select", values=test.values, choices=choices, multiple=True, **common)
        return Field(widget="select", value=one, choices=choices, **common)
    if operator == "in":
        hint = {"placeholder": words("Several, separated by commas")}
        return Field(value=",".join(test.values), attributes=hint, **common)
    return Field(widget=_widget(field), value=_shown(field, one, words), attributes=_steps(field), **common)


def _widget(field: FieldShape) -> Widget:
    return field.widget if field.widget in (*_MOMENTS, "number") and not field.many else "text"


def _steps(field: FieldShape) -> dict[str, Any]:
    return {"step": "1"} if field.widget in ("datetime", "time") else {"step": "any"} if field.numeric else {}


def _shown(field: FieldShape, text: str, words: Words) -> str:
    """Return a moment with a time zone as the reader's clock shows it, as a control for moments takes it."""
    if field.widget != "datetime" or not text:
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return words.local(moment).replace(tzinfo=None).isoformat(timespec="seconds") if moment.tzinfo else text


def texts_of(codec: Codec) -> Any:
    """Return what makes the texts of the value of a test: several for a list of choices."""

    def texts(_path: str, value: Any) -> tuple[str, ...]:
        values = value if isinstance(value, list | tuple | set | frozenset) else [value]
        return tuple(text for one in values if (text := as_written(one, codec)) is not None)

    return texts


def condition_of(shape: Shape, test: Condition, codec: Codec, words: Words) -> dict[str, Any]:
    """Return a test in the grammar of the core, ``{}`` for one that is not filled in.

    QueryError or InvalidError when the field cannot be asked for, or the value is none of its values.
    """
    if not test.path:
        return {}
    wanted = tested(shape.kind, f"{test.path}.{test.operator or 'eq'}", ())
    values = list(_reading(wanted, _given(test), codec, words))
    if not values:
        return {}
    if wanted.operator == "in":
        return {wanted.path: {"in": values}}
    return {wanted.path: values[0] if wanted.operator == "eq" else {wanted.operator: values[0]}}


def _given(test: Condition) -> Sequence[str]:
    if test.operator in ("contains", "startswith"):
        return [text for text in test.values[:1] if text]  # everything contains nothing: it was not filled in
    if test.operator != "in":
        return test.values[:1]
    return [part.strip() for text in test.values for part in text.split(",") if part.strip()]


def _reading(wanted: Any, texts: Sequence[str], codec: Codec, words: Words) -> Iterator[Any]:
    """Yield what *texts* stand for in a test."""
    for text in texts:
        value = from_text(wanted, text, codec)
        if value is NOT_GIVEN:
            continue
        if isinstance(value, datetime) and value.tzinfo is None and _has_zone(wanted.kind, wanted.field):
            value = words.aware(value)
        yield value


def _has_zone(kind: Any, name: str) -> bool:
    """Tell whether the moments of a field have a time zone: unless its default shows that they have none."""
    info = fields_of(kind)[name]
    default = None if info.default is None else info.default()
    return not isinstance(default, datetime) or default.tzinfo is not None


def problem_of(error: QueryError | InvalidError) -> str:
    """Return what is wrong with a value, without the name of its field, which stands beside it."""
    if isinstance(error, InvalidError):
        return "; ".join(problem.message for problem in error.problems)
    return str(error)
