"""What can go wrong with plugins of a project, in words that say what to type next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.errors import StarModelError, hint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = [
    "PluginBusyError",
    "PluginChangeError",
    "PluginEnvironmentError",
    "PluginInUseError",
    "PluginProjectError",
    "PluginRecoveryError",
    "PluginSourceError",
    "PluginUnknownError",
    "RegistryError",
]


class RegistryError(StarModelError, ValueError):
    """A registry of plugins does not say what a registry must."""

    code = "plugin_registry"

    def __init__(self, file: Path | str, reason: str) -> None:
        self.file, self.reason = str(file), reason
        super().__init__(f"{file} is no registry of plugins: {reason}; mend it, or move it away")


class PluginSourceError(StarModelError, LookupError):
    """What was to be added is not known, or cannot be."""

    code = "plugin_source"

    @classmethod
    def unknown(cls, name: str, known: Iterable[str]) -> PluginSourceError:
        """A short name that no registry has is never handed to an installer, which would take anybody's package."""
        return cls(
            f"no registry has a plugin {name!r}; {hint(name, known)}; "
            f"one of your own is named by its folder or wheel (./{name}), or listed in starmodel-plugins.json"
        )


class PluginUnknownError(StarModelError, LookupError):
    """There is no such plugin in the project."""

    code = "plugin_unknown"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(f"this project has no plugin {name!r}; {hint(name, self.known)}")


class PluginProjectError(StarModelError, LookupError):
    """There is no project to change here, or its pyproject.toml cannot be changed."""

    code = "plugin_project"


class PluginEnvironmentError(StarModelError, RuntimeError):
    """The environment of the project was not found, or is none that may be changed."""

    code = "plugin_environment"


class PluginBusyError(StarModelError, RuntimeError):
    """Somebody else changes the plugins of this project."""

    code = "plugin_busy"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(f"another command changes the plugins of {folder}; wait for its end, or end it")


class PluginInUseError(StarModelError, RuntimeError):
    """A plugin cannot go, since something would be left without what it brings; *uses* say what."""

    code = "plugin_in_use"

    def __init__(self, name: str, uses: Sequence[str]) -> None:
        self.name, self.uses = name, tuple(uses)
        super().__init__("\n  ".join([f"{name} is in use, and stays:", *uses]))


class PluginChangeError(StarModelError, RuntimeError):
    """A change of plugins did not come to its end, and everything is as it was; *why* says what went wrong."""

    code = "plugin_change"

    def __init__(self, step: str, why: str) -> None:
        self.step, self.why = step, why
        super().__init__(f"{step}: {why}\n  Everything is as it was.")


class PluginRecoveryError(StarModelError, RuntimeError):
    """What a change had begun could not be put back; what is needed for it is kept."""

    code = "plugin_recovery"

    def __init__(self, project: Path, why: str) -> None:
        self.project, self.why = project, why
        super().__init__(
            f"what was begun in {project} could not be put back yet: {why}; see to that, then run: "
            "starmodel plugin doctor"
        )
