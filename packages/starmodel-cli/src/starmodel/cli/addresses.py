"""Every address that an application answers to, and what is there: read off its routes, whoever made them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

__all__ = ["Address", "AddressKind", "addresses_of", "doubled"]

AddressKind = Literal["api", "asset", "event", "files", "health", "live", "page", "websocket"]

_OWN: dict[str, AddressKind] = {
    "starmodel-assets": "asset",
    "starmodel-health": "health",
    "starmodel-live": "live",
}
_EVENT = "event "
_FILE = "file "
_PARAMETER = re.compile(r"\{[^}]*\}")
_UNSEEN = frozenset({"HEAD"})


@dataclass(frozen=True, slots=True)
class Address:
    """One route.  *methods* are sorted, *name* says what answers, *entity* and *event* are empty without one."""

    path: str
    methods: tuple[str, ...]
    kind: AddressKind
    name: str
    entity: str = ""
    event: str = ""


def addresses_of(found: object) -> list[Address]:
    """Return the addresses of *found*, an ASGI application or something around one, in the order of its routes.

    ``[]`` for what has no routes, such as an application without a web.
    """
    while found is not None:
        routes = getattr(found, "routes", None)
        if routes is not None:
            listed = list(_below(routes, "", "page"))
            return [*listed, *_of_entities(found, listed)]
        found = getattr(found, "app", None)
    return []


def doubled(addresses: Iterable[Address]) -> list[tuple[Address, Address]]:
    """Return pairs that claim one address for one method: the second of each is never reached."""
    taken: dict[tuple[str, str], Address] = {}
    pairs: dict[tuple[str, str, str], tuple[Address, Address]] = {}
    for address in addresses:
        shape = _shape(address.path)
        for method in address.methods or ("*",):
            first = taken.setdefault((shape, method), address)
            if first is not address:
                pairs.setdefault((shape, first.name, address.name), (first, address))
    return list(pairs.values())


def _below(routes: Iterable[object], prefix: str, kind: AddressKind) -> Iterator[Address]:
    for route in routes:
        path, inner = prefix + str(getattr(route, "path", "")), getattr(route, "routes", None)
        if inner:
            mounted = getattr(route, "app", None)
            yield from _below(inner, path, "api" if hasattr(mounted, "openapi") else kind)
        else:
            yield _address(route, path, kind)


def _of_entities(found: object, listed: Iterable[Address]) -> Iterator[Address]:
    """Yield the pages that every entity has, where no page of the application's own has taken their place.

    ``found.pages.addresses`` names their methods, addresses and entities.
    """
    taken = {(method, _shape(one.path)) for one in listed for method in one.methods}
    for method, path, entity in getattr(getattr(found, "pages", None), "addresses", ()):
        if (method, _shape(path)) not in taken:
            yield Address(path, (method,), "page", f"pages of {entity}", entity)


def _shape(path: str) -> str:
    """Return *path* without the names of its parameters, which do not tell two addresses apart."""
    return _PARAMETER.sub("{}", path)


def _address(route: object, path: str, kind: AddressKind) -> Address:
    name = str(getattr(route, "name", "") or type(route).__name__)
    methods = tuple(sorted({str(one) for one in getattr(route, "methods", None) or ()} - _UNSEEN))
    if name.startswith(_EVENT):
        entity, _, event = name.removeprefix(_EVENT).rpartition(".")
        return Address(path, methods, "event", name.removeprefix(_EVENT), entity, event)
    if name.startswith(_FILE):
        entity, *_ = name.removeprefix(_FILE).split(".")
        return Address(path, methods, "files", name.removeprefix(_FILE), entity)
    if name in _OWN:
        return Address(path, methods, _OWN[name], name)
    if type(getattr(route, "app", None)).__name__ == "StaticFiles":
        return Address(f"{path}/…", ("GET",), "files", name)
    if "WebSocket" in type(route).__name__:
        return Address(path, methods, "websocket", name)
    return Address(path or "/", methods, kind, name)
