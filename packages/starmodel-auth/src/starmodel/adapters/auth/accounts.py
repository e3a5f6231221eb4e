"""What is done to users, by whoever may: the command line, and a page where somebody signs in."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, cast

from starmodel.core.errors import CheckFailedError, ConflictError, InvalidError

from .errors import NameTakenError, NoSuchUserError
from .rules import LONGEST_NAME, LONGEST_PASSWORD, checked_name, checked_password, key_of, normal_password
from .users import User

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starmodel.app import Application
    from starmodel.core.actors import Actor

    from .hashing import PasswordHashing
    from .session import SignedIn

__all__ = ["Accounts"]

_MOST_SHOWN = 1000


class Accounts:
    """The users of one application.  Every change is a command; *by* is who the log says it was."""

    def __init__(self, application: Application, hashing: PasswordHashing, *, by: Actor) -> None:
        self._application, self._hashing, self._by = application, hashing, by

    async def add(self, name: str, password: str, roles: Sequence[str] = ()) -> User:
        """Let somebody sign in; NameTakenError, UnfitNameError or UnfitPasswordError."""
        shown = checked_name(name)
        normal = checked_password(password, shown)
        if await self._found(shown) is not None:
            raise NameTakenError(shown)
        command = User.register(shown, password_hash=await self._hashing.hash(normal), roles=list(roles))
        try:
            result = await self._application.dispatch(command, actor=self._by)
        except (CheckFailedError, ConflictError, InvalidError):
            if await self._found(shown) is not None:  # somebody was quicker
                raise NameTakenError(shown) from None
            raise
        return cast("User", result.entity)

    async def get(self, name: str) -> User:
        """Return the user of this name; NoSuchUserError."""
        user = await self._found(name)
        if user is None:
            raise NoSuchUserError(name, [one.name for one in await self.all()])
        return user

    async def of(self, remembered: SignedIn | None) -> User | None:
        """Return the user that a session remembers; ``None`` when it counts no more."""
        if remembered is None:
            return None
        stored = await self._application.persistence.for_class(User).get(User, remembered.id)
        return stored.entity if stored is not None and remembered.counts(stored.entity, time.time()) else None

    async def all(self) -> list[User]:
        """Return the users by name, up to 1,000 of them."""
        page = await self._application.find(User, order=("name",), limit=_MOST_SHOWN)
        return [stored.entity for stored in page.items]

    async def signed_in(self, name: str, password: str) -> User | None:
        """Return the user whose name and password these are; ``None`` when there is none who may sign in.

        Whether there is a user of this name, and whether they may, takes no other time and has no other answer.
        """
        user = await self._found(name)
        normal = normal_password(password[: LONGEST_PASSWORD * 2])
        if len(normal) > LONGEST_PASSWORD:
            user, normal = None, ""
        verdict = await self._hashing.verify(None if user is None else user.password_hash, normal)
        if user is None or not verdict.fits or user.disabled:
            return None
        if verdict.is_stale:
            await self._keep_better(user, normal)
        return user

    async def fits(self, user: User, password: str) -> bool:
        """Tell whether this is the password of *user*."""
        return (await self._hashing.verify(user.password_hash, normal_password(password[:LONGEST_PASSWORD]))).fits

    async def set_password(self, user: User, password: str) -> None:
        """Give another password, and end the sessions of the old one; UnfitPasswordError."""
        hashed = await self._hashing.hash(checked_password(password, user.name))
        await self._application.dispatch(User.set_password(password_hash=hashed).on(user.id), actor=self._by)

    async def set_roles(self, user: User, roles: Sequence[str]) -> None:
        """Give exactly these roles; UnfitNameError."""
        await self._application.dispatch(User.set_roles(roles=list(roles)).on(user.id), actor=self._by)

    async def disable(self, user: User) -> None:
        """Let them sign in no more, and end what is open."""
        await self._application.dispatch(User.disable().on(user.id), actor=self._by)

    async def enable(self, user: User) -> None:
        """Let them sign in again."""
        await self._application.dispatch(User.enable().on(user.id), actor=self._by)

    async def _keep_better(self, user: User, password: str) -> None:
        hashed = await self._hashing.hash(password)
        with contextlib.suppress(ConflictError):  # they are changed at this moment; another time will do
            await self._application.dispatch(User.keep_better(password_hash=hashed).on(user.id), actor=self._by)

    async def _found(self, name: str) -> User | None:
        if len(name) > LONGEST_NAME * 4:
            return None
        page = await self._application.find(User, {"key": key_of(name)}, limit=1)
        return page.items[0].entity if page.items else None
