"""Why a piece of code was not added to a project."""

from __future__ import annotations

from starmodel.core.errors import StarModelError

__all__ = ["NewCodeError"]


class NewCodeError(StarModelError, ValueError):
    """What was asked for cannot be added; nothing was written."""

    code = "new_code"
