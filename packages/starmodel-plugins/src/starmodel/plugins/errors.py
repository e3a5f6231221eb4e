"""What can go wrong with plugins, in words that name the plugin to blame."""

from __future__ import annotations

from starmodel.core.errors import StarModelError

__all__ = ["HookCallError", "HookFailedError", "PluginError", "PluginLoadError"]


class PluginError(StarModelError):
    """Something is wrong with a plugin."""

    code = "plugin"


class PluginLoadError(PluginError, ImportError):
    """A plugin could not be loaded, and the application may not run without it."""

    code = "plugin_load"

    def __init__(self, plugin: str, reason: str) -> None:
        self.plugin, self.reason = plugin, reason
        super().__init__(f"the plugin {plugin!r} could not be loaded: {reason}; update, uninstall or disable it")


class HookFailedError(PluginError, RuntimeError):
    """A plugin failed in a hook while the host was strict."""

    code = "hook_failed"

    def __init__(self, plugin: str, hook: str, reason: str) -> None:
        self.plugin, self.hook, self.reason = plugin, hook, reason
        super().__init__(f"the plugin {plugin!r} failed in {hook}: {reason}; mend the plugin or disable it")


class HookCallError(PluginError, TypeError):
    """The host was asked to call a hook that does not exist, or in a way that its specification does not allow."""

    code = "hook_call"
