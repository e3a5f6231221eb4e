"""Who tells the visitors of an application apart: providers by name or given, and what they bring along."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from starmodel.core.errors import ConfigurationError
from starmodel.core.ports import AuthProvider

if TYPE_CHECKING:
    from starmodel.plugins import PluginHost

    from .adapters import Adapters

__all__ = ["let_take_part", "providers_of"]

Wanted = AuthProvider | str | Sequence[AuthProvider | str] | None


def providers_of(wanted: Wanted, named: Sequence[str], adapters: Adapters) -> list[AuthProvider]:
    """Return the providers that are *wanted*, by default those that the settings have *named*.

    A name is looked up among the *adapters*; AdapterNotFoundError when none has it.
    """
    if wanted is None:
        wanted = named
    each = [wanted] if isinstance(wanted, str) or not isinstance(wanted, Iterable) else wanted
    return [_checked(adapters.made("auth", one) if isinstance(one, str) else one) for one in each]


def let_take_part(host: PluginHost, providers: Sequence[AuthProvider]) -> None:
    """Let each provider that has hooks take part in the application as a plugin does.

    Nobody can leave it out by a setting for plugins: it was asked for, and what it guards would stand open.
    """
    for provider in providers:
        if any(hasattr(getattr(type(provider), name, None), "starmodel_impl") for name in dir(type(provider))):
            host.add(provider, f"auth:{type(provider).__name__}", always=True)


def _checked(provider: Any) -> AuthProvider:
    if isinstance(provider, type) or not hasattr(provider, "identify"):
        raise ConfigurationError(
            f"auth={provider!r} cannot say who asks; give an object with identify(), or the name of an installed one"
        )
    checked: AuthProvider = provider
    return checked
