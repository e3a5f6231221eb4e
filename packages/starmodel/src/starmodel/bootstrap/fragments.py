"""Where the processes of a web application find what others have drawn, as its settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.errors import AdapterNotFoundError, ConfigurationError, hint

if TYPE_CHECKING:
    from starmodel.core.ports import FragmentCache

    from .adapters import Adapters

__all__ = ["shared_fragments"]


def shared_fragments(
    wanted: FragmentCache | str | None, adapters: Adapters, secret: str | None
) -> FragmentCache | None:
    """Return what keeps fragments for all processes, ``None`` where nothing does.

    AdapterNotFoundError for a name that nobody offers, ConfigurationError without a *secret*: each process would make
    its own, and believe no other.
    """
    if wanted is None:
        return None
    if isinstance(wanted, str):
        known = adapters.names("fragments")
        if wanted not in known:
            raise AdapterNotFoundError(
                f"no installed package keeps fragments as {wanted!r}; {hint(wanted, known)}; set STARMODEL_FRAGMENTS "
                "to one of these, or install the package that brings it"
            )
        made: FragmentCache = adapters.made("fragments", wanted)
        wanted = made
    if secret is None and not wanted.single_process:
        raise ConfigurationError(
            "STARMODEL_FRAGMENTS needs STARMODEL_SECRET, the same on every node: what others have drawn is believed "
            "only with their signature"
        )
    return wanted
