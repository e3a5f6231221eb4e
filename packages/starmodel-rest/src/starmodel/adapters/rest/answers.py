"""Answers: entities and outcomes as JSON, refusals as problem documents (RFC 9457)."""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from starmodel.app import Refusal, refusal_of
from starmodel.app.bodies import json_bytes
from starmodel.app.doors import shown
from starmodel.core.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.exceptions import HTTPException

    from starmodel.core.entity import Entity
    from starmodel.core.ports import Codec

__all__ = ["PROBLEM", "Json", "etag", "problem", "refused", "refused_by_http", "represented"]

logger = logging.getLogger("starmodel.rest")

PROBLEM = "application/problem+json"
_NO_STORE = {"cache-control": "no-store"}
_PHRASES = {int(status): status.phrase.capitalize() for status in HTTPStatus}
_METHOD = "There is something at this address, but it does not take this method; the header Allow says which it takes."


class Json(JSONResponse):
    """An answer in JSON that nobody keeps: whoever asks again may see something else."""

    def __init__(
        self, data: Any, status: int = 200, headers: Mapping[str, str] | None = None, media: str = "application/json"
    ) -> None:
        super().__init__(data, status, {**_NO_STORE, **(headers or {})}, media)

    def render(self, content: Any) -> bytes:
        """Return the body; a number that JSON cannot hold becomes ``null``."""
        return json_bytes(content)


def etag(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'


def represented(entity: Entity, codec: Codec, fields: Sequence[str] | None = None) -> dict[str, Any]:
    """Return the public side of *entity*, or the *fields* of it."""
    data = codec.dump(entity, public=True)
    return data if fields is None else {name: data[name] for name in fields}


def problem(refusal: Refusal, headers: Mapping[str, str] | None = None, codec: Codec | None = None) -> Json:
    """Return a refusal as a problem document; with a *codec* it has both sides of every conflict."""
    show = None if codec is None else partial(shown, codec=codec)
    return Json(refusal.to_dict(show), refusal.status, headers, PROBLEM)


def refused(error: Exception, what: str, *, status: int | None = None, codec: Codec | None = None) -> Json:
    """Return what may be told about *error*, which happened at *what*, and log it; *status* replaces its own."""
    refusal = refusal_of(error, secrets.token_hex(6))
    if refusal.status >= 500:  # the server's own fault
        logger.error("%s failed (id %s)", what, refusal.id, exc_info=error)
    else:
        logger.info("%s refused: %s (id %s)", what, refusal.code, refusal.id)
    if refusal.status == 404:  # whatever is not there looks the same, byte for byte
        refusal = replace(refusal, id="")
    headers = {"retry-after": "5"} if refusal.status == 503 else refusal.headers
    return problem(refusal if status is None else replace(refusal, status=status), headers, codec)


def refused_by_http(error: HTTPException) -> Json:
    """Return what the router refuses."""
    status, headers = error.status_code, dict(error.headers or {})
    if status == 404 and error.detail == HTTPStatus.NOT_FOUND.phrase:
        return problem(replace(refusal_of(NotFoundError("address", ""), ""), id=""), headers)
    detail = _METHOD if status == 405 else str(error.detail)
    return problem(Refusal(status, "http", _PHRASES.get(status, f"Error {status}"), detail, ""), headers)
