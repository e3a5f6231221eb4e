"""Mark hooks in the form an unmodified pluggy reads, so that an adapter needs neither pluggy nor the host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["hookimpl", "hookspec"]

F = TypeVar("F", bound="Callable[..., Any]")


@overload
def hookimpl(function: F, /) -> F: ...
@overload
def hookimpl(
    *, optionalhook: bool = ..., tryfirst: bool = ..., trylast: bool = ..., specname: str | None = ...
) -> Callable[[F], F]: ...
def hookimpl(
    function: F | None = None,
    /,
    *,
    optionalhook: bool = False,
    tryfirst: bool = False,
    trylast: bool = False,
    specname: str | None = None,
) -> F | Callable[[F], F]:
    """Mark a function as a plugin's part in the hook of its name, or of *specname*; used bare or called.

    *tryfirst* and *trylast* move it before or after the others; *optionalhook* lets an older host pass over it.
    pluggy's wrappers are left out on purpose: a failing one cannot be kept apart from the plugins it wraps.
    """
    order = {"optionalhook": optionalhook, "tryfirst": tryfirst, "trylast": trylast}
    return _mark("starmodel_impl", {"wrapper": False, "hookwrapper": False, **order, "specname": specname}, function)


@overload
def hookspec(function: F, /) -> F: ...
@overload
def hookspec(*, firstresult: bool = ...) -> Callable[[F], F]: ...
def hookspec(function: F | None = None, /, *, firstresult: bool = False) -> F | Callable[[F], F]:
    """Mark a function as the signature and the documentation of a hook; *firstresult*: one answer is enough."""
    options = {"firstresult": firstresult, "historic": False, "warn_on_impl": None, "warn_on_impl_args": None}
    return _mark("starmodel_spec", options, function)


# pluggy looks for a plain dict under this attribute; a test in starmodel-plugins compares it with pluggy's own.
def _mark(attribute: str, options: dict[str, Any], function: F | None) -> F | Callable[[F], F]:
    def mark(function: F) -> F:
        setattr(function, attribute, dict(options))
        return function

    return mark if function is None else mark(function)
