"""The arguments of a command as they come in a request: JSON, a form or the address, checked for what nothing can hold.

What a value should be is for the codec to say; here it is only made sure that it can be logged, stored and sent back.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, get_args, get_origin
from urllib.parse import parse_qsl

from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request

from starmodel.app import FileRefusedError
from starmodel.app.bodies import (
    BodyTooLargeError,
    UnsupportedMediaError,
    by_name,
    object_in,
    refuse_impossible,
)
from starmodel.core.annotations import members_of
from starmodel.core.errors import InvalidError, Problem, StarModelError
from starmodel.core.files import accept_of

from .browser.carrying import ARGUMENT as KEPT
from .gate import header
from .nesting import FormValues, read_names

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable

    from starlette.datastructures import UploadFile
    from starlette.types import Receive, Scope

    from starmodel.core.parameters import Parameter

__all__ = ["FORM_MEDIA", "Arguments", "Take", "Wanted", "media_of", "read_arguments"]

FORM_MEDIA = ("application/x-www-form-urlencoded", "multipart/form-data")
MAX_FIELDS = 1000


class Wanted(NamedTuple):
    """What of an event's arguments a form has to know.

    Which hold several values, which have parts with names, and which are files.
    """

    lists: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()

    @classmethod
    def of(cls, parameters: Iterable[Parameter]) -> Wanted:
        """Return what an event with these parameters wants."""
        types = {parameter.name: parameter.sent_as for parameter in parameters}
        lists = frozenset(name for name, annotation in types.items() if _is_list(annotation))
        files = frozenset(name for name, annotation in types.items() if accept_of(annotation) is not None)
        parts = frozenset(name for name, annotation in types.items() if _has_parts(annotation))
        return cls(lists, (lists | parts) - files, files)


_ANY = Wanted()


class Arguments(NamedTuple):
    """What was sent: values by name, whether they came as text, the idempotency key and the base version, if any.

    *form* is what a form said, *back* the page that a form of the site was opened on, ``None`` for any other form.
    *kept* is what the browser has brought of entities that it keeps, as it was sent; ``None`` when it brought nothing.
    """

    values: dict[str, Any]
    is_text: bool
    key: str
    base: str = ""
    form: FormValues | None = None
    back: str | None = None
    kept: Any = None


Take: TypeAlias = "Callable[[str, UploadFile], Awaitable[str]]"
"""Keeps a file that a form has sent for an argument and returns the reference to it; FileRefusedError."""


async def read_arguments(scope: Scope, receive: Receive, wanted: Wanted = _ANY, take: Take | None = None) -> Arguments:
    """Return the arguments of a request; those in the body win over those in its address.

    Files come only in forms: *take* keeps them.  Of arguments that hold several values one text alone is a list of one.
    InvalidError and UnsupportedMediaError say what is wrong.
    """
    query, named = _query(scope)
    base = header(scope, b"starmodel-base-version") or named
    if scope["method"] in ("GET", "HEAD"):
        return Arguments(read_names(query, wanted.lists).nested(wanted.parts), is_text=True, key="", base=base)
    key = header(scope, b"idempotency-key")
    media = media_of(scope)
    if media in FORM_MEDIA:
        sent, refused = await _form(scope, receive, wanted.files if take is not None else frozenset(), take)
        page_key, back, kept = sent.pop("_key", ""), sent.pop("_form", None), sent.pop(KEPT, None)
        form = read_names({**query, **sent}, wanted.lists)
        form.problems += refused
        values = form.nested(wanted.parts)
        refuse_impossible(values)
        if page_key and not key:
            key = _form_key(page_key, scope, values if back is None else sent)
        back = None if back is None else str(back)
        return Arguments(values, is_text=True, key=key, base=base, form=form, back=back, kept=kept)
    body = await _body(receive)
    if media != "application/json" and (body or media):
        raise UnsupportedMediaError(media)
    values = object_in(body)
    kept = values.pop(KEPT, None)
    return Arguments({**query, **values} if query else values, is_text=False, key=key, base=base, kept=kept)


def _query(scope: Scope) -> tuple[dict[str, Any], str]:
    """Return the arguments in the address, and the base version named beside them."""
    text: bytes = scope["query_string"]
    if not text:
        return {}, ""
    query = by_name(parse_qsl(text.decode("latin-1"), keep_blank_values=True))
    query.pop("_key", None)
    return query, str(query.pop("_base", ""))


def media_of(scope: Scope) -> str:
    """Return what kind of body a request has, without the parameters of its content type."""
    return header(scope, b"content-type").partition(";")[0].strip().lower()


def _is_list(annotation: Any) -> bool:
    """Tell whether an argument holds several values: a form names each of them, also when there is but one."""
    return any(
        _origin(kind) in (list, set, frozenset) or (_origin(kind) is tuple and Ellipsis in get_args(kind))
        for kind in members_of(annotation)
    )


def _has_parts(annotation: Any) -> bool:
    """Tell whether an argument is made of values with names of their own."""
    return any(dataclasses.is_dataclass(kind) or hasattr(kind, "model_fields") for kind in members_of(annotation))


def _origin(kind: Any) -> Any:
    return get_origin(kind) or kind


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


async def _form(
    scope: Scope, receive: Receive, files: Collection[str], take: Take | None
) -> tuple[dict[str, Any], list[Problem]]:
    """Return what a form says, by name, and what is wrong with the files in it."""
    request, pairs, refused = Request(scope, receive), [], []
    try:
        async with request.form(max_files=len(files), max_fields=MAX_FIELDS) as form:
            for name, value in form.multi_items():
                if isinstance(value, str):
                    pairs.append((name, value.replace("\r\n", "\n")))
                else:
                    refused += await _take(name, value, take if name in files else None, pairs)
    except (BodyTooLargeError, ClientDisconnect, StarModelError):
        raise
    except Exception as error:  # whatever a parser of forms may raise on bytes from outside
        taken = (
            f"files are taken for {', '.join(sorted(files))} alone, one each" if files else "files are not taken here"
        )
        detail = f"the form could not be read; {taken}, nor more than {MAX_FIELDS} fields"
        raise InvalidError([Problem((), detail, "form")]) from error
    return by_name(pairs), refused


async def _take(name: str, file: UploadFile, take: Take | None, pairs: list[tuple[str, Any]]) -> list[Problem]:
    """Add the reference to a file to *pairs*; nothing for a control that nobody put a file into."""
    if take is None:
        raise MultiPartException(f"no file is taken for {name}")
    if not file.filename and not file.size:
        return []
    try:
        pairs.append((name, await take(name, file)))
    except FileRefusedError as error:
        return [Problem((name,), error.problem, "file")]
    return []


def _form_key(page_key: Any, scope: Scope, args: dict[str, Any]) -> str:
    """Return the key of a command sent by a page's one form: the same only for the same button with the same values."""
    text = json.dumps([page_key, scope["path"], args], sort_keys=True)
    return "form-" + hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
