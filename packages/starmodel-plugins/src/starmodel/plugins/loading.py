"""Turn what an entry point names into a plugin, and refuse one that this host could only misunderstand."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pluggy

from starmodel.core.errors import hint

from . import hookspecs
from .hookspecs import HOOK_API

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["check_plugin", "create_manager", "hook_names", "instance_of", "is_async_hook", "specification_of"]

PROJECT = "starmodel"


def create_manager() -> pluggy.PluginManager:
    """Return a manager that knows every hook; two applications in one process share none."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


def instance_of(plugin: object) -> object:
    """Return *plugin*, or an object of it when it is a class, since hooks are found on bound methods."""
    return plugin() if inspect.isclass(plugin) else plugin


def check_plugin(manager: pluggy.PluginManager, plugin: object) -> tuple[str, ...]:
    """Return the hooks *plugin* takes part in; raise ValueError with advice if it does not fit this host.

    What pluggy itself checks, the names of the arguments, it checks while registering.
    """
    _check_version(getattr(plugin, "STARMODEL_HOOK_API", HOOK_API))
    marked = list(_marked(manager, plugin))
    if not marked:
        raise ValueError("it takes part in no hook; mark its functions with @hookimpl")
    for function, hook, options in marked:
        _check_part(manager, plugin, function, hook, options)
    return tuple(sorted({hook for _, hook, _ in marked if _is_hook(manager, hook)}))


def hook_names(manager: pluggy.PluginManager) -> list[str]:
    """Return the names of all hooks that have a specification, sorted."""
    return sorted(name for name in vars(manager.hook) if _is_hook(manager, name))


def specification_of(hook: str) -> Callable[..., object]:
    """Return the function that specifies *hook*."""
    function: Callable[..., object] = getattr(hookspecs, hook)
    return function


def is_async_hook(hook: str) -> bool:
    """Tell whether plugins may take part in *hook* by async functions."""
    return inspect.iscoroutinefunction(specification_of(hook))


def _is_hook(manager: pluggy.PluginManager, name: str) -> bool:
    caller = getattr(manager.hook, name, None)
    return isinstance(caller, pluggy.HookCaller) and caller.has_spec()


def _check_version(wanted: object) -> None:
    match wanted:
        case (int(major), int(minor)):
            if major != HOOK_API[0] or minor > HOOK_API[1]:
                raise ValueError(f"it needs hook API {major}.{minor} and this is {HOOK_API[0]}.{HOOK_API[1]}")
        case _:
            raise ValueError(f"STARMODEL_HOOK_API must be two whole numbers such as {HOOK_API}, not {wanted!r}")


def _marked(manager: pluggy.PluginManager, plugin: object) -> Iterator[tuple[str, str, pluggy.HookimplOpts]]:
    for name in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, name)
        if options is not None:
            yield name, options.get("specname") or name, options


def _check_part(
    manager: pluggy.PluginManager, plugin: object, function: str, hook: str, options: pluggy.HookimplOpts
) -> None:
    if options.get("wrapper") or options.get("hookwrapper"):
        raise ValueError(f"{function} is a wrapper; StarModel calls each plugin on its own, so wrap nothing")
    if not _is_hook(manager, hook):
        if options.get("optionalhook"):
            return
        advice = "mark it @hookimpl(optionalhook=True) if it is for a newer StarModel"
        raise ValueError(f"there is no hook {hook!r}, {hint(hook, hook_names(manager))}; {advice}")
    if not is_async_hook(hook) and inspect.iscoroutinefunction(getattr(plugin, function)):
        raise ValueError(f"{hook} is called while the application is built; write it `def`, not `async def`")
