"""Per-class settings of an entity: ``model_config = {...}`` in the class body, checked when the class is made."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypedDict

from .declared import checked_policy
from .errors import DefinitionError, hint

if TYPE_CHECKING:
    from .who import Who

__all__ = ["CLIENT_STORES", "DEFAULT_EVENTS", "EntityConfig", "StateStore", "as_kept_by_clients", "checked_config"]


class StateStore(StrEnum):
    """The stores that ship with StarModel, by the names the manifest gave them; any other name is a plugin's."""

    SERVER_MEMORY = "memory"
    SERVER_SQL = "sql"
    SERVER_REDIS = "redis"
    CLIENT_SESSION = "client_session"
    CLIENT_LOCAL = "client_local"
    CUSTOM = "custom"


CLIENT_STORES = frozenset({StateStore.CLIENT_SESSION.value, StateStore.CLIENT_LOCAL.value})
"""The stores that are in browsers: nobody but the browser itself, and only while it asks, sees what is in one."""


class EntityConfig(TypedDict, total=False):
    """What ``model_config`` may hold.

    ``store``: name of the store that keeps the entity (default: the application's).  ``ttl``: seconds after the
    last change until it expires; ``None`` is never.  ``auto_persist``: ``False`` keeps what an event changed out of
    the store (for entities that only pages derive).  ``namespace``: the name in keys, URLs and commands, when the
    class name is taken.  ``default_events``: which of create, update and delete it has; ``()`` is none.
    ``search_index``: ``True`` lets the store keep an index of its words, where it can: a search then needs not look at
    everything, and each change of a text takes longer.  ``label`` and ``plural``: what one and many are called.
    ``icon``: the name of a Lucide icon.  ``pages``: ``False`` leaves it without pages of its own.  ``api``: ``False``
    keeps it out of the programming interfaces that are made for every entity, such as REST.  ``policy``: who may, of
    :mod:`starmodel.core.who`: alone, or by action in a dict with ``"read"``, names of events and ``"*"`` for the rest.
    """

    store: str
    ttl: float | None
    auto_persist: bool
    namespace: str
    default_events: Collection[str]
    search_index: bool
    label: str
    plural: str
    icon: str
    pages: bool
    api: bool
    policy: Who | Mapping[str, Who]


DEFAULT_EVENTS = ("create", "update", "delete")
"""The events that every entity has unless it says otherwise."""


def checked_config(owner: str, config: Any) -> EntityConfig:
    """Return *config* with plain values, or raise DefinitionError that says what is wrong in *owner*'s."""
    if not isinstance(config, dict):
        raise DefinitionError(f"{owner}.model_config must be a dict, not {type(config).__name__}")
    known = EntityConfig.__annotations__
    for key in config:
        if key not in known:
            raise DefinitionError(f"{owner}.model_config has an unknown key {key!r}; {hint(str(key), known)}")
    checks = {
        "store": _store,
        "ttl": _ttl,
        "auto_persist": _flag,
        "namespace": _namespace,
        "default_events": _default_events,
        "search_index": _flag,
        "label": _word,
        "plural": _word,
        "icon": _icon,
        "pages": _flag,
        "api": _flag,
        "policy": checked_policy,
    }
    result = {}
    for key, value in config.items():
        try:
            result[key] = checks[key](value)
        except ValueError as error:
            raise DefinitionError(f"{owner}.model_config[{key!r}] = {value!r}: {error}") from None
    return result  # type: ignore[return-value]  # every key was checked against the TypedDict above


def as_kept_by_clients(owner: str, config: EntityConfig) -> EntityConfig:
    """Return the *config* of a class that browsers keep: it has no lists and no REST, and nobody creates one.

    DefinitionError for what such a class cannot have.
    """
    for key in ("pages", "api"):
        if config.get(key):
            raise DefinitionError(
                f"{owner} is kept in each visitor's browser, so there is no list of them and {key!r} cannot be True; "
                "leave it out, and show one on a page of your own"
            )
    if "create" in config.get("default_events", ()):
        raise DefinitionError(
            f"{owner} is kept in each visitor's browser, where there is one from the start; leave 'create' out of "
            "default_events, and let events change the one that a page asks for"
        )
    events = tuple([name for name in DEFAULT_EVENTS if name != "create"])
    return {"default_events": events, **config, "pages": False, "api": False}


def _store(value: Any) -> str:
    if isinstance(value, StateStore):
        return value.value
    if not isinstance(value, str) or not value:
        raise ValueError('give the name of a store, for example "memory" or StateStore.SERVER_SQL')
    return value


def _ttl(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError("give a number of seconds above 0, or None for never")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("give True or False")  # noqa: TRY004  (becomes a DefinitionError, which is a TypeError)
    return value


def _namespace(value: Any) -> str:
    if not isinstance(value, str) or not value.isidentifier():
        raise ValueError("give a name made of letters, digits and _")
    return value


def _word(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("give a word or a few")
    return value


def _icon(value: Any) -> str:
    if not isinstance(value, str) or not value.replace("-", "a").isalnum() or not value.isascii():
        raise ValueError('give the name of an icon, such as "shopping-cart"')
    return value


def _default_events(value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Collection):
        raise ValueError('give a list such as ["create", "update"], or () for none')  # noqa: TRY004  (as above)
    for name in value:
        if name not in DEFAULT_EVENTS:
            raise ValueError(f"{name!r} is no default event; {hint(str(name), DEFAULT_EVENTS)}")
    return tuple(value)
