"""Binding the arguments of an event: a strict model from its parameters, unknown names refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PydanticSchemaGenerationError,
    PydanticUserError,
    ValidationError,
    create_model,
)
from starmodel.core.blanks import without_blanks
from starmodel.core.errors import DefinitionError, InvalidError

from .problems import problems_of, refuse_unwritable
from .truths import refuse_truths_as_numbers

if TYPE_CHECKING:
    from starmodel.core.parameters import Parameter

__all__ = ["ArgumentBinder", "arguments_model"]


def arguments_model(name: str, parameters: Sequence[Parameter]) -> type[BaseModel]:
    """Return the pydantic model of an event's arguments; an entity among them is named by its id."""
    fields: dict[str, Any] = {f"p{number}": _field(parameter) for number, parameter in enumerate(parameters)}
    config = ConfigDict(extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)
    try:
        return create_model(f"{name} arguments", __config__=config, **fields)
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        raise DefinitionError(f"pydantic cannot read the arguments of {name}: {error}") from error


def _field(parameter: Parameter) -> tuple[Any, Any]:
    """Return a model field: an alias for a numbered one, so that an argument may be called anything."""
    annotation = parameter.sent_as
    if parameter.default is not None:
        return annotation, Field(alias=parameter.name, default_factory=parameter.default)
    if parameter.optional:
        return annotation, Field(alias=parameter.name, default=None)
    return annotation, Field(alias=parameter.name)


class ArgumentBinder:
    """Checks and converts the arguments of one event; compiled once."""

    def __init__(self, name: str, parameters: Sequence[Parameter]) -> None:
        self._model = arguments_model(name, parameters)
        self._names = {f"p{number}": parameter.name for number, parameter in enumerate(parameters)}
        self._known = {parameter.name: parameter for parameter in parameters}
        self._validate = self._model.__pydantic_validator__.validate_python

    def __call__(self, args: Mapping[str, Any], /, *, text: bool = False) -> dict[str, Any]:
        """Return typed values by name: those that were given.  The event's own defaults fill in the rest."""
        if not args and not self._known:
            return {}
        if text:
            args = without_blanks(args, self._known)
        refuse_unwritable(args)
        try:
            model = self._validate(dict(args))
        except ValidationError as error:
            raise InvalidError(problems_of(error, self._known)) from error
        values = model.__dict__
        bound = {self._names[key]: values[key] for key in model.__pydantic_fields_set__}
        refuse_truths_as_numbers(args, bound)
        if bound != args:
            refuse_unwritable(bound)  # text may have become a number that JSON does not know
        return bound
