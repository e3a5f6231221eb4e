"""The moments in which a page is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.core.hooks import hookspec

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["starmodel_page_head"]

# A specification has no body, which is what the checkers are asked to ignore below.


@hookspec
def starmodel_page_head(request: Any) -> Iterable[object]:  # type: ignore[empty-body]
    """Return elements for the ``<head>`` of the page that answers *request*: styles, scripts, meta tags."""
