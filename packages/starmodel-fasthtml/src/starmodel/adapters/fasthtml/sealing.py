"""Names and seals of pieces of pages that go through a cache which others may write into."""

from __future__ import annotations

import hmac
import inspect
import json
from typing import TYPE_CHECKING, Any, Final

from starmodel.app.policies import belongs_to_one
from starmodel.core.fragment_cache import MAX_FRAGMENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from starmodel.app.signing import Signer
    from starmodel.core.entity import Entity
    from starmodel.core.ports import Codec

__all__ = ["Sealer", "look_of"]

_TAG: Final = 32


class Sealer:
    """Names and seals pieces by the secret in *signer*: who has it not can read no name, and make no seal."""

    def __init__(self, signer: Signer, codec: Codec) -> None:
        self.fingerprint = ""
        self._signer, self._codec = signer, codec

    def begin(self, fingerprint: str) -> None:
        """Begin all names with what stands for the code that draws; nobody learns from it what the settings are."""
        self.fingerprint = self._signer.digest("fingerprint", fingerprint).hex()[:16]

    def name(self, key: tuple[Any, ...], entity: Entity, look: str) -> str | None:
        """Return what a piece is called in the cache, without telling what it shows; ``None`` for one reader's own.

        The data of the entity are part of it: a database that was put back gives the same versions to others.
        """
        if belongs_to_one(entity.id):
            return None
        try:
            parts = [key[0].name, *map(_plain, key[1:]), look, self._codec.dump(entity)]
            text = json.dumps(parts, separators=(",", ":"), sort_keys=True)
        except (TypeError, ValueError):
            return None
        digest = self._signer.digest("name of a fragment", f"{self.fingerprint} {text}").hex()
        return f"{self.fingerprint}:{digest}"

    def sealed(self, name: str, html: str) -> bytes | None:
        """Return what is written under *name*, ``None`` for a piece that is too long, or that is no text."""
        try:
            text = html.encode()
        except UnicodeEncodeError:
            return None
        return self._tag(name, html) + text if len(text) + _TAG <= MAX_FRAGMENT else None

    def opened(self, name: str, value: bytes) -> str | None:
        """Return what was sealed under *name* by somebody who has the secret, else ``None``."""
        try:
            html = value[_TAG:].decode()
        except UnicodeDecodeError:
            html = ""
        if html and hmac.compare_digest(value[:_TAG], self._tag(name, html)):
            return html
        return None

    def _tag(self, name: str, html: str) -> bytes:
        return self._signer.digest("fragment", f"{name} {html}")


def _plain(part: Any) -> Any:
    """Return a part of a key as JSON that nothing else becomes; TypeError for what is somebody's own, or unknown."""
    if part is None or isinstance(part, str | int):
        return part
    if isinstance(part, frozenset):
        return {"any": sorted(map(_name_of_role, part))}
    if type(part) is tuple:
        return [_plain(one) for one in part]
    raise TypeError(f"{part!r:.80} is not for others")


def _name_of_role(role: Any) -> str:
    if not isinstance(role, str):
        raise TypeError(f"{role!r:.80} is not the name of a role")
    return role


def look_of(*functions: Callable[..., Any]) -> str | None:
    """Return which *functions* draw something, ``None`` when their code does not say all that they do.

    So it is for one that carries values of its own: what was around it when it was made, or an object as a default.
    """
    told: list[Any] = []
    for one in functions:
        if not inspect.isfunction(one) or one.__closure__ is not None or hasattr(one, "__wrapped__"):
            return None
        usual = [*(one.__defaults__ or ()), *(one.__kwdefaults__ or {}).values()]
        if not all(value is None or isinstance(value, str | int | float) for value in usual):
            return None
        told.append([one.__module__, one.__qualname__, *usual])
    return json.dumps(told)
