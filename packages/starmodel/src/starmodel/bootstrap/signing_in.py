"""Who tells the visitors of an application apart: providers by name or given, and what they bring along."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from starmodel.app import Registry
from starmodel.core.errors import AdapterNotFoundError, ConfigurationError, hint
from starmodel.core.ports import AuthProvider

if TYPE_CHECKING:
    from starmodel.plugins import PluginHost

__all__ = ["let_take_part", "providers_of"]

GROUP = "starmodel.auth"

Wanted = AuthProvider | str | Sequence[AuthProvider | str] | None


def providers_of(wanted: Wanted, named: Sequence[str]) -> list[AuthProvider]:
    """Return the providers that are *wanted*, by default those that the settings have *named*.

    A name is looked up among the installed packages; AdapterNotFoundError when none offers it.
    """
    if wanted is None:
        wanted = named
    each = [wanted] if isinstance(wanted, str) or not isinstance(wanted, Iterable) else wanted
    return [_installed(one) if isinstance(one, str) else _checked(one) for one in each]


def let_take_part(host: PluginHost, providers: Sequence[AuthProvider]) -> None:
    """Let each provider that has hooks take part in the application as a plugin does.

    Nobody can leave it out by a setting for plugins: it was asked for, and what it guards would stand open.
    """
    for provider in providers:
        if any(hasattr(getattr(type(provider), name, None), "starmodel_impl") for name in dir(type(provider))):
            host.add(provider, f"auth:{type(provider).__name__}", always=True)


def _installed(name: str) -> AuthProvider:
    known: Registry[Any] = Registry(GROUP)
    if name not in known.names():
        usual = "; install it: pip install 'starmodel[auth]'" if name == "password" else ""
        raise AdapterNotFoundError(
            f"no installed package offers the auth provider {name!r}; {hint(name, known.names())}{usual}"
        )
    return _checked(known.get(name)())


def _checked(provider: Any) -> AuthProvider:
    if isinstance(provider, type) or not hasattr(provider, "identify"):
        raise ConfigurationError(
            f"auth={provider!r} cannot say who asks; give an object with identify(), or the name of an installed one"
        )
    checked: AuthProvider = provider
    return checked
