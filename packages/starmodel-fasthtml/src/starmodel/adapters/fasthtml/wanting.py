"""In which form a request wants to be answered: as a page, as frames for our own script, or as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .arguments import FORM_MEDIA, media_of
from .gate import SAFE_METHODS, header

if TYPE_CHECKING:
    from starlette.types import Scope

__all__ = ["is_ours", "wants_json", "wants_page"]


def is_ours(scope: Scope) -> bool:
    """Tell whether the script in a page of ours asks: it understands frames."""
    return header(scope, b"starmodel-request") != ""


def wants_json(scope: Scope) -> bool:
    """Tell whether a program asks that says so."""
    return "application/json" in header(scope, b"accept")


def wants_page(scope: Scope) -> bool:
    """Tell whether somebody will look at the answer: it was asked for by an address or by a form."""
    if is_ours(scope) or wants_json(scope):
        return False
    return scope["method"] in SAFE_METHODS or media_of(scope) in FORM_MEDIA
