"""Load plugins one by one and keep a record of each, so that a broken one stops nothing but itself."""

from __future__ import annotations

import inspect
import logging
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from .breaker import Breaker
from .discovery import FIRST_PARTY, FoundPlugin, discover, normalised, preferred
from .errors import HookFailedError, PluginError, PluginLoadError
from .folder import LOCAL_PREFIX
from .loading import check_plugin, create_manager, hook_names, instance_of, is_async_hook, specification_of
from .records import HookRecord, PluginRecord
from .requirements import levels_of, requires_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterable, Mapping

    import pluggy

__all__ = ["ALL", "FAILURE", "FAIL_CLOSED", "PluginRoster", "reason"]

ALL = "*"
"""Stands for every plugin."""

FAIL_CLOSED = frozenset(
    {
        "starmodel_auth_providers",
        "starmodel_entities",
        "starmodel_middleware",
        "starmodel_mounts",
        "starmodel_register",
        "starmodel_routes",
        "starmodel_settings",
        "starmodel_startup",
    }
)
"""Hooks in which a required plugin that fails stops the start: without its answer the application is another one."""

LOCAL = "the application"
logger = logging.getLogger("starmodel.plugins")

# A plugin that calls sys.exit() must not take the application with it; KeyboardInterrupt and cancellation pass.
FAILURE = (Exception, SystemExit)


