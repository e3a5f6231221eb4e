"""The arguments of a command as they come in a request: JSON, a form or the address, checked for what nothing can hold.

What a value should be is for the codec to say; here it is only made sure that it can be logged, stored and sent back.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from starmodel.app.doors import object_in, refuse_impossible
from starmodel.core.errors import InvalidError, Problem, StarModelError

from .gate import BodyTooLargeError, header

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from starlette.types import Receive, Scope

__all__ = ["FORM_MEDIA", "Arguments", "UnsupportedMediaError", "media_of", "read_arguments"]

FORM_MEDIA = ("application/x-www-form-urlencoded", "multipart/form-data")
MAX_FIELDS = 1000


class Arguments(NamedTuple):
    """What was sent: values by name, whether they came as text, the idempotency key and the base version, if any."""

    values: dict[str, Any]
    is_text: bool
    key: str
    base: str = ""


class UnsupportedMediaError(StarModelError):
    """A body came in a form that no event takes."""

    code = "media_type"

    def __init__(self, media: str) -> None:
        self.media = media
        super().__init__(f"send the arguments as application/json or as a form, not as {media[:100] or 'nothing'!r}")


async def read_arguments(scope: Scope, receive: Receive, lists: Collection[str] = ()) -> Arguments:
    """Return the arguments of a request; those in the body win over those in its address.

    *lists* are the arguments that hold several values: one text alone is then a list of one.  InvalidError and
    UnsupportedMediaError say what is wrong.
    """
    query, base = _query(scope)
    if scope["method"] in ("GET", "HEAD"):
        return Arguments(_with_lists(query, lists), is_text=True, key="", base=base)
    key = header(scope, b"idempotency-key")
    media = media_of(scope)
    if media in FORM_MEDIA:
        form = await _form(scope, receive)
        page_key = form.pop("_key", "")
        values = _with_lists({**query, **form}, lists)
        refuse_impossible(values)
        if page_key and not key:
            key = _form_key(page_key, scope, values)
        return Arguments(values, is_text=True, key=key, base=base)
    body = await _body(receive)
    if media != "application/json" and (body or media):
        raise UnsupportedMediaError(media)
    values = object_in(body)
    return Arguments({**query, **values} if query else values, is_text=False, key=key, base=base)


def _query(scope: Scope) -> tuple[dict[str, Any], str]:
    """Return the arguments in the address, and the base version named beside them."""
    text: bytes = scope["query_string"]
    if not text:
        return {}, ""
    query = _by_name(parse_qsl(text.decode("latin-1"), keep_blank_values=True))
    query.pop("_key", None)
    return query, str(query.pop("_base", ""))


def media_of(scope: Scope) -> str:
    """Return what kind of body a request has, without the parameters of its content type."""
    return header(scope, b"content-type").partition(";")[0].strip().lower()


def _by_name(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return values by name; a name that comes several times has a list."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name not in values:
            values[name] = value
        elif isinstance(values[name], list):
            values[name].append(value)
        else:
            values[name] = [values[name], value]
    return values


def _with_lists(values: dict[str, Any], lists: Collection[str]) -> dict[str, Any]:
    """Return *values* with a list for each of *lists*, and one value for every other name.

    Of several the last one counts: a hidden field before a checkbox says what no tick means.
    """
    for name, value in values.items():
        if name in lists:
            values[name] = [value] if isinstance(value, str) and value else value
        elif isinstance(value, list):
            values[name] = value[-1]
    return values


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect  # half a body is no command
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


async def _form(scope: Scope, receive: Receive) -> dict[str, Any]:
    request = Request(scope, receive)
    try:
        async with request.form(max_files=0, max_fields=MAX_FIELDS) as form:
            return _by_name(form.multi_items())
    except (BodyTooLargeError, ClientDisconnect):
        raise
    except Exception as error:  # whatever a parser of forms may raise on bytes from outside
        detail = f"the form could not be read; files are not taken here, nor more than {MAX_FIELDS} fields"
        raise InvalidError([Problem((), detail, "form")]) from error


def _form_key(page_key: Any, scope: Scope, args: dict[str, Any]) -> str:
    """Return the key of a command sent by a page's one form: the same only for the same button with the same values."""
    text = json.dumps([page_key, scope["path"], args], sort_keys=True)
    return "form-" + hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
