"""Find the entities of a module, so that a project need not list them twice."""

from __future__ import annotations

from types import ModuleType

from starmodel.core import Entity

__all__ = ["entities_in"]


def entities_in(*modules: ModuleType) -> list[type[Entity]]:
    """Return the entity classes that *modules* define, in the order of their definition.

    What a module has imported from elsewhere is not its own; what a package has imported from its own modules is.  A
    class whose name begins with ``_`` is for others to derive from, and left out.
    """
    found: dict[type[Entity], None] = {}
    for module in modules:
        for value in vars(module).values():
            if _is_own(value, module.__name__):
                found[value] = None
    return list(found)


def _is_own(value: object, module: str) -> bool:
    if not isinstance(value, type) or not issubclass(value, Entity) or value.__name__.startswith("_"):
        return False
    return value.__module__ == module or value.__module__.startswith(f"{module}.")
