"""Which plugins a plugin needs, and in which order that lets them start."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

__all__ = ["levels_of", "requires_of"]

REQUIRES = "STARMODEL_REQUIRES"


def requires_of(plugin: object) -> tuple[str, ...]:
    """Return the names of the plugins that *plugin* needs: its ``STARMODEL_REQUIRES``; ValueError for no such list."""
    named = getattr(plugin, REQUIRES, ())
    if isinstance(named, str) or not isinstance(named, Sequence) or not all(isinstance(one, str) for one in named):
        raise ValueError(f'{REQUIRES} must be names of plugins such as ("clock",), not {named!r}')
    return tuple(named)


def levels_of(requires: Mapping[str, Sequence[str]]) -> tuple[Mapping[str, int], Mapping[str, str]]:
    """Return how many others have to start before each plugin, in steps, and why some can never start.

    *requires* names all plugins that work, with what each needs.
    """
    levels: dict[str, int] = {}
    waiting = dict(requires)
    while ready := [name for name, needed in waiting.items() if levels.keys() >= set(needed)]:
        for name in sorted(ready):
            levels[name] = 1 + max((levels[one] for one in waiting.pop(name)), default=-1)
    return levels, {name: _reason(name, waiting, levels) for name in sorted(waiting)}


def _reason(name: str, waiting: Mapping[str, Sequence[str]], started: Collection[str]) -> str:
    missing = sorted(one for one in waiting[name] if one not in started)
    absent = [one for one in missing if one not in waiting]
    if absent:
        return f"it requires the plugin {absent[0]!r}, which is not here or does not work"
    return f"it requires the plugin {missing[0]!r}, which cannot start without another"
