"""Which store keeps which entity.  Domain code asks here and never imports an adapter."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, TypeVar

from starmodel.core.config import CLIENT_STORES
from starmodel.core.entity import Entity
from starmodel.core.errors import AdapterNotFoundError, ConfigurationError, NotFoundError
from starmodel.core.ports import SharedPersistenceBackend
from starmodel.core.query import Page, Query, Stored

from .registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starmodel.core.ports import StatePersistenceBackend

__all__ = ["PersistenceManager"]

E = TypeVar("E", bound=Entity)

GROUP = "starmodel.persistence"


class PersistenceManager:
    """The stores of one application by name, each made when it is first asked for.

    *stores* are given ready-made; any other is made by *make* of its name, without one by the installed package that
    offers it.  *default* keeps the entities whose ``model_config`` names no store.
    """

    def __init__(
        self,
        stores: Mapping[str, StatePersistenceBackend] | None = None,
        *,
        default: str = "memory",
        make: Callable[[str], StatePersistenceBackend] | None = None,
    ) -> None:
        if default in CLIENT_STORES:
            raise ConfigurationError(
                f"{default!r} cannot keep the entities that name no store: it is in each visitor's browser; name it in "
                "the model_config of those that belong there"
            )
        self.default = default
        self._stores = dict(stores or {})
        self._make = make or _installed
        self._is_open = False
        self._by_kind: dict[type[Entity], StatePersistenceBackend] = {}
        self._assigned: dict[type[Entity], str] = {}

    def name_for(self, kind: type[Entity]) -> str:
        """Return the name of the store that keeps *kind*."""
        return kind.__entity_config__.get("store") or self._assigned.get(kind, self.default)

    def assign(self, kind: type[Entity], name: str) -> None:
        """Keep *kind*, where it names no store itself, in the store called *name* instead of the default."""
        self._assigned[kind] = name

    def for_class(self, kind: type[Entity]) -> StatePersistenceBackend:
        """Return the store that keeps *kind*; AdapterNotFoundError when no package offers it."""
        store = self._by_kind.get(kind)
        if store is None:
            store = self._by_kind[kind] = self.store(self.name_for(kind))
        return store

    def store(self, name: str) -> StatePersistenceBackend:
        """Return the store called *name*."""
        if name not in self._stores:
            if self._is_open:
                raise ConfigurationError(
                    f"the store {name!r} was asked for too late to be opened; name every entity that it keeps, or the "
                    "store itself, before the application is opened"
                )
            self._stores[name] = self._made(name)
        return self._stores[name]

    def _made(self, name: str) -> StatePersistenceBackend:
        try:
            return self._make(name)
        except AdapterNotFoundError as error:
            raise AdapterNotFoundError(f"{error}, or hand in one of your own: stores={{{name!r}: ...}}") from None

    @property
    def stores(self) -> Mapping[str, StatePersistenceBackend]:
        """The stores in use, by name."""
        return dict(self._stores)

    @property
    def distinct(self) -> Mapping[str, StatePersistenceBackend]:
        """The stores in use, each under the first of its names."""
        return {self.name_of(store): store for store in self._each()}

    def name_of(self, store: StatePersistenceBackend) -> str:
        """Return the name of *store*: the first in the alphabet of those that it has."""
        return min(name for name, one in self._stores.items() if one is store)

    @property
    def shared(self) -> Mapping[str, SharedPersistenceBackend]:
        """Those of them whose data several processes share, by name."""
        return {
            name: store
            for name, store in self._stores.items()
            if not store.single_process and isinstance(store, SharedPersistenceBackend)
        }

    async def open(self, kinds: Iterable[type[Entity]] = ()) -> None:
        """Make every store in use ready for the *kinds* it keeps; when one fails, those already open are closed."""
        known = list(kinds)
        async with AsyncExitStack() as undo:
            for store in self._each():
                await store.open([kind for kind in known if self.for_class(kind) is store])
                undo.push_async_callback(store.close)
            undo.pop_all()
        self._is_open = True

    async def close(self) -> None:
        """Let go of every store in use, of the others too when one fails."""
        self._is_open = False
        async with AsyncExitStack() as closing:
            for store in self._each():
                closing.push_async_callback(store.close)

    def _each(self) -> list[StatePersistenceBackend]:
        return list({id(store): store for store in self._stores.values()}.values())

    def refuse_workers(self, workers: int) -> None:
        """Raise ConfigurationError when *workers* processes would not see the same data."""
        alone = sorted(name for name, store in self._stores.items() if store.single_process)
        if workers > 1 and alone:
            raise ConfigurationError(
                f"{workers} workers cannot share the store {', '.join(alone)}: each would have data of its own; "
                "run one worker, or keep these entities in a store that processes share"
            )

    async def get(self, kind: type[E], id: str) -> Stored[E]:
        """Return the newest snapshot with its version; NotFoundError when there is none."""
        stored = await self.for_class(kind).get(kind, id)
        if stored is None:
            raise NotFoundError(kind.__entity_name__, id)
        return stored

    async def query(self, kind: type[E], query: Query) -> Page[E]:
        """Return one page of the entities *query* asks for."""
        return await self.for_class(kind).query(kind, query.checked(kind))


def _installed(name: str) -> StatePersistenceBackend:
    registry: Registry[Any] = Registry(GROUP)
    store: StatePersistenceBackend = registry.get(name)()
    return store
