"""What can be wrong with a name or a password, and who is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.errors import RefusedError, StarModelError, hint

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["NameTakenError", "NoSuchUserError", "TooBusyError", "UnfitNameError", "UnfitPasswordError"]


class UnfitNameError(RefusedError):
    """A user cannot be called so."""

    code = "refused"


class UnfitPasswordError(RefusedError):
    """A password is too easy to guess, or cannot be typed again."""

    code = "refused"


class NameTakenError(RefusedError):
    """There is a user of this name, or of one that is compared as the same."""

    code = "refused"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"there is a user {self.name!r} already; names that differ in capitals only are the same"


class NoSuchUserError(StarModelError, LookupError):
    """Nobody is called so."""

    code = "not_found"

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:
        super().__init__(name, tuple(known))
        self.name, self.known = name, tuple(known)

    def __str__(self) -> str:
        return f"there is no user {self.name!r}; {hint(self.name, self.known)}"


class TooBusyError(StarModelError):
    """More passwords wait to be checked than this process can check soon."""

    code = "store"
