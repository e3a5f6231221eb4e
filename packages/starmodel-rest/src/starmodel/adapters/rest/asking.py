"""What a request asks for beside its query: flags, fields, versions, arguments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect

from starmodel.app.bodies import UnsupportedMediaError, by_name, lists_of, object_in, refuse_impossible, with_lists
from starmodel.core.entity import fields_of
from starmodel.core.errors import InvalidError, Problem, QueryError, hint
from starmodel.core.visibility import Visibility

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Scope

    from starmodel.app import Handler
    from starmodel.core.entity import Entity

__all__ = ["Asked", "arguments_in", "version_matched"]

_ETAG = re.compile(r'"[0-9]{1,18}"')  # what a 64 bit number holds
_MAX_PAIRS = 200
_TRUTHS = {"true": True, "false": False}


class Asked:
    """The address of a request: *pairs* are those of its query string, decoded."""

    def __init__(self, scope: Scope) -> None:
        text: bytes = scope["query_string"]
        try:
            self.pairs = parse_qsl(text.decode("latin-1"), keep_blank_values=True, max_num_fields=_MAX_PAIRS)
        except ValueError:
            raise QueryError(f"an address takes at most {_MAX_PAIRS} parameters") from None

    def flag(self, name: str) -> bool:
        """Return whether *name* is ``true``; QueryError when it is neither that nor ``false``."""
        text = self._last(name, "false")
        if text not in _TRUTHS:
            raise QueryError(f"{name}={text[:40]!r} must be true or false")
        return _TRUTHS[text]

    def fields(self, kind: type[Entity]) -> tuple[str, ...] | None:
        """Return the public fields that ``fields=`` names, ``None`` for all; QueryError for one that is none."""
        text = self._last("fields", "")
        wanted = tuple(name.strip() for name in text.split(",") if name.strip())
        known = [name for name, info in fields_of(kind).items() if info.visibility is Visibility.PUBLIC]
        for name in wanted:
            if name not in known:
                raise QueryError(f"fields: {kind.__name__} has no field {name[:80]!r}; {hint(name, known)}")
        return wanted or None

    def only(self, *names: str) -> None:
        """Raise InvalidError for a parameter that is none of *names*: nothing that was asked is passed over."""
        unknown = dict.fromkeys(name for name, _ in self.pairs if name not in names)
        if unknown:
            told = [Problem((name,), f"is not expected; {hint(name, names)}", "extra_forbidden") for name in unknown]
            raise InvalidError(told)

    def arguments(self, handler: Handler) -> dict[str, Any]:
        """Return the arguments of a reading event, which stand in the address."""
        values = with_lists(by_name(self.pairs), lists_of(handler))
        refuse_impossible(values)
        return values

    def _last(self, name: str, default: str) -> str:
        return next((text for given, text in reversed(self.pairs) if given == name), default)


async def arguments_in(request: Request) -> dict[str, Any]:
    """Return the arguments in the body; UnsupportedMediaError when it is no JSON, InvalidError when it is no object."""
    body = await _body(request)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json" and (body or media):
        raise UnsupportedMediaError(media, "application/json")
    return object_in(body)


async def _body(request: Request) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect  # half a body is no command
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def version_matched(text: str | None) -> int | None:
    """Return the version that ``If-Match`` names, ``None`` for any; InvalidError when it is no ETag of ours."""
    text = (text or "").strip()
    if text in ("", "*"):
        return None
    if _ETAG.fullmatch(text) is None:
        raise InvalidError([Problem(("If-Match",), 'give the ETag of one version, such as "3"', "etag")])
    return int(text.strip('"'))
