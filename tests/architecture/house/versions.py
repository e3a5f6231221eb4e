"""Whether all distributions carry one version and pin each other to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["META", "disagreements"]

META = "starmodel"
OURS = re.compile(r"(?P<name>starmodel[a-z-]*)(\[[a-z,-]+\])?\s*(?P<pin>.*)")


def disagreements(versions: Mapping[str, str], requirements: Mapping[str, Iterable[str]]) -> list[str]:
    """Complain about versions that differ from the meta package's, and pins of ours that are not what they must be.

    The meta package pins exactly (`==`), all others compatibly (`~=`).
    """
    wanted = versions[META]
    found = [f"{name} is {version}, not {wanted}" for name, version in versions.items() if version != wanted]
    for name, lines in requirements.items():
        pin = f"{'==' if name == META else '~='}{wanted}"
        ours = filter(None, map(OURS.fullmatch, lines))
        found += [f"{name} asks for {match[0]}, not for {pin}" for match in ours if match["pin"] != pin]
    return found
