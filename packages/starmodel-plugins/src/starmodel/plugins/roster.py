"""Load plugins one by one and keep a record of each, so that a broken one stops nothing but itself."""

from __future__ import annotations

import inspect
import logging
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from .discovery import FoundPlugin, discover
from .errors import HookFailedError, PluginLoadError
from .loading import check_plugin, create_manager, hook_names, instance_of, is_async_hook, specification_of
from .records import HookRecord, PluginRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterable

    import pluggy

__all__ = ["PluginRoster", "reason"]

ALL = "*"
LOCAL = "the application"
logger = logging.getLogger("starmodel.plugins")

# A plugin that calls sys.exit() must not take the application with it; KeyboardInterrupt and cancellation pass.
FAILURE = (Exception, SystemExit)


class PluginRoster:
    """The plugins of one application and how each fares."""

    def __init__(self, *, disabled: Collection[str], required: Collection[str], strict: bool) -> None:
        self.disabled, self.required, self.strict = frozenset(disabled), frozenset(required), strict
        self._manager = create_manager()
        self._records: dict[str, PluginRecord] = {}

    @property
    def records(self) -> tuple[PluginRecord, ...]:
        """Every plugin that was found or given, by name."""
        return tuple(sorted(self._records.values(), key=lambda record: record.name))

    @property
    def hooks(self) -> tuple[HookRecord, ...]:
        """Every hook there is, by name."""
        return tuple(self._describe(name) for name in hook_names(self._manager))

    def load(self, found: Iterable[FoundPlugin] | None = None) -> Self:
        """Load the installed plugins, or *found*; raise PluginLoadError if a required one did not load."""
        for plugin in discover() if found is None else found:
            self._load(plugin)
        for name in sorted(self.required):
            self._require(name)
        return self

    def add(self, plugin: object, /, name: str = "") -> None:
        """Take in a *plugin* of the application itself; raise PluginLoadError if it does not fit."""
        name = name or getattr(plugin, "__name__", type(plugin).__name__)
        if name in self._records:
            raise PluginLoadError(name, "there is another plugin of this name")
        self._records[name] = PluginRecord(name=name, origin=LOCAL)
        self._register(name, lambda: plugin, strict=True)

    def _load(self, found: FoundPlugin) -> None:
        name, origin = found.name, found.point.value
        record = PluginRecord(name=name, distribution=found.distribution, version=found.version, origin=origin)
        if name not in self._records:
            self._records[name] = record
            self._register(name, found.point.load, strict=self.strict)
            return
        taken = self._records[name].distribution or LOCAL
        name = f"{name}@{found.distribution}"
        why = f"{taken} offers a plugin of the same name; uninstall one of the two"
        self._records[name] = replace(record, name=name, status="shadowed", error=why)

    def _require(self, name: str) -> None:
        record = self._records.get(name)
        if record is None:
            raise PluginLoadError(name, "it is required and not installed")
        if record.status != "ok":
            raise PluginLoadError(name, f"it is required and {record.error or record.status}")

    def _register(self, name: str, source: Callable[[], object], *, strict: bool) -> None:
        if self.disabled & {name, ALL}:
            self._update(name, status="disabled")
            return
        begun = time.perf_counter()
        try:
            hooks = self._take(name, source())
        except FAILURE as error:
            logger.warning("plugin %s could not be loaded: %s", name, reason(error), exc_info=error)
            self._update(name, status="failed", error=reason(error))
            if strict:
                raise PluginLoadError(name, reason(error)) from error
        else:
            self._update(name, hooks=hooks)
        self._update(name, load_ms=round((time.perf_counter() - begun) * 1000, 3))

    def _take(self, name: str, plugin: object) -> tuple[str, ...]:
        plugin = instance_of(plugin)
        hooks = check_plugin(self._manager, plugin)
        try:
            self._manager.register(plugin, name)
        except Exception:
            if self._manager.has_plugin(name):  # pluggy before 1.7 keeps the hooks that it came to before the wrong one
                self._manager.unregister(name=name)
            raise
        return hooks

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
    def _guarded(self, part: pluggy.HookImpl, hook: str) -> Generator[None]:
        """Record a failure of *part* instead of raising it, unless the host is strict."""
        try:
            yield
        except FAILURE as error:
            name, why = part.plugin_name, reason(error)
            logger.warning("plugin %s failed in %s: %s", name, hook, why, exc_info=error)
            self._update(name, error=f"{hook}: {why}", failures=self._records[name].failures + 1)
            if self.strict:
                raise HookFailedError(name, hook, why) from error

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