class PluginRoster:
    """The plugins of one application and how each fares; *timeout* is in seconds, for one call."""

    timeout: float = 5.0

    def __init__(
        self,
        *,
        enabled: Collection[str],
        disabled: Collection[str],
        required: Collection[str],
        pins: Mapping[str, str],
        strict: bool,
        breaker: Breaker,
    ) -> None:
        self.enabled, self.disabled, self.required = frozenset(enabled), frozenset(disabled), frozenset(required)
        self.pins, self.strict = dict(pins), strict
        self._breaker = breaker
        self._manager = create_manager()
        self._records: dict[str, PluginRecord] = {}
        self._levels: Mapping[str, int] = {}

    @property
    def records(self) -> tuple[PluginRecord, ...]:
        """Every plugin that was found or given, by name."""
        records = sorted(self._records.values(), key=lambda record: record.name)
        return tuple(replace(record, resting=self._breaker.resting(record.name)) for record in records)

    @property
    def hooks(self) -> tuple[HookRecord, ...]:
        """Every hook there is, by name."""
        return tuple(self._describe(name) for name in hook_names(self._manager))

    def load(self, found: Iterable[FoundPlugin] | None = None) -> Self:
        """Load the installed plugins, or *found*; raise PluginLoadError if a required one did not load."""
        all_found = list(discover() if found is None else found)
        for plugin in sorted(all_found, key=lambda one: preferred(one.distribution, one.name, self.pins)):
            self._load(plugin)
        for name in sorted((self.enabled | self.required) - self._records.keys() - {ALL}):
            why = "it is switched on and not installed; install it, or switch it off"
            self._records[name] = PluginRecord(name=name, status="missing", error=why)
        self._settle()
        for name in sorted(self.required):
            self._require(name)
        return self

    def add(self, plugin: object, /, name: str = "", *, always: bool = False) -> None:
        """Take in a *plugin* of the application itself; raise PluginLoadError if it does not fit.

        One that is *always* there is required, and no setting disables it: the application asked for what it guards.
        """
        name = name or getattr(plugin, "__name__", type(plugin).__name__)
        if name in self._records:
            raise PluginLoadError(name, "there is another plugin of this name")
        self._records[name] = PluginRecord(name=name, origin=LOCAL)
        self.required |= {name} if always else frozenset()
        self._register(name, lambda: plugin, strict=True, always=always)
        self._settle(strict=True)

    def reject(self, name: str, hook: str, why: str) -> None:
        """Put on record that an answer of the plugin *name* in *hook* cannot be used; raises where a failure would."""
        with self.guarded(name, hook):
            raise PluginError(why)

    def _load(self, found: FoundPlugin) -> None:
        name, origin = found.name, found.point.value
        distribution, version = found.distribution or None, found.version or None
        record = PluginRecord(name=name, distribution=distribution, version=version, origin=origin)
        if name not in self._records:
            self._records[name] = record
            if self._is_active(found):
                self._register(name, found.point.load, strict=self.strict)
            else:
                self._update(name, status="inactive")
            return
        taken = self._records[name].distribution or LOCAL
        name = f"{name}@{found.distribution}"
        why = f"{taken} offers a plugin of the same name; uninstall one of the two, or pin one"
        self._records[name] = replace(record, name=name, status="shadowed", error=why)

    def _is_active(self, found: FoundPlugin) -> bool:
        """Tell whether a plugin is on: switched on by name, or by being StarModel's or the project's own."""
        is_own = normalised(found.distribution) in FIRST_PARTY or found.name.startswith(LOCAL_PREFIX)
        return is_own or bool(self.enabled & {found.name, ALL}) or found.name in self.disabled

    def leave_out(self, name: str, why: str) -> None:
        """Take a plugin out of every hook, and those that require it; PluginLoadError when that may not be."""
        self._drop(name, why)
        if self.strict or name in self.required:
            raise PluginLoadError(name, why)
        self._settle()

    def _drop(self, name: str, why: str) -> None:
        self._manager.unregister(name=name)
        logger.warning("plugin %s is left out: %s", name, why)
        self._update(name, status="failed", error=why, hooks=())

    def _settle(self, *, strict: bool = False) -> None:
        """Find the order in which the plugins start, and take out those that lack another."""
        works = {record.name: record.requires for record in self._records.values() if record.status == "ok"}
        self._levels, stuck = levels_of(works)
        for name, why in stuck.items():
            self._drop(name, why)
            if strict or self.strict or name in self.required:
                raise PluginLoadError(name, why)

    def _require(self, name: str) -> None:
        record = self._records.get(name)
        if record is None or record.status == "missing":
            raise PluginLoadError(name, "it is required and not installed")
        if record.status != "ok":
            raise PluginLoadError(name, f"it is required and {record.error or record.status}")

    def _register(self, name: str, source: Callable[[], object], *, strict: bool, always: bool = False) -> None:
        if self.disabled & {name, ALL} and not always:
            self._update(name, status="disabled")
            return
        begun = time.perf_counter()
        try:
            hooks, requires = self._take(name, source())
        except FAILURE as error:
            logger.warning("plugin %s could not be loaded: %s", name, reason(error), exc_info=error)
            self._update(name, status="failed", error=reason(error))
            if strict:
                raise PluginLoadError(name, reason(error)) from error
        else:
            self._update(name, hooks=hooks, requires=requires)
        self._update(name, load_ms=round((time.perf_counter() - begun) * 1000, 3))

    def _take(self, name: str, plugin: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
        plugin = instance_of(plugin)
        hooks, requires = check_plugin(self._manager, plugin), requires_of(plugin)
        try:
            self._manager.register(plugin, name)
        except Exception:
            if self._manager.has_plugin(name):  # pluggy before 1.7 keeps the hooks that it came to before the wrong one
                self._manager.unregister(name=name)
            raise
        return hooks, requires

    def _update(self, name: str, **changes: Any) -> None:
        self._records[name] = replace(self._records[name], **changes)

    def _parts(self, hook: str) -> list[pluggy.HookImpl]:
        """Return who takes part in *hook*: by tryfirst and trylast, then installed before local, then by name."""
        parts = getattr(self._manager.hook, hook).get_hookimpls()
        return sorted(parts, key=self._rank) if parts else []

    def _rank(self, part: pluggy.HookImpl) -> tuple[bool, bool, bool, str]:
        is_local = self._records[part.plugin_name].distribution is None
        return not part.tryfirst, part.trylast, is_local, part.plugin_name

    @contextmanager
    def guarded(self, name: str, hook: str) -> Generator[None]:
        """Record what the plugin *name* does wrong within, in the name of *hook*, instead of raising it.

        What took longer than the time-out is wrong too, though nobody can break it off: everything waited for it.
        HookFailedError when the host is strict, or the application cannot be without the plugin there.
        """
        begun = time.perf_counter()
        try:
            yield
        except FAILURE as error:
            self._note_failure(name, hook, error)
        else:
            took = time.perf_counter() - begun
            if took > self.timeout:
                self._note_failure(name, hook, TimeoutError(f"it took {took:.2g} s, and everything waited for it"))
            else:
                self._breaker.passed(name, hook)

    def _note_failure(self, name: str, hook: str, error: BaseException) -> None:
        why = reason(error)
        logger.warning("plugin %s failed in %s: %s", name, hook, why, exc_info=error)
        self._update(name, error=f"{hook}: {why}", failures=self._records[name].failures + 1)
        if self._breaker.failed(name, hook):
            logger.warning("plugin %s is left alone in %s for a while", name, hook)
        if self.strict or (name in self.required and hook in FAIL_CLOSED):
            raise HookFailedError(name, hook, why) from error

    def lets(self, name: str, hook: str) -> bool:
        """Tell whether the plugin *name* may be asked in *hook* now: not while it is left alone there."""
        return self._breaker.lets(name, hook)

    def _describe(self, hook: str) -> HookRecord:
        specification = specification_of(hook)
        return HookRecord(
            name=hook,
            arguments=tuple(inspect.signature(specification).parameters),
            doc=inspect.getdoc(specification) or "",
            is_async=is_async_hook(hook),
            plugins=tuple(part.plugin_name for part in self._parts(hook)),
        )


def reason(error: BaseException) -> str:
    """Return *error* in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
