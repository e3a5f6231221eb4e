"""What plugins say about themselves when somebody asks how everything is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.contributions import Finding

from .calling import items_of

if TYPE_CHECKING:
    from .host import PluginHost

__all__ = ["findings_of"]


async def findings_of(host: PluginHost) -> list[Finding]:
    """Return what the plugins of *host* have found out; one that fails is on record, and says nothing."""
    found: list[Finding] = []
    for part in host.parts("starmodel_doctor"):
        with part.guarded():
            said = items_of(await part.call())
            wrong = next((one for one in said if not isinstance(one, Finding)), None)
            if wrong is not None:
                raise TypeError(f"the answer must be a list of Finding, and one is {wrong!r}")
            found += [one for one in said if isinstance(one, Finding)]
    return found
