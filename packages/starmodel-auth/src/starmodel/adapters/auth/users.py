"""Who may sign in, as an entity: changed by commands like any other, and by the program alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from starmodel.core import DomainEvent, Entity, Private, Secret, Unique, Visibility, event, nobody, signed_in
from starmodel.core.config import EntityConfig
from starmodel.core.unit import Unit

from .rules import checked_name, checked_roles, key_of

__all__ = ["SessionsEnded", "User"]


@dataclass(frozen=True, kw_only=True)
class SessionsEnded(DomainEvent):
    """The sessions of a user count no more: their password or their roles are others now, or they may not sign in."""


class User(Entity):
    """Somebody who may sign in.  Whoever has signed in may read names; only the program changes anything.

    *key* is the name as it is compared.  Sessions know the *stamp*: another one ends them all.
    """

    name: str
    roles: Private[list[str]] = []  # noqa: RUF012  (a field, which each has its own of)
    disabled: Private[bool] = False
    key: Annotated[str, Unique(), Visibility.PRIVATE] = ""
    password_hash: Secret[str] = ""
    stamp: Private[str] = ""

    model_config: ClassVar[EntityConfig] = {
        "default_events": (),
        "pages": False,
        "api": False,
        "namespace": "StarModelUser",
        "policy": {"read": signed_in, "*": nobody},
    }

    def check(self) -> None:
        """Refuse a name that could not be found again, and roles that are no names."""
        if self.key != key_of(checked_name(self.name)) or not self.password_hash:
            raise ValueError("a user has a name, what it is compared by, and the hash of a password")
        checked_roles(self.roles)

    @event
    @classmethod
    def register(cls, name: str, password_hash: Secret[str], roles: list[str]) -> User:
        """Let somebody sign in from now on."""
        unit, shown = Unit.current(), checked_name(name)
        return cls(
            id=unit.new_id(),
            name=shown,
            key=key_of(shown),
            password_hash=password_hash,
            roles=checked_roles(roles),
            stamp=unit.new_id(),
        )

    @event
    def set_password(self, password_hash: Secret[str]) -> None:
        """Take another password; whoever is signed in by the old one is not any more."""
        self.password_hash = password_hash
        self._end_sessions()

    @event
    def keep_better(self, password_hash: Secret[str]) -> None:
        """Keep the same password as a hash of newer parameters; nothing else changes."""
        self.password_hash = password_hash

    @event
    def set_roles(self, roles: list[str]) -> None:
        """Give exactly these roles; open pages and streams with the old ones end."""
        wanted = checked_roles(roles)
        if wanted != self.roles:
            self.roles = wanted
            self._end_sessions()

    @event
    def disable(self) -> None:
        """Let them sign in no more, and end what is open."""
        if not self.disabled:
            self.disabled = True
            self._end_sessions()

    @event
    def enable(self) -> None:
        """Let them sign in again."""
        self.disabled = False

    def _end_sessions(self) -> None:
        self.stamp = Unit.current().new_id()
        self.record(SessionsEnded())
