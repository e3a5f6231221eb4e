"""Parts that the operations of an OpenAPI document have in common."""

from __future__ import annotations

from typing import Any

from starmodel.app import refusal_of
from starmodel.app.bodies import UnsupportedMediaError
from starmodel.core.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    Problem,
    QueryError,
    RefusedError,
    StaleError,
)

__all__ = ["ID", "KEY", "MATCH", "PROBLEM", "json_body", "preview_answer", "query", "refusals", "with_etag"]

PROBLEM = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457).",
    "required": ["type", "title", "status", "detail", "id", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, and what to do."},
        "id": {"type": "string", "description": "Finds the details in the log of the server."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["loc", "message", "code"],
                "properties": {
                    "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
                    "message": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
    },
}
_WORDS = {
    "400": "The address cannot be read as a question.",
    "403": "Not allowed.",
    "404": "There is no such thing, or it is not for you to see.",
    "409": "Not possible now, or changed meanwhile.",
    "412": "Changed since the version in If-Match.",
    "415": "The body is no JSON.",
    "422": "Some values do not fit, or the Idempotency-Key was used for something else.",
    "default": "Any other refusal.",
}
_PROBLEM_ID = "5f1d7a0c93be"
_EXAMPLES: dict[str, Exception] = {
    "400": QueryError("limit='many' must be a whole number from 1 to 200"),
    "403": ForbiddenError("Todo.delete", "only the owner may"),
    "404": NotFoundError("Todo", "8b95494c1642bc42"),
    "409": RefusedError("It is done already."),
    "412": StaleError("Todo 8b95494c1642bc42", 3, 4),
    "415": UnsupportedMediaError("text/plain", "application/json"),
    "422": InvalidError([Problem(("title",), "is required", "missing")]),
}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Sent again with the same key within 24 hours, it takes effect once and gets the first answer.",
    "schema": {"type": "string", "maxLength": 200, "pattern": "^[!-~]*$"},
}
MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag of the version that was seen; 412 when what is changed here was changed since.",
    "schema": {"type": "string", "pattern": '^(\\*|"[0-9]{1,18}")$'},
}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}}


def query(name: str, text: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter of the query string."""
    return {"name": name, "in": "query", "description": text, "schema": schema}


def json_body(schema: Any, example: Any = None) -> dict[str, Any]:
    """Return the content of a body that is JSON."""
    content = {"schema": schema}
    return {"application/json": content if example is None else {**content, "example": example}}


def with_etag(text: str, schema: dict[str, Any], example: Any) -> dict[str, Any]:
    """Return an answer that says which version it is."""
    tag = {"description": "The version.", "schema": {"type": "string"}}
    return {"description": text, "headers": {"ETag": tag}, "content": json_body(schema, example)}


def preview_answer() -> dict[str, Any]:
    """Return the answer to ``dry_run`` where doing it is answered otherwise."""
    return {"description": "What would change, with dry_run.", "content": json_body({"type": "object"})}


def refusals() -> dict[str, Any]:
    """Return the answers that every operation may have: problem documents, each as it looks."""
    found = {}
    for status, text in _WORDS.items():
        content: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Problem"}}
        if status in _EXAMPLES:
            content["example"] = refusal_of(_EXAMPLES[status], _PROBLEM_ID).to_dict()
        found[status] = {"description": text, "content": {"application/problem+json": content}}
    return found
