"""The OpenAPI 3.1 document of the entities: read off the catalog and the codec, nothing is written by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from starmodel.app.doors import path_of
from starmodel.app.downloads import shown_files
from starmodel.app.uploading import upload_path
from starmodel.core.files import size_text

from .files import file_schema
from .pieces import ID, KEY, MATCH, PROBLEM, json_body, preview_answer, query, refusals, with_etag
from .questions import chosen_fields, questions
from .schemas import Schemas, example_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starmodel.app import Handler
    from starmodel.core.entity import Entity
    from starmodel.core.ports import Codec

__all__ = ["Amend", "check_document", "specification"]

Amend: TypeAlias = "Callable[[dict[str, Any], Callable[[dict[str, Any]], None]], dict[str, Any]]"
"""Returns the document as it is to be shown; what it calls with a document raises when that is none."""


def specification(
    base: dict[str, Any], codec: Codec, offered: Mapping[type[Entity], Sequence[Handler]]
) -> dict[str, Any]:
    """Return *base*, the document of a FastAPI application, with the operations of the entities in it."""
    schemas = Schemas()
    schemas.add("Problem", PROBLEM)
    paths: dict[str, Any] = {}
    tags: list[dict[str, str]] = []
    for kind, handlers in offered.items():
        if not kind.__entity_config__.get("api", True):
            continue
        said = _first_line(kind.__doc__)
        tags.append({"name": kind.__entity_name__, **({"description": said} if said else {})})
        for path, method, operation in _Operations(kind, codec, schemas).all(handlers):
            paths.setdefault(path, {})[method] = operation
    components = base.get("components", {})
    return {
        **base,
        "openapi": "3.1.0",
        "tags": [*base.get("tags", []), *tags],
        "paths": {**paths, **base.get("paths", {})},
        "components": {**components, "schemas": {**schemas.found, **components.get("schemas", {})}},
    }


def check_document(document: dict[str, Any]) -> None:
    """Raise TypeError or ValueError when *document* is none that could be shown: it lost a part, or is not JSON."""
    for name, kind in (("openapi", str), ("info", dict), ("paths", dict)):
        if not isinstance(document.get(name), kind):
            raise TypeError(f"the document has no {name!r} any more")
    json.dumps(document)


class _Operations:
    """The operations of one entity class."""

    def __init__(self, kind: type[Entity], codec: Codec, schemas: Schemas) -> None:
        self._kind, self._codec, self._schemas = kind, codec, schemas
        self._name = kind.__entity_name__
        self._path = f"/{self._name.lower()}"
        schema = codec.schema(kind)
        self._whole = schemas.add(self._name, _all_there(schema))
        self._properties = schemas.properties(self._name)

    def all(self, handlers: Sequence[Handler]) -> list[tuple[str, str, dict[str, Any]]]:
        """Return path, method and operation of everything that can be done."""
        member = f"{self._path}/{{id}}"
        found = [(self._path, "get", self._list()), (member, "get", self._show())]
        for handler in handlers:
            name, of_class = handler.event.name, handler.event.of_class
            if name == "create" and of_class:
                found.append((self._path, "post", self._create(handler)))
            elif name == "update" and not of_class:
                found.append((member, "patch", self._update(handler)))
            elif name == "delete" and not of_class:
                found.append((member, "delete", self._delete(handler)))
            else:
                method = handler.event.options.method
                found.append((path_of(handler), method, self._event(handler)))
            found += [(upload_path(path_of(handler), one), "post", self._upload(handler, one)) for one in handler.files]
        found += [(f"{member}/files/{field}", "get", self._file(field)) for field in shown_files(self._kind)]
        return found

    def _upload(self, handler: Handler, field: str) -> dict[str, Any]:
        known = file_schema(handler, field)
        said = f"Send the file for {field} of {handler.event.name}, and name it there by the reference in the answer"
        answer = {"201": {"description": "It is kept for an hour.", "content": json_body(known["answer"])}}
        answer["413"] = {"description": f"It is larger than {size_text(handler.files[field].max_bytes)}."}
        own = [] if handler.event.of_class else [ID]
        operation = self._operation(f"{handler.event.name}_{field}_file", said, [*own, known["name"]], answer)
        return {**operation, "requestBody": {"required": True, "content": known["content"]}}

    def _file(self, field: str) -> dict[str, Any]:
        whole = {"description": "The file.", "content": {"*/*": {"schema": {}}}}
        answers = {"200": whole, "206": {**whole, "description": "The part in Range."}}
        answers |= {"304": {"description": "It is the one in If-None-Match."}, "416": {"description": "No such part."}}
        return self._operation(f"{field}_file", f"The file in {field}", [ID], answers)

    def _operation(self, name: str, summary: str, parameters: list[Any], responses: dict[str, Any]) -> dict[str, Any]:
        return {
            "tags": [self._name],
            "operationId": f"{self._name}_{name}",
            "summary": summary,
            "parameters": parameters,
            "responses": {**responses, **refusals()},
        }

    def _list(self) -> dict[str, Any]:
        items = {"type": "array", "items": self._selected()}
        body = {
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": items,
                "next": {"type": ["string", "null"], "description": "The cursor of the next page: send it as after."},
                "count": {"type": "integer", "description": "How many there are, with count=true; counted to 1,000."},
                "count_is_capped": {"type": "boolean"},
            },
        }
        example = {"items": [self._schemas.example(self._name)], "next": None}
        feed = {"schema": {"type": "string"}, "example": 'id: 1f-7\nevent: update\ndata: {"id": "…"}\n\n'}
        answer = {
            "description": "One page; or, for Accept: text/event-stream, the feed of what changes in the list.",
            "headers": {"Link": {"description": "rel=next: the next page.", "schema": {"type": "string"}}},
            "content": {"application/json": {"schema": body, "example": example}, "text/event-stream": feed},
        }
        return self._operation("list", f"List {self._name}", questions(self._kind, self._properties), {"200": answer})

    def _selected(self) -> dict[str, Any]:
        some = {"type": "object", "properties": self._properties, "additionalProperties": False}
        return {"anyOf": [self._whole, {**some, "description": "The fields that were asked for."}]}

    def _show(self) -> dict[str, Any]:
        known = {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}}
        example = self._schemas.example(self._name)
        answers = {"200": with_etag("It, as it is now.", self._selected(), example)}
        answers["304"] = {"description": "It is at the version in If-None-Match."}
        return self._operation("show", f"Show one {self._name}", [ID, chosen_fields(self._properties), known], answers)

    def _create(self, handler: Handler) -> dict[str, Any]:
        example = self._schemas.example(self._name)
        made = with_etag("It was made.", {"anyOf": [self._whole, {"type": "object"}]}, example)
        made["headers"]["Location"] = {"description": "Its address.", "schema": {"type": "string"}}
        return self._command(handler, [], {"201": made, "200": preview_answer()})

    def _update(self, handler: Handler) -> dict[str, Any]:
        example = self._schemas.example(self._name)
        changed = with_etag("It, as it is now; or with dry_run what would change.", {"type": "object"}, example)
        return self._command(
            handler, [ID, MATCH], {"200": changed, "204": {"description": "Done, and not for you to see."}}
        )

    def _delete(self, handler: Handler) -> dict[str, Any]:
        gone = {
            "204": {"description": "It was deleted."},
            "200": preview_answer(),
            "410": {"description": "Gone."},
        }
        return self._command(handler, [ID, MATCH], gone)

    def _event(self, handler: Handler) -> dict[str, Any]:
        own = [] if handler.event.of_class else [ID]
        outcome = {
            "type": "object",
            "properties": {
                "command": {"type": "string"},
                "replayed": {"type": "boolean"},
                "id": {"type": ["string", "null"]},
                "version": {"type": ["integer", "null"]},
                "entity": {"anyOf": [self._whole, {"type": "null"}]},
                "returned": {},
            },
        }
        done = {"description": "It was done; or with dry_run what would change.", "content": json_body(outcome)}
        if handler.reads_only:
            schema = self._arguments(handler)
            required = self._schemas.found[schema["$ref"].rpartition("/")[2]].get("required", [])
            name = schema["$ref"].rpartition("/")[2]
            asked = [
                {**query(one, inner.get("description", ""), inner), "required": one in required}
                for one, inner in self._schemas.properties(name).items()
            ]
            return self._operation(handler.event.name, _said(handler), [*own, *asked], {"200": done})
        return self._command(handler, own if handler.event.of_class else [*own, MATCH], {"200": done})

    def _command(self, handler: Handler, parameters: list[Any], responses: dict[str, Any]) -> dict[str, Any]:
        dry = query("dry_run", "Only say what would change.", {"type": "boolean"})
        operation = self._operation(handler.event.name, _said(handler), [*parameters, KEY, dry], responses)
        schema = self._arguments(handler)
        if handler.parameters:
            name = schema["$ref"].rpartition("/")[2]
            example = example_of({"allOf": [schema]}, self._schemas.found)
            must = bool(self._schemas.found[name].get("required"))
            operation["requestBody"] = {"required": must, "content": json_body(schema, example)}
        return operation

    def _arguments(self, handler: Handler) -> dict[str, Any]:
        name = f"{self._name}.{handler.event.name}"
        return self._schemas.add(name, self._codec.arguments_schema(name, handler.parameters))


def _all_there(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an answer: every public field is in it, whatever has a default when it is made."""
    if "properties" not in schema:
        return schema
    return {**schema, "required": list(schema["properties"])}


def _said(handler: Handler) -> str:
    return _first_line(handler.event.fn.__doc__) or f"{handler.event.name} of {handler.kind.__entity_name__}"


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]
